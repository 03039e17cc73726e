"""One live stream: where it is on its plan, and what can be seen of it."""

from dataclasses import dataclass, field
from typing import Any, Literal

from pipeline.simulator.content import PlannedHighlight, Step, StreamPlan, Submission

Status = Literal["pending", "processing", "completed", "error", "cancelled"]


@dataclass(slots=True, eq=False)
class Shown:
    """A highlight that has appeared."""

    stream: "Stream"
    planned: PlannedHighlight
    made_at: float
    revision: int = 1
    removed: bool = False
    metadata: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Stream:
    """A stream that was accepted.

    Attributes:
        key: short hash of the API key that submitted it.
        created_at, started_at, ended_at, updated_at: unix seconds; `started_at` may lie ahead.
        compression: content seconds that pass in one real second.
        batch_id: the batch it is a video of; such streams take no slot.
        cursor: index of the next step of the plan; -1 is the start of processing.
        made: how many highlights of the plan have appeared.
        shown: what can be seen now, in order of appearance.
    """

    plan: StreamPlan
    submission: Submission
    account: str
    key: str
    ordinal: int
    created_at: float
    started_at: float
    compression: float
    batch_id: str | None = None
    status: Status = "pending"
    updated_at: float = 0.0
    ended_at: float | None = None
    deleted: bool = False
    cursor: int = -1
    made: int = 0
    early: int = 0
    shown: list[Shown] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The id, "str_...", that the API shows."""
        return self.plan.id

    @property
    def live(self) -> bool:
        """Whether it is pending or processing."""
        return self.ended_at is None

    def due_at(self) -> float:
        """Return when the next step happens, in unix seconds."""
        if self.cursor < 0:
            return self.started_at
        return self.started_at + self.plan.steps[self.cursor].at / self.compression

    def processed(self, now: float) -> float:
        """Return how many content seconds are processed."""
        end = now if self.ended_at is None else self.ended_at
        return min(max(0.0, (end - self.started_at) * self.compression), self.plan.ends_at)

    def final(self) -> list[tuple[PlannedHighlight, int]]:
        """Return the highlights that will be visible at the end, each with its last revision.

        Of an ended stream this is what is visible; of a live one, what its plan says.
        """
        entries = {entry.planned.id: entry.revision for entry in self.shown}
        if not self.live:
            return [(entry.planned, entry.revision) for entry in self.shown]
        to_come: tuple[Step, ...] = self.plan.steps[max(self.cursor, 0) :]
        revised = {step.index for step in to_come if step.kind == "revised"}
        gone = {step.index for step in to_come if step.kind == "removed"}
        return [
            (item, entries.get(item.id, 1) + (index in revised))
            for index, item in enumerate(self.plan.highlights)
            if index not in gone and (index >= self.made or item.id in entries)
        ]
