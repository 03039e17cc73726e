"""The demo itself: put up the stack, send the requests, watch, kill a worker, settle the account."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import uuid4

import httpx
import orjson
import psutil

from pipeline.cli.demo.documents import check_documents, forget_former, show_documents
from pipeline.cli.demo.report import figures_of, show_account
from pipeline.cli.demo.state import DemoState, WorkerLife
from pipeline.cli.demo.tournaments import tournaments_ended
from pipeline.cli.demo.view import View, make_view
from pipeline.cli.errors import CommandError
from pipeline.cli.kafka_access import reach
from pipeline.cli.kept_logs import naming_kept_logs
from pipeline.cli.output import Output
from pipeline.cli.places import check_scenario, check_writable
from pipeline.domain import ProfileDesk
from pipeline.kafka.log_end import tail_of
from pipeline.settings import Settings
from pipeline.stack.account import Account, settle
from pipeline.stack.follow import Following
from pipeline.stack.local import LocalStack, StackConfig
from pipeline.stack.published import Published, read_published
from pipeline.stack.reader import Reader, open_reader
from pipeline.stack.requests import example_requests, read_requests, with_transcripts, write_requests
from pipeline.stack.topics import delete_topics
from pipeline.stack.truth import read_truth
from pipeline.worker.exit_codes import ExitCode
from schemas.records import Request

KILL_AT_SHARE = 0.2
"""The worker dies when a fifth of all highlights is published: everything runs, nothing is done."""

DOWN_S = 1.0
"""For so long the killed worker stays down."""

_LOOK_EVERY_S = 0.25


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    """The command's options."""

    workers: int = 2
    requests: Path | None = None
    profile: str | None = None
    kill: bool = True
    seed: int = 1
    scenario: str = "demo"
    json_file: Path = field(default=Path("build/demo.json"))
    timeout_s: float = 180.0


async def run_demo(options: DemoOptions, settings: Settings, desk: ProfileDesk, out: Output) -> bool:
    """Run the demo; return whether the account is clean. ``desk`` renders the documents at the end."""
    check_scenario(options.scenario)
    if settings.kafka.bootstrap_servers:
        await reach(settings)  # within seconds, and before anything is put up
    check_writable(options.json_file, "--json-file")  # now: a minute of work would end without its figures
    requests = requests_of(options)
    documents = options.json_file.parent / "documents"
    check_documents(documents, requests)
    if options.json_file.is_file():
        options.json_file.write_bytes(b"")  # figures of a former run would look like those of this one if it fails
    forget_former(documents)
    began = psutil.Process().create_time()  # what a person waits for counts from the command, imports included
    state = DemoState(
        clock=lambda: time.time() - began,
        requests=requests,
        following=Following([request.request_id for request in requests]),
    )
    view = make_view(state, out)
    stack = LocalStack(_stack_config(options, settings), say=lambda part, what: _came_up(state, view, part, what))
    async with naming_kept_logs(stack, out), _cleaned_up(stack):
        with view:
            await stack.start_services()
            async with stack.watched():
                account, published = await _run(stack, state, view, options)
        figures = figures_of(state, account)
        stack.keep_folder = not account.ok
        show_documents(out, desk, requests, published, documents)
        show_account(out, state, account, figures, options.json_file, stack.folder)
        if not account.ok:
            _show_logs(out, stack)
    _write(options.json_file, figures)
    return account.ok


async def _run(stack: LocalStack, state: DemoState, view: View, options: DemoOptions) -> tuple[Account, Published]:
    await _send(stack, state)
    try:
        async with asyncio.timeout(options.timeout_s):
            await _watch_with_kill(stack, state, view, options)
    except TimeoutError:
        view.event("timeout", f"gave up after {options.timeout_s:g} s")
    state.phase = "settling the account"
    return await _settle(stack, state, view)


def requests_of(options: DemoOptions) -> list[Request]:
    """Return the requests that are sent; lines of a file that name no profile have the one that is shown.

    Raises:
        RequestFileError: the file cannot be used.
        CommandError: none of them has the profile.
    """
    given = options.requests
    requests = read_requests(given, profile=options.profile) if given else example_requests()
    chosen = [one for one in requests if options.profile in {None, one.profile.partition("@")[0]}]
    if not chosen:
        raise CommandError(
            ExitCode.SETTINGS, f"none of the requests has the profile {options.profile}", "choose another, or all"
        )
    return chosen


def _stack_config(options: DemoOptions, settings: Settings) -> StackConfig:
    own_cluster = not settings.kafka.bootstrap_servers
    name = f"demo-{uuid4().hex[:8]}"
    return StackConfig(
        workers=options.workers,
        scenario=options.scenario,
        seed=options.seed,
        settings=settings,
        overrides={
            "topics.prefix": "" if own_cluster else f"{name}.",
            "topics.partitions": 6,
            "polling.min_s": 0.3,
            "polling.max_s": 1.0,
            "policy.in_doubt": "resubmit",
            "tournaments.every_s": 0.5,
            "policy.allowed_hosts": (*settings.policy.allowed_hosts, "127.0.0.1"),  # where transcripts are linked
            "worker.group_id": name,
            "worker.session_timeout_s": 6.0,  # how long the dead worker's partitions wait for a new owner
            "worker.heartbeat_s": 0.5,
        },
    )


