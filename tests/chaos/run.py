"""What a statement is given, and what it gives back."""

from __future__ import annotations

import contextlib
import random
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeline.kafka.embedded import EmbeddedKafka
from tests.chaos.oracle import Account
from tests.chaos.scale import Scale
from tests.chaos.scene import Scene

Figures = dict[str, Any]
"""``pass`` and what was counted. Whole numbers add up over seeds, times take the greatest."""


@dataclass
class Run:
    """One run of a statement.

    Attributes:
        name: of the statement, such as ``R1``.
        seed: decides content, times of faults and whom they hit.
        rounds: how often the fault strikes.
        kafka: a broker that runs and is shared; not to be stopped.
        folder: for everything this run leaves behind.
        short: the short form, with a smaller load.
        say: tells a person what happens.
    """

    name: str
    seed: int
    rounds: int
    kafka: EmbeddedKafka
    folder: Path
    short: bool = False
    say: Callable[[str], None] = lambda _text: None
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        """Seed the run's chance, and clear what an earlier run has left."""
        self.rng = random.Random(f"{self.name}-{self.seed}")
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.asynccontextmanager
    async def scene(
        self, scale: Scale, part: str = "", *, spare: int = 0, servers: str | None = None
    ) -> AsyncIterator[Scene]:
        """Open a scene with a topic prefix of its own; every process of it ends with the context.

        Args:
            scale: its load.
            part: tells scenes of one run apart.
            spare: workers beyond the scale's that may be started.
            servers: another broker than the run's.
        """
        name = f"{self.name.lower()}-{self.seed}{'-' + part if part else ''}"
        folder = self.folder / part if part else self.folder
        scene = Scene(servers or self.kafka.bootstrap_servers, name, scale, self.seed, folder)
        try:
            await scene.open(spare=spare)
            yield scene
        finally:
            await scene.close()

    def sized(self, full: Scale, short: Scale) -> Scale:
        """Return the load that fits the form of the run."""
        return short if self.short else full


async def verdict(scene: Scene, *, timeout: float = 120.0, **more: Any) -> Figures:
    """Wait for the end of all requests and compare; the figures every statement has.

    Args:
        scene: whose workers run still.
        timeout: seconds until everything must be settled, and then quiet.
        more: figures of the statement; ``holds`` among them must be true as well.
    """
    settle_s = await scene.until_settled(timeout)
    left = await scene.until_quiet()
    account = await scene.account()
    figures = account.figures() | {"settle_s": round(settle_s, 1)} | more
    if any(left.values()):
        figures["left"] = left
    holds = bool(more.get("holds", True))
    figures.pop("holds", None)
    return {"pass": account.holds and holds and not any(left.values()), **figures}


Statement = Callable[[Run], Awaitable[Figures]]

__all__ = ["Account", "Figures", "Run", "Scale", "Scene", "Statement", "verdict"]
