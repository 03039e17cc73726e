"""What the simulated API really did, read from its truth log."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson


@dataclass(slots=True)
class TrueHighlight:
    """A highlight as the API last showed it.

    Attributes:
        revision: counts its contents from 1.
        content: title, timestamp, confidence and so on, as of that revision.
        removed: it is not shown any more, so nobody has to have seen it.
    """

    revision: int
    content: dict[str, Any]
    removed: bool = False


@dataclass(slots=True)
class TrueStream:
    """A stream that the API accepted.

    Attributes:
        request_id: from the metadata of the submission; None when it was not ours.
        accepted_at: unix seconds.
        status: how it ended; None while it runs.
        highlights: by id, in order of appearance.
    """

    stream_id: str
    request_id: str | None
    accepted_at: float
    status: str | None = None
    deleted: bool = False
    highlights: dict[str, TrueHighlight] = field(default_factory=dict)


def read_truth(path: Path) -> dict[str, TrueStream]:
    """Return every accepted stream by id, with what it made. A line that is still being written is left out."""
    with path.open("rb") as file:
        return fold_truth(line for line in file if line.endswith(b"\n"))


def fold_truth(lines: Iterable[bytes]) -> dict[str, TrueStream]:
    """Fold truth log lines in their order. See :func:`read_truth`."""
    streams: dict[str, TrueStream] = {}
    for line in lines:
        if line.startswith((b'{"event":"request"', b'{"event":"fault')):
            continue
        event = orjson.loads(line)
        stream_id = event.get("stream_id")
        if event["event"] == "accepted":
            request_id = event["metadata"].get("request_id")
            streams[stream_id] = TrueStream(stream_id, request_id, event["time"])
        elif stream_id in streams:
            _fold(streams[stream_id], event)
    return streams


def _fold(stream: TrueStream, event: dict[str, Any]) -> None:
    match event["event"]:
        case "made" | "revised":
            stream.highlights[event["highlight_id"]] = TrueHighlight(event["revision"], event["content"])
        case "removed":
            stream.highlights[event["highlight_id"]].removed = True
        case "ended":
            stream.status = event["status"]
        case "deleted":
            stream.deleted = True
