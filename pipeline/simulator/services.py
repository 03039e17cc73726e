"""Everything a request may need, built once per run."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from pipeline.simulator.accounts import Accounts
from pipeline.simulator.batches import BatchDesk
from pipeline.simulator.clock import Clock, Sleep
from pipeline.simulator.draw import dice
from pipeline.simulator.faults import FaultSet
from pipeline.simulator.keys import KeyRing
from pipeline.simulator.limits import HourlyBudget
from pipeline.simulator.scenario import FaultSpec, Scenario
from pipeline.simulator.subscriptions import Subscriptions
from pipeline.simulator.truth import TruthLog
from pipeline.simulator.world import World


@dataclass(slots=True)
class Services:
    """The parts of a running simulator.

    Attributes:
        statuses: answers by HTTP status; "none" counts requests that got no answer.
        reads: counts pages and objects read, so that each read can sign media URLs anew.
        stopping: set when the process is to end; hung requests let go.
    """

    scenario: Scenario
    seed: int
    clock: Clock
    sleep: Sleep
    truth: TruthLog
    world: World
    keys: KeyRing
    budget: HourlyBudget
    faults: FaultSet
    batches: BatchDesk
    subscriptions: Subscriptions
    accounts: Accounts
    started_at: float
    statuses: Counter[str] = field(default_factory=Counter)
    reads: int = 0
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def pause(self, seconds: float) -> None:
        """Wait for so many seconds, or until the simulator is told to end."""
        waits = [asyncio.ensure_future(self.sleep(seconds)), asyncio.ensure_future(self.stopping.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    def install_faults(self, specs: tuple[FaultSpec, ...]) -> None:
        """Replace the faults in force; their time windows start now."""
        self.faults = FaultSet(specs, self.seed, self.clock())


def build_services(scenario: Scenario, seed: int, truth: TruthLog, clock: Clock, sleep: Sleep) -> Services:
    """Build the parts of a simulator and tie them together."""
    world = World(scenario, seed, truth.write)
    return Services(
        scenario=scenario,
        seed=seed,
        clock=clock,
        sleep=sleep,
        truth=truth,
        world=world,
        keys=KeyRing(scenario, seed),
        budget=HourlyBudget(scenario.limits.hour_seconds, scenario.limits.window),
        faults=FaultSet(scenario.faults, seed, clock()),
        batches=BatchDesk(world, seed),
        subscriptions=Subscriptions(seed),
        accounts=Accounts(seed),
        started_at=clock(),
        reads=dice("reads", seed).randrange(1_000_000),
    )
