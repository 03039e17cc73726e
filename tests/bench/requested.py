"""The requests that every system knows before a run. No I/O."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from schemas.records import Options, Request

START = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
"""When everything in the benchmark happens."""


def request_id(number: int) -> str:
    """Return the id of the n-th request, from 0."""
    return f"bench-{number:06}"


def stream_id(number: int) -> str:
    """Return the API's id of the stream of the n-th request."""
    return f"str_{number:08x}"


METADATA: dict[str, dict[str, Any]] = {
    "gaming": {"game": "valorant"},
    "education": {"course_id": "course", "topics": ["entropy"]},
    "meetings": {"attendees": ["Alice Chen", "Bob Martin"], "date": "2026-07-01T09:00:00", "timezone": "Europe/Berlin"},
}
"""What a request of a profile says about its stream."""


def requests(count: int, profile: str = "general") -> list[Request]:
    """Return the requests that are known before a run, all of one profile."""
    return [
        Request(
            request_id=request_id(number),
            tenant=f"tenant-{number % 20}",
            user_id=f"user-{number % 500}",
            source_url=f"https://www.twitch.tv/videos/{2_000_000_000 + number}",
            platform="twitch",
            profile=profile,
            metadata=METADATA.get(profile, {}),
            options=Options(analysis_quality="high"),
            requested_at=START,
        )
        for number in range(count)
    ]
