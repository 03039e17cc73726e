"""What ``highlights dev`` does until Ctrl-C."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import msgspec

from pipeline.cli.errors import CommandError
from pipeline.cli.kafka_access import reach
from pipeline.cli.kept_logs import naming_kept_logs
from pipeline.cli.output import Output
from pipeline.cli.show import highlight_line
from pipeline.settings import Settings
from pipeline.stack.environment import settings_environment
from pipeline.stack.errors import StackError
from pipeline.stack.follow import Following
from pipeline.stack.local import LocalStack, StackConfig
from pipeline.stack.reader import open_reader
from schemas.records import Highlight

DEV_PREFIX = "dev."
"""Put before the topics on a cluster that is set: what the simulator invents never lands on the real topics."""

EXAMPLE_URL = "https://www.twitch.tv/videos/2291004411"

_LOOK_EVERY_S = 0.5
_RESTART_AFTER_S = 1.0
_SICK_AFTER_S = 10.0
"""A worker that ends sooner than this after its start is not healed by starting it again at once."""

_MOST_QUICK_ENDS = 3


@dataclass(frozen=True, kw_only=True)
class DevOptions:
    """The command's options."""

    workers: int = 2
    persist: Path | None = None
    kill_every_s: float | None = None
    scenario: str = "demo"
    seed: int = 1
    kafka_port: int | None = None
    api_port: int = 0


async def run_dev(options: DevOptions, settings: Settings, out: Output) -> None:
    """Run a stack until cancelled.

    Raises:
        StackError, EmbeddedKafkaError: a part did not come up, or cannot be kept up.
    """
    if settings.kafka.bootstrap_servers:
        await _reach_cluster(settings)
    stack = LocalStack(stack_config(options, settings), say=lambda part, what: _say(out, part, what))
    with _saying_when_cancelled(out, "stopped"):
        async with naming_kept_logs(stack, out), stack:
            with _saying_when_cancelled(out, "stopping ..."):
                await stack.start_services()
                async with stack.watched():
                    await _run(stack, options, out)


async def _run(stack: LocalStack, options: DevOptions, out: Output) -> None:
    await stack.start_workers()
    lives = Lives()
    out.note(f"waiting for {options.workers} worker{'s' * (options.workers != 1)}")
    await stack.workers.until_ready()
    out.note("ready")
    _show_addresses(out, stack)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_show_highlights(stack, out))
        tasks.create_task(_keep_up(stack, out, lives))
        if options.kill_every_s is not None:
            random = Random(options.seed)  # noqa: S311 - repeatable
            tasks.create_task(_kill_now_and_then(stack, out, lives, options.kill_every_s, random))


async def _reach_cluster(settings: Settings) -> None:
    """Find out within seconds, before anything is put up, whether the cluster that is set lets us in."""
    try:
        await reach(settings)
    except CommandError as error:
        fix = "unset KAFKA_BOOTSTRAP_SERVERS to have dev start a broker of its own"
        raise CommandError(error.exit_code, error.problem, *error.fix, fix, details=error.details) from error


def stack_config(options: DevOptions, settings: Settings) -> StackConfig:
    """Return what dev puts up: on a cluster that is set, with topics and a group of its own."""
    overrides: dict[str, Any] = {
        "polling.min_s": 0.5,
        "polling.max_s": 2.0,
        "worker.session_timeout_s": 6.0,
        "worker.heartbeat_s": 1.0,
    }
    if settings.kafka.bootstrap_servers:
        overrides["topics.prefix"] = settings.topics.prefix + DEV_PREFIX
        overrides["worker.group_id"] = f"{settings.worker.group_id}-dev"
    return StackConfig(
        workers=options.workers,
        scenario=options.scenario,
        seed=options.seed,
        simulator_port=options.api_port,
        kafka_port=options.kafka_port,
        folder=options.persist.resolve() if options.persist else None,
        settings=settings,
        overrides=overrides,
    )


@contextmanager
def _saying_when_cancelled(out: Output, text: str) -> Iterator[None]:
    """Say something on Ctrl-C or SIGTERM: the end takes seconds, in which silence looks like a hang."""
    try:
        yield
    except asyncio.CancelledError:
        out.note(text)
        raise


def _say(out: Output, part: str, what: str) -> None:
    out.line(f"{part:<10}{what}")
    out.record({"event": "up", "part": part, "text": what})


