"""What POST bodies must look like; every problem of a body is reported at once, by field."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pipeline.simulator.answers import ApiError
from pipeline.simulator.content import Submission

SCHEMES = ("http", "https", "rtmp", "rtmps", "hls", "s3")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "analysis_quality": ("premium", "high", "standard", "fast"),
    "sensitivity": ("low", "medium", "high"),
}
FLAGS = ("include_chat", "include_audio", "privacy_mode", "parallel_processing")
NUMBERS: Mapping[str, tuple[float, float]] = {
    "clip_duration": (10, 120),
    "frame_interval": (0.01, 3600),
    "max_highlights": (1, 100_000),
    "max_highlights_per_video": (1, 100_000),
    "retention_days": (0, 3650),
}


def submission_of(body: Mapping[str, Any]) -> Submission:
    """Return the stream request in a body.

    Raises:
        ApiError: 422, with each wrong field.
    """
    problems: dict[str, str] = {}
    if not is_url(body.get("source_url")):
        problems["source_url"] = "must be a URL with a host"
    platform = body.get("platform", "custom")
    if not isinstance(platform, str) or not platform:
        problems["platform"] = "must be a name"
    metadata = body.get("metadata")
    if metadata is not None and not isinstance(metadata, dict):
        problems["metadata"] = "must be an object"
    options = checked_options(body.get("options"), problems)
    refuse(problems)
    return Submission(body["source_url"], platform, options, metadata or {})


def checked_options(options: Any, problems: dict[str, str]) -> dict[str, Any]:
    """Return the options, and add what is wrong with them to `problems`. Unknown options pass."""
    if options is None:
        return {}
    if not isinstance(options, dict):
        problems["options"] = "must be an object"
        return {}
    for name, choices in CHOICES.items():
        if name in options and options[name] not in choices:
            problems[f"options.{name}"] = "must be one of " + ", ".join(choices)
    for name in FLAGS:
        if name in options and not isinstance(options[name], bool):
            problems[f"options.{name}"] = "must be true or false"
    for name, (low, high) in NUMBERS.items():
        if name in options and not _between(options[name], low, high):
            problems[f"options.{name}"] = f"must be a number from {low} to {high}"
    if "webhook_url" in options and not is_url(options["webhook_url"]):
        problems["options.webhook_url"] = "must be a URL with a host"
    tags = options.get("custom_tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        problems["options.custom_tags"] = "must be a list of words"
    if not isinstance(options.get("custom_headers", {}), dict):
        problems["options.custom_headers"] = "must be an object"
    return options


def is_url(value: Any) -> bool:
    """Return whether a value is a URL that a stream could have."""
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in SCHEMES and bool(parts.hostname)


def refuse(problems: Mapping[str, str]) -> None:
    """Raise the 422 for a body with problems; nothing happens without any."""
    if problems:
        raise ApiError(422, "validation_error", "some fields are not valid", problems)


def _between(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high
