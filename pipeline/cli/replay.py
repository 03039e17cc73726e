"""``highlights replay``: a past range of highlights under another profile or version, beside what was published."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from pipeline.cli.context import CliContext, cli_context
from pipeline.cli.errors import CommandError
from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.cli.running import quiet, run_async
from pipeline.worker.exit_codes import ExitCode

if TYPE_CHECKING:
    from pipeline.cli.replay_diff import Difference
    from pipeline.domain import ProfileDesk
    from schemas.records import Highlight, Request, Summary

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SHOWN = 20
_SCRATCH = {"retention.ms": str(7 * 86_400_000)}
_TOPIC = re.compile(r"^[a-zA-Z0-9._-]{1,249}$")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(  # noqa: PLR0913 - each option is an argument
    ctx: typer.Context,
    profile: Annotated[str, typer.Option("--profile", "-p", help="Which rules, such as gaming or gaming@2.")],
    *,
    since: Annotated[str | None, typer.Option("--since", help="Published within so long: 30m, 2h, 7d.")] = None,
    start: Annotated[datetime | None, typer.Option("--from", help="Published from then on, UTC.")] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="Published before then, UTC.")] = None,
    request_id: Annotated[
        list[str] | None, typer.Option("--request-id", help="Only this request; again for more.")
    ] = None,
    to_topic: Annotated[
        str | None,
        typer.Option("--to-topic", help="Scratch topic, made if it is not there; replay.PROFILE-VERSION by default."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; only show what would differ.")] = False,
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """Run a past range of highlights again under a profile, onto a scratch topic, and show what differs.

    The latest revision of each highlight is enriched anew, with the request as the ledger remembers it; the published
    topics are only read. Without a range it is all that is kept. What privacy replaced in a text stays replaced, since
    the original is not kept.

    [b]Examples[/b]

    $ highlights replay --profile gaming --since 2h --dry-run

    $ highlights replay --profile meetings@1 --request-id board-2026-11 --to-topic scratch.minutes
    """
    from pipeline.cli.profiles import desk_of

    out = Output(output)
    context = cli_context(ctx)
    desk = desk_of(context)
    info = desk.find(profile)
    if info is None:
        known = ", ".join(sorted({one.name for one in desk.profiles()}))
        raise CommandError(ExitCode.SETTINGS, f"no profile {profile}; there are {known}", "highlights profiles ls")
    bounds = _bounds(since, start, end)
    prefix = context.settings().topics.prefix
    topic = _scratch(to_topic or f"{prefix}replay.{info.name}-{info.version}", prefix)
    past = _read(context, desk)
    chosen = [record for record in past.latest(bounds) if not request_id or record.request_id in request_id]
    unknown = [one for one in request_id or [] if one not in {record.request_id for record in past.highlights.values()}]
    if unknown:
        problem = f"no highlights of {', '.join(unknown)} on the topic"
        raise CommandError(ExitCode.FAILED, problem, "highlights streams ls")
    again, differences, lost = _again(desk, profile, past, chosen)
    if again and not dry_run:
        _write(context, topic, again)
    _show(out, differences, again, lost, "" if dry_run or not again else topic)


def _bounds(since: str | None, start: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
    """Return from when to when: all times when nothing is said."""
    begin = datetime.fromtimestamp(0, UTC) if start is None else start.replace(tzinfo=UTC)
    if since is not None:
        found = re.fullmatch(r"(\d{1,6})([smhd])", since)
        if found is None or start is not None:
            raise CommandError(ExitCode.SETTINGS, f"--since {since}: no time such as 30m, 2h, 7d", "or use --from")
        begin = datetime.now(UTC) - timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    return begin, datetime.max.replace(tzinfo=UTC) if end is None else end.replace(tzinfo=UTC)


def _scratch(topic: str, prefix: str) -> str:
    from schemas.catalogue import load

    if not _TOPIC.fullmatch(topic):
        raise CommandError(ExitCode.SETTINGS, f"--to-topic {topic}: no name for a topic", "letters, digits, . _ -")
    if load().short_name(topic, prefix) is not None:
        raise CommandError(
            ExitCode.SETTINGS, f"{topic} is one of the pipeline's own topics", "name a scratch topic: --to-topic NAME"
        )
    return topic


class _Past:
    """What was published and is remembered."""

    def __init__(self) -> None:
        self.highlights: dict[tuple[str, str], Highlight] = {}
        self.documents: dict[str, Summary] = {}
        self.requests: dict[str, Request] = {}
        self.transcripts: dict[str, str] = {}

    def latest(self, bounds: tuple[datetime, datetime]) -> list[Highlight]:
        """The latest revision of each highlight, if it was published within the bounds."""
        return [one for one in self.highlights.values() if bounds[0] <= one.published_at < bounds[1]]


def _read(context: CliContext, desk: ProfileDesk) -> _Past:
    from rich.console import Console

    from pipeline.cli.kafka_access import reach
    from pipeline.stack.reader import open_reader
    from schemas.records import Highlight, Summary

    settings = context.settings()
    topics = ("highlights", "summaries", "ledger")
    highlights, summaries = msgspec.json.Decoder(Highlight), msgspec.json.Decoder(Summary)
    past = _Past()

    def take(short: str, record: Any) -> None:
        if record.value is None:
            return
        if short == "highlights":
            highlight = highlights.decode(record.value)
            past.highlights[highlight.request_id, highlight.highlight_id] = highlight
        elif short == "summaries":
            summary = summaries.decode(record.value)
            past.documents[summary.request_id] = summary
        elif (found := desk.remembered((record.key or b"").decode(), record.value)) is not None:
            if found.request is not None:
                past.requests[found.request_id] = found.request
            if found.transcript is not None:
                past.transcripts[found.request_id] = found.transcript

    async def run() -> None:
        connection = await reach(settings, topics, said=said)
        async with open_reader(connection, topics, prefix=settings.topics.prefix) as reader:
            for record in await reader.read_to_end():
                take(reader.short_name(record), record)

    with quiet("aiokafka") as said, Console(stderr=True).status("reading highlights, summaries and the ledger ..."):
        run_async(run())
    return past


def _again(
    desk: ProfileDesk, profile: str, past: _Past, chosen: list[Highlight]
) -> tuple[list[Highlight], list[Difference], dict[str, str]]:
    """Return the records made anew, what differs, and the requests that could not be run again with the reason."""
    from pipeline.cli import replay_diff

    by_request: dict[str, list[Highlight]] = {}
    for record in chosen:
        by_request.setdefault(record.request_id, []).append(record)
    again: list[Highlight] = []
    differences: list[Difference | None] = []
    lost: dict[str, str] = {}
    for request_id, records in by_request.items():
        asked = past.requests.get(request_id)
        if asked is None:
            lost[request_id] = "the ledger does not remember it any more"
            continue
        try:
            trial = desk.trial(profile, asked, past.transcripts.get(request_id))
        except ValueError as error:
            lost[request_id] = str(error)
            continue
        anew = [trial.again(record) for record in sorted(records, key=lambda record: record.seq)]
        again += anew
        differences += [
            replay_diff.of_highlight(before, after)
            for before, after in zip(sorted(records, key=lambda record: record.seq), anew, strict=True)
        ]
        summary = past.documents.get(request_id)
        if summary is not None and len(records) == summary.count:
            differences.append(replay_diff.of_document(request_id, summary.document, trial.document()))
    return again, [one for one in differences if one is not None], lost


def _write(context: CliContext, topic: str, records: list[Highlight]) -> None:
    from aiokafka import AIOKafkaProducer

    from pipeline.cli.kafka_access import reach
    from pipeline.kafka.admin import TopicAdmin
    from pipeline.kafka.topic_plan import NewTopic
    from schemas.catalogue import load
    from schemas.records import encode

    settings = context.settings()

    async def run() -> None:
        connection = await reach(settings, said=said)
        made = NewTopic(topic, settings.topics.partitions, settings.topics.replication_factor, _SCRATCH)
        async with TopicAdmin(connection) as admin:
            await admin.create([made])
        largest = load()["highlights"].max_message_bytes
        producer = AIOKafkaProducer(**connection.aiokafka(), enable_idempotence=True, max_request_size=largest)
        try:
            await producer.start()
            sent = [await producer.send(topic, key=one.request_id.encode(), value=encode(one)) for one in records]
            for each in sent:
                await each
        finally:
            await producer.stop()

    with quiet("aiokafka") as said:
        run_async(run())


def _show(out: Output, differences: list[Difference], again: list[Highlight], lost: dict[str, str], topic: str) -> None:
    from pipeline.cli.replay_diff import counted

    for one in differences:
        out.record(msgspec.to_builtins(one))
    if out.json:
        out.record({"highlights": len(again), "different": len(differences), "lost": lost, "topic": topic or None})
        return
    out.table(
        ["what", "how", "highlights"],
        counted(differences),
        empty="nothing differs" if again else "no highlights in this range",
    )
    for one in differences[:_SHOWN]:
        parts = [
            f"{how}: {', '.join(names)}" for how in ("added", "removed", "changed") if (names := getattr(one, how))
        ]
        out.line(f"{one.request_id} {one.highlight_id or 'document'}  {'; '.join(parts)}")
    if len(differences) > _SHOWN:
        out.line(f"and {len(differences) - _SHOWN} more: --output json has all")
    for request_id, reason in lost.items():
        out.note(f"{request_id} was not run again: {reason}")
    out.note(f"{len(again)} highlights" + (f" on {topic}" if topic else ", nothing written"))
