"""``highlights streams``: where requests stand, from the compacted topic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, get_args

import msgspec
import typer

from pipeline.cli.context import CliContext, cli_context
from pipeline.cli.dlq import is_request, not_accepted, read_letters
from pipeline.cli.errors import CommandError
from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.cli.running import quiet, run_async
from pipeline.cli.words import check_word
from pipeline.worker.exit_codes import ExitCode

if TYPE_CHECKING:
    from pipeline.stack.published import Published


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Where requests stand.", no_args_is_help=True)
    group.command("ls")(ls)
    group.command("show")(show)
    app.add_typer(group, name="streams")


def ls(
    ctx: typer.Context,
    tenant: Annotated[str | None, typer.Option("--tenant", "-t", help="Only this tenant.")] = None,
    state: Annotated[str | None, typer.Option("--state", "-s", help="Only this state, such as processing.")] = None,
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """List every request with its present state.

    [b]Example[/b]

    $ highlights streams ls --state processing
    """
    from schemas.records import StreamState

    check_word("--state", state, get_args(StreamState))
    out = Output(output)
    published = read_topics(cli_context(ctx), ["streams"])
    streams = sorted(published.streams.values(), key=lambda stream: stream.changed_at)
    chosen = [stream for stream in streams if tenant in {None, stream.tenant} and state in {None, stream.state}]
    if out.json:
        for stream in chosen:
            out.record(msgspec.to_builtins(stream))
        return
    from pipeline.cli.show import moment

    rows = [(s.request_id, s.tenant, s.state, s.outcome, s.highlights, moment(s.changed_at), s.reason) for s in chosen]
    columns = ["request", "tenant", "state", "outcome", "highlights at last change", "changed (UTC)", "reason"]
    out.table(columns, rows, empty="no request of that kind")


def show(
    ctx: typer.Context,
    request_id: Annotated[str, typer.Argument(help="The request's id.")],
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """Show one request: its state, its summary, its highlights.

    [b]Example[/b]

    $ highlights streams show spring-cup-final
    """
    out = Output(output)
    stream, summary, records = read_request(cli_context(ctx), request_id)
    highlights = {record.highlight_id: record for record in records}
    if out.json:
        out.record({"record": "stream", **msgspec.to_builtins(stream)})
        if summary is not None:
            out.record({"record": "summary", **msgspec.to_builtins(summary)})
        for highlight in highlights.values():
            out.record({"record": "highlight", **msgspec.to_builtins(highlight)})
        return
    from pipeline.cli.show import highlight_line

    for name, value in _facts(stream, summary, len(highlights)).items():
        out.line(f"{name:<12}{value}")
    for highlight in sorted(highlights.values(), key=lambda one: one.start_s):
        out.console.print(highlight_line(highlight), soft_wrap=True)


def read_request(context: CliContext, request_id: str) -> tuple[Any, Any, list[Any]]:
    """Return the latest stream and summary record of a request, and its highlight records in their order.

    Raises:
        CommandError: there is no such request; the text says what there is.
    """
    published = read_topics(context, ["streams", "summaries", "highlights"])
    stream = published.streams.get(request_id)
    if stream is None:
        raise not_found(request_id, list(published.streams), _letters(context))
    highlights = [place.record for place in published.highlights.get(request_id, [])]
    return stream, published.summaries.get(request_id), highlights


def _facts(stream: Any, summary: Any, highlights: int) -> dict[str, Any]:
    """Return what there is to say. Of the progress, the stream record knows what held when the state changed."""
    from pipeline.cli.show import moment, position

    analysed = position(stream.processed_s) + (f" of {position(stream.total_s)}" if stream.total_s else "")
    facts = {
        "request": stream.request_id,
        "tenant": stream.tenant,
        "source": stream.source_url,
        "profile": stream.profile,
        "state": f"{stream.state} ({stream.reason})" if stream.reason else stream.state,
        "accepted": moment(stream.accepted_at),
        "submitted": moment(stream.submitted_at),
        "settled": moment(stream.settled_at),
        "changed": moment(stream.changed_at),
        "stream": stream.stream_id or "-",
        "analysed": f"{analysed} at the last change",
        "highlights": highlights,
    }
    if summary is not None:
        facts["outcome"] = f"{summary.outcome} ({summary.count} highlights, {summary.counts.corrected} corrections)"
        if problem := _transcript_problem(summary.document):
            facts["transcript"] = f"not read: {problem}"
        facts["cost"] = f"{summary.cost_usd:.2f} USD"
    return facts


def _transcript_problem(document: dict[str, Any]) -> str:
    """Why the transcript that the request links was not read; empty when there is nothing to say."""
    transcript = document.get("transcript")
    return str(transcript.get("problem") or "") if isinstance(transcript, dict) else ""


def not_found(request_id: str, known: list[str], letters: list[Any]) -> CommandError:
    """Return the error for a request that has no stream record: it may have ended as a dead letter."""
    from pipeline.settings.problems import did_you_mean

    with_its_key = [letter for letter in letters if letter.key == request_id.encode()]
    if with_its_key:
        return not_accepted(request_id, max(with_its_key, key=lambda letter: letter.timestamp))
    close = did_you_mean(request_id, known)
    problem = f"no request {request_id!r} on the streams topic, and no dead letter with that key"
    meant = f"did you mean {close}?" if close else "highlights streams ls"
    return CommandError(ExitCode.FAILED, problem, meant, "highlights dlq ls")


def _letters(context: CliContext) -> list[Any]:
    """Return all dead letters of requests, or none where they may not be read: they are only a further hint."""
    from aiokafka.errors import KafkaError

    try:
        letters = read_letters(context)
    except (CommandError, KafkaError):
        return []
    return [letter for letter in letters if is_request(letter)]


def read_topics(context: CliContext, topics: list[str]) -> Published:
    """Return what is on topics of ours, by their short names, from the beginning to the end.

    Raises:
        CommandError: Kafka does not let us in, or a topic is missing.
    """
    from pipeline.cli.kafka_access import reach
    from pipeline.stack.published import read_published

    settings = context.settings()

    async def run() -> Published:
        connection = await reach(settings, topics, said=said)
        return await read_published(connection, prefix=settings.topics.prefix, topics=topics)

    with quiet("aiokafka") as said:
        return run_async(run())
