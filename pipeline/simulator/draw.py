"""Chance that repeats: ids and random numbers that depend on their inputs alone."""

import hashlib
import random
from datetime import UTC, datetime


def digest(*parts: object) -> str:
    """Return 32 hex characters that depend on all parts and on where one part ends and the next begins."""
    text = "\x1f".join(str(part) for part in parts)
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def dice(*parts: object) -> random.Random:
    """Return a generator seeded by the parts; two calls with equal parts give equal sequences."""
    return random.Random(int(digest(*parts), 16))  # noqa: S311  # repeatable test data, not a secret


def rfc3339(unix_seconds: float) -> str:
    """Format unix seconds as RFC 3339 in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(unix_seconds, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
