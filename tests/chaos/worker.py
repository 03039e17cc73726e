"""The worker under test: the product's own worker, with shorter waits, and faults inside it on demand.

What the faults are is in ``tests.chaos.inside``; without a ``CHAOS_`` variable there are none.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from dataclasses import replace

import uvloop
from prometheus_client import CollectorRegistry

from agents.composition import policy_of
from agents.domain import HighlightDomain
from agents.profile_setup import profiles_of
from pipeline.settings import Settings
from pipeline.streaming.partitioner import partition_of
from pipeline.telemetry.logs import configure
from pipeline.worker.exit_codes import ExitCode, Unrecoverable
from pipeline.worker.worker import Worker
from tests.chaos.inside import Faults


def domain_of(settings: Settings) -> HighlightDomain:
    """The product's decisions with compressed time: a submission in doubt is looked for after seconds."""
    policy = replace(
        policy_of(settings),
        submit_window_s=3.0,
        doubt_wait_s=3.0,
        locate_pause_s=0.5,
        sweep_pause_s=0.3,
        backoff_min_s=0.3,
        backoff_max_s=3.0,
    )
    return HighlightDomain(
        policy,
        profiles=profiles_of(settings),
        topic_prefix=settings.topics.prefix,
        place=partition_of(settings.topics.partitions),
    )


async def run(settings: Settings, faults: Faults) -> ExitCode:
    """Run until told to stop, as ``pipeline.worker.worker.run`` does."""
    worker = Worker(settings, faults.around(domain_of(settings)), CollectorRegistry())
    faults.into(worker)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, worker.end)
    return await worker.run()


def main() -> int:
    """Run a worker with the settings of the environment; return its exit code."""
    environment = dict(os.environ)
    faults = Faults.of(environment)
    settings = Settings.load(environ=environment)
    configure(settings)
    try:
        return int(uvloop.run(run(settings, faults)))
    except Unrecoverable as error:
        sys.stderr.write(f"{error.reason}\n")
        return int(error.exit_code)


if __name__ == "__main__":
    sys.exit(main())