def _show_addresses(out: Output, stack: LocalStack) -> None:
    for worker in stack.workers:
        _say(
            out, worker.child.name, f"{worker.health_url}/readyz   pid {worker.child.pid}   log {worker.child.log_file}"
        )
    _say(out, "folder", f"{stack.folder}" + ("" if stack.config.folder else " (removed at the end)"))
    if stack.kafka is None:
        prefix, group = stack.settings.topics.prefix, stack.settings.worker.group_id
        _say(out, "cluster", f"yours; topics begin with {prefix!r} and stay there, the group is {group!r}")
    environment = client_environment(stack.settings)
    out.record({"event": "ready", "folder": stack.folder, "environment": environment})
    out.line("")
    out.line("in another terminal:", style="bold")
    for name, value in environment.items():
        out.line(f"  export {name}={shlex.quote(value)}")
    command = shlex.quote(own_command())
    out.line(f"  {command} submit {EXAMPLE_URL} --tenant me --wait")
    out.line(f"  {command} watch")
    out.line("")
    out.line("Ctrl-C ends everything", style="dim")


def own_command() -> str:
    """Return what starts this program elsewhere: its name where PATH leads to it, else where it is."""
    beside = Path(sys.executable).with_name("highlights")
    found = shutil.which("highlights")
    if not beside.exists() or (found and Path(found).resolve() == beside.resolve() and sys.prefix == sys.base_prefix):
        return "highlights"  # another terminal has the same PATH, but not what an activated environment added to it
    return str(beside)


def client_environment(settings: Settings) -> dict[str, str]:
    """Return the variables with which other commands reach this stack; no secret is among them."""
    names = ("KAFKA_BOOTSTRAP_SERVERS", "TLDR_TOPIC_PREFIX", "TLDR_PARTITIONS", "TLDR_API_BASE_URL", "TLDR_API_KEY")
    rendered = settings_environment(settings)  # the key is the simulator's own: any will do
    return {name: rendered[name] for name in names if name in rendered}


async def _show_highlights(stack: LocalStack, out: Output) -> None:
    following = Following()
    topics = ("highlights", "streams")
    async with open_reader(stack.connection, topics, prefix=stack.settings.topics.prefix, start="latest") as reader:
        async for records in reader.follow():
            for record in records:
                decoded = following.fold(reader.short_name(record), record)
                if isinstance(decoded, Highlight) and not out.json:
                    out.console.print(highlight_line(decoded), soft_wrap=True)
                elif decoded is not None:
                    kind = "highlight" if isinstance(decoded, Highlight) else "stream"
                    out.record({"event": kind, **msgspec.to_builtins(decoded)})


class Lives:
    """Tells a worker that cannot live from one that ends now and then, or by our own hand.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started: dict[int, float] = {}
        self._quick_ends: Counter[int] = Counter()
        self._killed: set[int] = set()

    def started(self, number: int) -> None:
        """A worker was started."""
        self._started[number] = self._clock()

    def killed(self, number: int) -> None:
        """We end a worker ourselves: that says nothing about it."""
        self._killed.add(number)

    def is_hopeless(self, number: int) -> bool:
        """Take in that a worker has ended; tell whether starting it again makes no sense."""
        if number in self._killed:
            self._killed.remove(number)
        elif self._clock() - self._started[number] < _SICK_AFTER_S:
            self._quick_ends[number] += 1
        else:
            self._quick_ends[number] = 0
        return self._quick_ends[number] >= _MOST_QUICK_ENDS


async def _keep_up(stack: LocalStack, out: Output, lives: Lives) -> None:
    """Start workers again that ended; give up when one cannot live."""
    for worker in stack.workers:
        lives.started(worker.number)
    while True:
        await asyncio.sleep(_LOOK_EVERY_S)
        for worker in stack.workers:
            if worker.child.is_running:
                continue
            code = worker.child.exit_code()
            if lives.is_hopeless(worker.number):
                raise StackError(f"{worker.child.name} ends again and again (exit code {code})", worker.child.log_file)
            await asyncio.sleep(_RESTART_AFTER_S)
            await stack.workers.start(worker.number)
            lives.started(worker.number)
            _say(out, worker.child.name, f"had ended (exit code {code}), runs again as pid {worker.child.pid}")


async def _kill_now_and_then(stack: LocalStack, out: Output, lives: Lives, every_s: float, random: Random) -> None:
    while True:
        await asyncio.sleep(every_s)
        if running := stack.workers.running:
            victim = random.choice(running)
            _say(out, victim.child.name, f"kill -9 {victim.child.pid}")
            lives.killed(victim.number)
            await stack.workers.kill(victim.number)
