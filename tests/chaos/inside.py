"""Faults inside a worker under test, asked for by variables of its environment.

- ``CHAOS_FREEZE_AT=place:n``: SIGSTOP itself when it passes a crash point for the n-th time.
- ``CHAOS_TOGGLE_INTAKE=times:seconds``: hold and release the intake so often, each for so long at most.
- ``CHAOS_OBSERVATION_FAULT=kind:n``: at the n-th observation ``raise`` a fault of ours, ``cancel`` the loop, or
  ``kill`` the process, each time when the record's effects are staged and its offset is not.
- ``CHAOS_LEDGER_TIMEOUT=seconds``: deadline of each step of a ledger, shorter than an outage.
- ``CHAOS_NEXT_STATE=1``: write state records as the next version of the software would, with a field more.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import structlog

from agents.domain import HighlightDomain
from pipeline.domain import Domain, Incoming, Outcome, Rule, Stage
from pipeline.worker.worker import Worker
from tests.chaos.next_state import with_next_state

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What shall go wrong in this process. Each is a text as described above, or empty."""

    freeze_at: str = ""
    toggle_intake: str = ""
    observation_fault: str = ""
    next_state: str = ""
    ledger_timeout: str = ""

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Faults:
        """Read the variables."""
        names = ("freeze_at", "toggle_intake", "observation_fault", "next_state", "ledger_timeout")
        return cls(**{name: environ.get(f"CHAOS_{name.upper()}", "") for name in names})

    def around(self, domain: HighlightDomain) -> Domain[Any]:
        """Return the decisions with faults around them."""
        if self.observation_fault:
            kind, _, nth = self.observation_fault.partition(":")
            faulty = _faulty(domain.rules["observations"], kind, int(nth))
            domain.rules = MappingProxyType({**domain.rules, "observations": faulty})
        return with_next_state(domain) if self.next_state else domain

    def into(self, worker: Worker) -> None:
        """Put what happens beside the decisions into a worker that has not started."""
        if self.freeze_at:
            owner = worker.owner
            hook = _freezing(self.freeze_at, owner.config.crash_point)
            owner.config = replace(owner.config, crash_point=hook)
        if self.ledger_timeout:
            worker.owner.config = replace(worker.owner.config, timeout=float(self.ledger_timeout))
        if self.toggle_intake:
            times, _, seconds = self.toggle_intake.partition(":")
            worker.chaos = asyncio.get_running_loop().create_task(  # type: ignore[attr-defined]  # kept, or it is collected
                _toggle_intake(worker, int(times), float(seconds))
            )


def _freezing(where: str, next_hook: Callable[[str], None]) -> Callable[[str], None]:
    place, _, nth = where.partition(":")
    left = int(nth or 1)

    def reach(name: str) -> None:
        nonlocal left
        if name == place:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGSTOP)
        next_hook(name)

    return reach


async def _toggle_intake(worker: Worker, times: int, seconds: float) -> None:
    """Hold and release; the lengths differ by chance, the chance is that of the process."""
    luck = random.Random()
    consumer = worker.app.batch_consumer
    while consumer.generation < 0:  # noqa: ASYNC110 - a number of aiokafka's, nothing tells when it changes
        await asyncio.sleep(0.05)
    for _ in range(times):
        await asyncio.sleep(luck.uniform(0, seconds))
        consumer.hold()
        await asyncio.sleep(luck.uniform(0, seconds))
        consumer.release()
    log.info("chaos_intake_toggled", times=times)


def _faulty(rule: Rule[Any], kind: str, nth: int) -> Rule[Any]:
    left = nth

    def decide(incoming: Incoming, state: Any, stage: Stage, now: float) -> Outcome:
        nonlocal left
        left -= 1
        if left:
            return rule(incoming, state, stage, now)
        outcome = rule(incoming, state, stage, now)
        log.info("chaos_observation_fault", kind=kind, offset=incoming.offset)
        if kind == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if kind == "cancel" and (task := asyncio.current_task()) is not None:
            task.cancel()  # it strikes where the loop waits next
            return outcome
        raise RuntimeError("chaos: a fault of ours in the middle of a batch")

    return decide
