"""API keys: who calls, with which scopes and plan; creation, revocation, and signed requests.

Keys are kept as hashes only.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from pipeline.simulator.answers import ApiError
from pipeline.simulator.draw import digest
from pipeline.simulator.scenario import ALL_SCOPES, AuthSection, Plan, Scenario

OPEN_ACCOUNT = "acc_main"


def key_hash(key: bytes) -> str:
    """Return the short hash that stands for a key in the truth log."""
    return hashlib.sha256(key).hexdigest()[:12]


@dataclass(slots=True)
class ApiKey:
    """A key that was given out.

    Attributes:
        hash: short hash of the key, also how it is found.
        revoked: refused with 401 since.
    """

    id: str
    hash: str
    account: str
    plan: Plan
    scopes: frozenset[str]
    name: str
    created_at: float
    revoked: bool = False


class KeyRing:
    """All keys. Without keys in the scenario each non-empty key is taken on at its first use."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self._seed = seed
        self._default_plan = scenario.limits.default_plan
        self._open = not scenario.keys
        self._keys: dict[str, ApiKey] = {}
        self._created = 0
        for entry in scenario.keys:
            secret = entry.key.get_secret_value().encode()
            self._add(key_hash(secret), entry.account, entry.plan, entry.scopes, "scenario", 0.0)

    def resolve(self, key: bytes, now: float) -> ApiKey:
        """Return the key object behind an X-API-Key header.

        Raises:
            ApiError: 401, the key is missing, unknown or revoked.
        """
        if not key:
            raise ApiError(401, "unauthorized", "X-API-Key is missing")
        hashed = key_hash(key)
        found = self._keys.get(hashed)
        if found is None and self._open:
            found = self._add(hashed, OPEN_ACCOUNT, self._default_plan, ALL_SCOPES, "adopted", now)
        if found is None or found.revoked:
            raise ApiError(401, "unauthorized", "the API key is not valid")
        return found

    def peek(self, hashed: str) -> ApiKey | None:
        """Return a known key by its hash, revoked or not."""
        return self._keys.get(hashed)

    def create(self, account: str, plan: Plan, scopes: Iterable[str], name: str, now: float) -> tuple[ApiKey, str]:
        """Create a key; the second value is the key itself, shown this once."""
        self._created += 1
        secret = "tldr_sk_" + digest("key", self._seed, account, self._created)
        return self._add(key_hash(secret.encode()), account, plan, scopes, name, now), secret

    def of_account(self, account: str) -> list[ApiKey]:
        """Return the keys of an account that are not revoked."""
        return [key for key in self._keys.values() if key.account == account and not key.revoked]

    def revoke(self, account: str, key_id: str) -> bool:
        """Revoke a key of the account; False if there is none with that id."""
        for key in self.of_account(account):
            if key.id == key_id:
                key.revoked = True
                return True
        return False

    def _add(
        self, hashed: str, account: str, plan: Plan, scopes: Iterable[str], name: str, created_at: float
    ) -> ApiKey:
        key = ApiKey("key_" + digest("key_id", hashed)[:16], hashed, account, plan, frozenset(scopes), name, created_at)
        self._keys[hashed] = key
        return key


class Signed(Protocol):
    """The parts of a request that are signed: `path` is below /v1 and without query, header names are lower case."""

    method: str
    path: str
    body: bytes
    headers: Mapping[bytes, bytes]


def check_signature(auth: AuthSection, call: Signed, now: float) -> None:
    """Check X-Timestamp and X-Signature, if the scenario has a signing secret.

    Args:
        auth: secret and tolerance.
        call: what was received.
        now: unix seconds.

    Raises:
        ApiError: 401, with what is wrong.
    """
    if auth.signing_secret is None:
        return
    stamp = call.headers.get(b"x-timestamp", b"")
    if not stamp.isdigit() or len(stamp) > 12:
        raise ApiError(401, "invalid_signature", "X-Timestamp is missing or no unix time")
    if abs(now - int(stamp)) > auth.tolerance_s:
        raise ApiError(401, "invalid_signature", "X-Timestamp is too far from our time")
    message = b"\n".join((call.method.encode(), call.path.encode(), stamp, call.body))
    secret = auth.signing_secret.get_secret_value().encode()
    wanted = hmac.new(secret, message, hashlib.sha256).hexdigest().encode()
    if not hmac.compare_digest(wanted, call.headers.get(b"x-signature", b"")):
        raise ApiError(401, "invalid_signature", "X-Signature does not match")
