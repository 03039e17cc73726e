"""A real worker with faults on demand: it hangs on a request called ``block``, and breaks on one called ``bug``.

Its watchdog waits for a second.

python -m tests.kafka.faulty_worker
"""

from __future__ import annotations

import sys
import time
from functools import partial
from types import MappingProxyType

from agents.composition import build_domain
from agents.domain import HighlightDomain
from agents.state import PartitionState
from pipeline.domain import HighlightObserver, Incoming, Outcome, Stage
from pipeline.settings import Settings
from pipeline.telemetry import logs
from pipeline.worker.worker import run

STALL_TIMEOUT_S = 2.0


class BugError(Exception):
    """A fault of ours."""


def faulty_domain(fault: bytes, settings: Settings, observer: HighlightObserver) -> HighlightDomain:
    """The product's decisions, but for the request that has the fault's name."""
    domain = build_domain(settings, observer)
    decide = domain.rules["requests"]

    def decide_or_not(incoming: Incoming, state: PartitionState, stage: Stage, now: float) -> Outcome:
        while incoming.key == fault == b"block":
            time.sleep(0.1)  # and never lets go of the event loop
        outcome = decide(incoming, state, stage, now)
        if incoming.key == fault == b"bug":
            raise BugError("half-way through a record")
        return outcome

    domain.rules = MappingProxyType({**domain.rules, "requests": decide_or_not})
    return domain


if __name__ == "__main__":
    loaded = Settings.load()
    logs.configure(loaded)
    worker = loaded.worker.model_copy(update={"stall_timeout_s": STALL_TIMEOUT_S})  # less than settings allow
    faulty = partial(faulty_domain, sys.argv[1].encode())
    sys.exit(run(loaded.model_copy(update={"worker": worker}), faulty))
