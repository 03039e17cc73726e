"""Links that we publish: media and source URLs without credentials, and a deep link to the moment in the source."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

MomentLink = Callable[[float], str | None]
"""From seconds into the source to a link that opens it there; ``None`` for platforms we know no form of."""

_VIDEO_SITES = (
    "youtube.com",
    "youtube-nocookie.com",
    "youtu.be",
    "twitch.tv",
    "vimeo.com",
    "dailymotion.com",
    "kick.com",
)
"""Sites, with their subdomains, whose query parameters are documented well enough to know which name the video."""

_NAMES_THE_VIDEO = frozenset({"v", "t", "list", "start", "id"})


_YOUTUBE_FOLDERS = frozenset({"embed", "live", "shorts"})
_NO_VIDEOS = frozenset({"live_stream", "videoseries"})
"""What stands where a video's id would, in embedded channels and playlists."""


def without_credentials(url: str) -> str:
    """Return a URL without user and fragment, and with no query parameter but those known to name a video.

    What else a query may hold nobody can tell by its name: ``key``, ``code`` and ``pwd`` are as secret as ``token``.
    """
    if "?" not in url and "@" not in url and "#" not in url:
        return url
    plain = bare(url)
    try:
        parts = urlsplit(url)
        pairs = parse_qsl(parts.query) if _is_video_site(parts.hostname or "") else []
    except ValueError:
        scheme, _, rest = plain.partition("://")
        place, slash, path = rest.partition("/")
        return f"{scheme}://{place.rpartition('@')[2]}{slash}{path}"
    query = urlencode([(name, value) for name, value in pairs if name in _NAMES_THE_VIDEO])
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def _is_video_site(host: str) -> bool:
    return any(host == site or host.endswith(f".{site}") for site in _VIDEO_SITES)


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
        page = bare(without_credentials(source_url))
        if "/videos/" not in page:
            return _no_link
        return lambda seconds: f"{page}?t={_hms(int(seconds))}"
    if bare(source_url).lower().endswith((".mp4", ".webm", ".m4v", ".mov", ".mp3", ".ogg")):
        media = without_credentials(source_url)
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
    folder, _, video = parts.path.strip("/").partition("/")
    if folder in _YOUTUBE_FOLDERS and video and video not in _NO_VIDEOS:
        return video
    return dict(parse_qsl(parts.query)).get("v")