def _came_up(state: DemoState, view: View, part: str, what: str) -> None:
    state.parts[part] = what
    view.event(part, what)


@asynccontextmanager
async def _cleaned_up(stack: LocalStack) -> AsyncIterator[None]:
    """End the stack, and take our topics off a cluster that is not ours."""
    async with stack:
        try:
            yield
        finally:
            if stack.started and stack.kafka is None:
                await stack.workers.stop_all()
                await delete_topics(stack.connection, stack.topics)


async def _send(stack: LocalStack, state: DemoState) -> None:
    await stack.start_workers()
    for worker in stack.workers:
        state.workers[worker.number] = WorkerLife(worker.number, worker.child.pid)
    # the requests go in while the workers still import: they wait in Kafka, as they would for any worker
    linked = with_transcripts(state.requests, stack.simulator.base_url.removesuffix("/v1"))
    await write_requests(stack.connection, linked, prefix=stack.settings.topics.prefix)
    state.phase = "starting workers"


async def _watch_with_kill(stack: LocalStack, state: DemoState, view: View, options: DemoOptions) -> None:
    async with asyncio.TaskGroup() as tasks:
        ready = tasks.create_task(_mark_ready(stack, state, view))
        expecting = tasks.create_task(_expect(stack, state))
        killing = tasks.create_task(_kill_one(stack, state, view, options)) if options.kill else None
        async with open_reader(
            stack.connection, ("highlights", "streams"), prefix=stack.settings.topics.prefix
        ) as reader:
            await _follow(reader, state, view)
        expecting.cancel()
        await tournaments_ended(stack, state.requests)
        await ready
        if killing is not None:
            await killing


async def _mark_ready(stack: LocalStack, state: DemoState, view: View) -> None:
    await stack.workers.until_ready()
    for life in state.workers.values():
        if life.status == "starting":
            life.status = "ready"
    if state.phase == "starting workers":
        state.phase = "running"
    view.event("workers", f"{len(state.workers)} ready")


async def _follow(reader: Reader, state: DemoState, view: View) -> None:
    async for records in reader.follow():
        for record in records:
            decoded = state.following.fold(reader.short_name(record), record)
            if decoded is not None:
                view.saw(decoded)
        if state.following.records and state.first_highlight_s is None:
            state.first_highlight_s = state.clock()
            view.event("first highlight", f"after {state.first_highlight_s:.1f} s")
        view.refresh()
        if state.following.finished:
            return


async def _expect(stack: LocalStack, state: DemoState) -> None:
    """Ask the simulator's back door how many highlights there will be: the length of the progress bars."""
    url = stack.simulator.base_url.removesuffix("/v1") + "/_sim/expected"
    async with httpx.AsyncClient(timeout=5.0, trust_env=False) as http:
        while len(state.expected) < len(state.requests):
            await asyncio.sleep(_LOOK_EVERY_S * 2)
            with suppress(httpx.HTTPError):
                for line in (await http.get(url)).content.splitlines():
                    stream = orjson.loads(line)
                    if stream["request_id"] is not None:
                        state.expected[stream["request_id"]] = len(stream["highlights"])


async def _kill_one(stack: LocalStack, state: DemoState, view: View, options: DemoOptions) -> None:
    while not (state.all_running and state.share >= KILL_AT_SHARE):
        if state.following.finished:
            return
        await asyncio.sleep(_LOOK_EVERY_S)
    life = state.workers[Random(options.seed).choice(sorted(state.workers))]  # noqa: S311 - repeatable by seed
    await stack.workers.kill(life.number)
    life.status = "killed"
    state.kills += 1
    view.event("kill -9", f"worker {life.number} (pid {life.pid}) with {state.published} highlights published")
    await asyncio.sleep(DOWN_S)
    await stack.workers.start(life.number)
    life.pid, life.status = stack.workers[life.number].child.pid, "back"
    view.event("restart", f"worker {life.number} (pid {life.pid})")
    await stack.workers.until_ready(life.number)
    life.status = "ready"
    view.event("recovered", f"worker {life.number} owns partitions again")


async def _settle(stack: LocalStack, state: DemoState, view: View) -> tuple[Account, Published]:
    codes = await stack.workers.stop_all()
    for life in state.workers.values():
        life.status = "stopped"
    view.event("workers", stopped_text(codes.values()))
    published = await read_published(stack.connection, prefix=stack.settings.topics.prefix)
    truth = read_truth(stack.simulator.truth_log)
    return settle(truth, published, [request.request_id for request in state.requests]), published


def stopped_text(codes: Collection[int | None]) -> str:
    """Say how the workers ended: one that was ended by a signal had not come far enough to drain anything."""
    drained = "drained and " if all(code == 0 for code in codes) else ""
    return f"{drained}stopped, exit codes {', '.join(str(code) for code in codes)}"


def _write(file: Path, figures: dict[str, object]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
    except OSError as error:
        raise CommandError(
            ExitCode.FAILED,
            f"cannot write the figures to {file}: {error.strerror}",
            "name another place: --json-file FILE",
        ) from error


def _show_logs(out: Output, stack: LocalStack) -> None:
    out.note(f"logs are kept in {stack.folder}")
    for worker in stack.workers:
        out.note(f"--- the end of {worker.child.log_file.name}")
        out.note(tail_of(worker.child.log_file))
