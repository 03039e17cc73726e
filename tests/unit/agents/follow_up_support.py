"""A request whose highlight says what is to be done, and strategies that draw such things."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from agents.policy import DAY_S
from agents.profiles import General, Profiles
from schemas.records import FollowUp, ObservedStream
from tests.unit.agents.sample_profile import Sample
from tests.unit.agents.support import START, Bench, header, seen_highlight

Todo = dict[str, tuple[str, float | None]]
"""What is to be done and when it is due, by the item's id."""

TODOS = st.dictionaries(
    st.sampled_from(("a", "b", "c")),
    st.tuples(st.sampled_from(("x", "y")), st.sampled_from((None, *(START + n * DAY_S / 2 for n in range(-1, 9))))),
)


class Reminding:
    """One request, and what is told of its follow-ups."""

    def __init__(self, **policy: Any) -> None:
        self.bench = Bench(profiles=Profiles((General(), Sample())), **policy)

    def read(self, stream: ObservedStream, todo: Todo) -> None:
        """Have the next read show that this is to be done."""
        metadata = {"todo": {name: list(what) for name, what in todo.items()}}
        self.bench.read(stream, seen_highlight("h1", metadata=metadata))

    def wait(self, until: float) -> None:
        """Let time pass."""
        self.bench.wait(until)

    def restart(self) -> None:
        """Go on from what the ledger kept."""
        self.bench.state = self.bench.stage.state = self.bench.stage.restored(compacted=True)

    def told(self, kind: str = "") -> list[FollowUp]:
        """The records published, of one kind if it is named."""
        records: list[FollowUp] = self.bench.of("follow-ups")
        return [record for record in records if not kind or record.kind == kind]

    def event_ids(self) -> list[str]:
        """What consumers drop repeats by."""
        return [header(item.headers, "ce_id") for item in self.bench.stage.published if item.topic == "follow-ups"]

    def check_restore(self) -> None:
        """Live state and restored state are the same, and so is what is due."""
        for compacted in (False, True):
            restored = self.bench.stage.restored(compacted=compacted)
            assert restored.snapshot() == self.bench.state.snapshot()
            assert restored.next_due() == self.bench.state.next_due()
