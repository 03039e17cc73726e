"""Links that we publish: media and source URLs without credentials, and a deep link to the moment in the source."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

MomentLink = Callable[[float], str | None]
"""From seconds into the source to a link that opens it there; ``None`` for platforms we know no form of."""

_CREDENTIAL = re.compile(
    r"x-(amz|goog|oss|cos|ms)-.*|.*signature.*|.*token.*|.*secret.*|.*password.*|api[-_]?key|key-pair-id|policy|sig|sign"
    r"|hmac|hash|auth|auth[-_].*|authorization|expires?|se|sp|sv|sr|skoid|sktid|awsaccesskeyid|googleaccessid|jwt|session([-_]?id)?",
    re.IGNORECASE,
)


def without_signature(url: str) -> str:
    """Return a URL without user, fragment, and the query parameters that look like credentials."""
    if "?" not in url and "@" not in url and "#" not in url:
        return url
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        return url.partition("?")[0].partition("#")[0]
    kept = [(name, value) for name, value in pairs if not _CREDENTIAL.fullmatch(name)]
    query = parts.query if len(kept) == len(pairs) else urlencode(kept)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def bare(url: str) -> str:
    """Return a media URL without query and fragment."""
    return url.partition("?")[0].partition("#")[0]


def moment_link(platform: str, source_url: str) -> MomentLink:
    """Return how to link into a source: YouTube and Twitch have a parameter, other media a time fragment."""
    if platform == "youtube":
        video = _youtube_id(source_url)
        if video is None:
            return _no_link
        start = f"https://www.youtube.com/watch?v={quote(video, safe='')}&t="
        return lambda seconds: f"{start}{int(seconds)}s"
    if platform == "twitch":
        page = bare(source_url)
        if "/videos/" not in page:
            return _no_link
        return lambda seconds: f"{page}?t={_hms(int(seconds))}"
    if bare(source_url).lower().endswith((".mp4", ".webm", ".m4v", ".mov", ".mp3", ".ogg")):
        media = without_signature(source_url)
        return lambda seconds: f"{media}#t={int(seconds)}"  # source: W3C Media Fragments 1.0
    return _no_link


def _no_link(_seconds: float) -> str | None:
    return None


def _hms(seconds: int) -> str:
    return f"{seconds // 3600}h{seconds // 60 % 60}m{seconds % 60}s"


def _youtube_id(url: str) -> str | None:
    parts = urlsplit(url)
    if (parts.hostname or "").endswith("youtu.be"):
        return parts.path.strip("/") or None
    return dict(parse_qsl(parts.query)).get("v")
