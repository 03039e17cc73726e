"""A real worker whose decisions hang when a request is called ``block``, with a watchdog of a second.

python -m tests.kafka.blocking_worker
"""

from __future__ import annotations

import sys
import time
from types import MappingProxyType

from agents.composition import build_domain
from agents.domain import HighlightDomain
from agents.state import PartitionState
from pipeline.domain import HighlightObserver, Incoming, Outcome, Stage
from pipeline.settings import Settings
from pipeline.telemetry import logs
from pipeline.worker.worker import run

STALL_TIMEOUT_S = 1.0


def blocking_domain(settings: Settings, observer: HighlightObserver) -> HighlightDomain:
    """The product's decisions, but for one request that never lets go of the event loop."""
    domain = build_domain(settings, observer)
    decide = domain.rules["requests"]

    def hang(incoming: Incoming, state: PartitionState, stage: Stage, now: float) -> Outcome:
        while incoming.key == b"block":
            time.sleep(0.1)
        return decide(incoming, state, stage, now)

    domain.rules = MappingProxyType({**domain.rules, "requests": hang})
    return domain


if __name__ == "__main__":
    loaded = Settings.load()
    logs.configure(loaded)
    worker = loaded.worker.model_copy(update={"stall_timeout_s": STALL_TIMEOUT_S})  # less than settings allow
    sys.exit(run(loaded.model_copy(update={"worker": worker}), blocking_domain))
