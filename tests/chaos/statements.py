"""The table of statements: what each is called, what it says, and how often its fault strikes."""

from __future__ import annotations

from dataclasses import dataclass

from tests.chaos.broken_batches import r39
from tests.chaos.crash_points import r5
from tests.chaos.frozen_opening import r41
from tests.chaos.intake import r38
from tests.chaos.kills import r1
from tests.chaos.outages import r4
from tests.chaos.page_shift import r8
from tests.chaos.partitioners import r40
from tests.chaos.refused_batch import r36
from tests.chaos.replay import r9
from tests.chaos.revisions import r37
from tests.chaos.run import Statement
from tests.chaos.scaling import r3
from tests.chaos.two_versions import r42
from tests.chaos.webhooks import r7
from tests.chaos.zombies import r2


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One statement of the acceptance list.

    Attributes:
        says: what holds when it passes.
        run: the function.
        rounds: of the full form, over all five seeds; ``each_seed``: for each seed,
            ``first_seed``: all with the first,
            a fifth of them for each seed there is.
        short_rounds: of the short form, one seed.
        minutes: what the full form takes, over all seeds, as measured.
    """

    says: str
    run: Statement
    rounds: int
    short_rounds: int
    each_seed: bool = False
    first_seed: bool = False
    minutes: float = 1.0

    def minutes_of(self, seeds: int) -> float:
        """Return what so many seeds take."""
        whole = self.rounds * (5 if self.each_seed else 1)
        return self.minutes * sum(self.rounds_of(place, seeds) for place in range(seeds)) / whole

    def rounds_of(self, place: int, seeds: int) -> int:
        """Return the rounds of the seed at a place (from 0) out of so many; 0 when the work is done before it."""
        if self.each_seed:
            return self.rounds
        if self.first_seed:
            return -(-self.rounds * min(seeds, 5) // 5) if place == 0 else 0
        per_seed = -(-self.rounds // max(seeds, 5))
        return max(0, min(per_seed, self.rounds - per_seed * place))


STATEMENTS: dict[str, Entry] = {
    "R1": Entry(
        says="kill -9 of random workers: nothing lost, doubled or out of order",
        run=r1,
        rounds=20,
        short_rounds=2,
        each_seed=True,
        minutes=12,
    ),
    "R2": Entry(
        says="a worker frozen inside a transaction, woken after others took over: nothing doubled",
        run=r2,
        rounds=20,
        short_rounds=1,
        minutes=7.5,
    ),
    "R3": Entry(
        says="1 to 4 workers and back every 5 s: nothing lost or doubled, one poller for each stream",
        run=r3,
        rounds=18,
        short_rounds=1,
        first_seed=True,
        minutes=3.5,
    ),
    "R4": Entry(
        says="kill -9 of the broker, 10 s down: workers recover by themselves",
        run=r4,
        rounds=5,
        short_rounds=1,
        first_seed=True,
        minutes=2.5,
    ),
    "R5": Entry(
        says="death before and after each durable step: the same outcome as without",
        run=r5,
        rounds=10,
        short_rounds=1,
        minutes=10.5,
    ),
    "R7": Entry(
        says="webhooks shuffled over a minute, 30 % doubled: seq without gaps, summaries equal what was published",
        run=r7,
        rounds=1,
        short_rounds=1,
        first_seed=True,
        minutes=2,
    ),
    "R8": Entry(
        says="pages that shift while they are read: each highlight found once",
        run=r8,
        rounds=1,
        short_rounds=1,
        first_seed=True,
        minutes=0.5,
    ),
    "R9": Entry(
        says="all source topics read again with the state kept: no new submission, no new highlight",
        run=r9,
        rounds=1,
        short_rounds=1,
        first_seed=True,
        minutes=0.7,
    ),
    "R36": Entry(
        says="a batch refused by the broker: nothing of it counts, the reason is kept, the partition goes on",
        run=r36,
        rounds=20,
        short_rounds=2,
        minutes=3.5,
    ),
    "R37": Entry(
        says="death between transaction and offset commit: two revisions stay two, dead letters and commands one",
        run=r37,
        rounds=20,
        short_rounds=1,
        minutes=3,
    ),
    "R38": Entry(
        says="intake held and released under load: nothing lost",
        run=r38,
        rounds=50,
        short_rounds=10,
        minutes=1.2,
    ),
    "R39": Entry(
        says="crash and cancellation in the middle of a batch: nothing acknowledged that was not applied",
        run=r39,
        rounds=50,
        short_rounds=3,
        minutes=4,
    ),
    "R40": Entry(
        says="producers that place keys differently: one stream for each request",
        run=r40,
        rounds=1,
        short_rounds=1,
        first_seed=True,
        minutes=0.5,
    ),
    "R41": Entry(
        says="a worker frozen while it opens ledgers: a healthy owner is fenced once at most",
        run=r41,
        rounds=20,
        short_rounds=1,
        minutes=7.5,
    ),
    "R42": Entry(
        says="two state versions in one group during a rolling restart: nothing lost or doubled",
        run=r42,
        rounds=2,
        short_rounds=1,
        first_seed=True,
        minutes=1.5,
    ),
}
