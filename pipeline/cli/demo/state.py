"""What the demo knows while it runs; the view draws it, the report sums it up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pipeline.stack.follow import Following
from schemas.records import Request

Clock = Callable[[], float]


@dataclass(slots=True)
class WorkerLife:
    """One worker as the demo shows it.

    Attributes:
        status: ``starting``, ``ready``, ``killed``, ``back`` or ``stopped``.
    """

    number: int
    pid: int = 0
    status: str = "starting"


@dataclass(slots=True)
class DemoState:
    """Everything the view needs.

    Attributes:
        clock: seconds since the command was started.
        parts: what came up, by name: kafka, topics, api.
        expected: highlights that the API will make, by request id, once it has accepted the stream.
        first_highlight_s: when the first highlight could be read.
        kills: workers killed so far.
    """

    clock: Clock
    requests: list[Request]
    following: Following
    parts: dict[str, str] = field(default_factory=dict)
    workers: dict[int, WorkerLife] = field(default_factory=dict)
    expected: dict[str, int] = field(default_factory=dict)
    first_highlight_s: float | None = None
    kills: int = 0
    phase: str = "starting"

    @property
    def all_running(self) -> bool:
        """Whether the API has taken every request."""
        return all(
            r.state not in {"sent", "accepted", "queued", "submitting"} for r in self.following.requests.values()
        )

    @property
    def published(self) -> int:
        """Distinct highlights seen."""
        return sum(len(request.ids) for request in self.following.requests.values())

    @property
    def share(self) -> float:
        """Part of the expected highlights that is published, 0 to 1."""
        total = sum(self.expected.values())
        return min(1.0, self.published / total) if total else 0.0
