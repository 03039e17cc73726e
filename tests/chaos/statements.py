"""The table of statements: what each is called, what it says, and how often its fault strikes."""

from __future__ import annotations

from dataclasses import dataclass

from tests.chaos.kills import r1
from tests.chaos.run import Statement


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One statement of the acceptance list.

    Attributes:
        says: what holds when it passes.
        run: the function.
        rounds: of the full form, over all five seeds; ``each_seed``: for each seed.
        short_rounds: of the short form, one seed.
        minutes: what the full form takes, over all seeds, as measured.
    """

    says: str
    run: Statement
    rounds: int
    short_rounds: int
    each_seed: bool = False
    minutes: float = 1.0

    def rounds_of(self, place: int, seeds: int) -> int:
        """Return the rounds of the seed at a place (from 0) out of so many; 0 when the work is done before it."""
        if self.each_seed:
            return self.rounds
        per_seed = -(-self.rounds // max(seeds, 5))
        return max(0, min(per_seed, self.rounds - per_seed * place))


STATEMENTS: dict[str, Entry] = {
    "R1": Entry(
        says="kill -9 of random workers: nothing lost, doubled or out of order",
        run=r1,
        rounds=20,
        short_rounds=2,
        each_seed=True,
        minutes=10,
    ),
}
