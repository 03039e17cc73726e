"""Following one request from its writing to its end: what ``submit --wait`` does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from pipeline.cli.dlq import not_accepted
from pipeline.cli.errors import CommandError
from pipeline.cli.output import Output
from pipeline.cli.show import STATE_STYLES, highlight_line
from pipeline.cli.silence import GIVE_UP_AFTER_S, Silence
from pipeline.kafka.connection import KafkaConnection
from pipeline.stack.follow import FollowedRequest, Following
from pipeline.stack.reader import Reader, open_reader
from pipeline.stack.requests import write_requests
from pipeline.worker.exit_codes import ExitCode
from schemas.records import Highlight, Request, Stream


async def follow_request(
    connection: KafkaConnection,
    prefix: str,
    request: Request,
    out: Output,
    timeout: float,
    *,
    says: Mapping[str, Any] | None = None,
) -> bool:
    """Write a request and follow it until it is settled; return whether it completed. ``says``: what it names itself.

    Raises:
        CommandError: it ended as a dead letter, was not settled within ``timeout`` seconds, or Kafka went away.
    """
    following = Following([request.request_id])
    topics = ("streams", "highlights", "dead-letters")
    # the reader stands at the end of the topics before the request is written, so that nothing is missed
    async with open_reader(connection, topics, prefix=prefix, start="latest") as reader:
        await write_requests(connection, [request], prefix=prefix, says=says)
        out.line(f"{request.request_id} is on its way")
        try:
            async with asyncio.timeout(timeout):
                await follow_to_the_end(reader, following, request, out)
        except TimeoutError:
            state = following.requests[request.request_id].state
            raise CommandError(
                ExitCode.FAILED,
                f"{request.request_id} is not settled after {timeout:g} s; it is {state}",
                "is a worker running? highlights doctor",
                f"highlights streams show {request.request_id}",
            ) from None
    return _tell_end(following.requests[request.request_id], out)


async def follow_to_the_end(reader: Reader, following: Following, request: Request, out: Output) -> None:
    """Show what comes of a request until it is final.

    Raises:
        CommandError: it ended as a dead letter, or Kafka has been away for ``GIVE_UP_AFTER_S`` seconds.
    """
    followed = following.requests[request.request_id]
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[count]} highlights"),
        TimeElapsedColumn(),
    )
    silence = Silence(out.line if out.is_live else out.note)  # a note would break into the moving bar
    with Progress(*columns, console=out.console, disable=not out.is_live, transient=True) as bar:
        task = bar.add_task("sent", total=None, count=0)
        async for records in reader.follow():
            silence.note(reader.unheard_s)
            if reader.unheard_s > GIVE_UP_AFTER_S:
                raise _kafka_went_away(request, reader.unheard_s)
            for record in records:
                _take(reader.short_name(record), record, following, request, out)
            _draw(bar, task, followed)
            if followed.is_final:
                return


def _kafka_went_away(request: Request, unheard_s: float) -> CommandError:
    problem = f"Kafka does not answer since {unheard_s:.0f} s; {request.request_id} is written, and followed no longer"
    later = f"highlights streams show {request.request_id}"
    return CommandError(ExitCode.KAFKA, problem, "highlights doctor", later)


def _take(topic: str, record: Any, following: Following, request: Request, out: Output) -> None:
    if topic == "dead-letters":
        if record.key == request.request_id.encode():
            raise not_accepted(request.request_id, record)
        return
    before = following.requests[request.request_id].state
    decoded = following.fold(topic, record)
    if decoded is None:
        return
    out.record({"record": topic.removesuffix("s"), **msgspec.to_builtins(decoded)})
    if isinstance(decoded, Highlight) and not out.json:
        out.console.print(highlight_line(decoded), soft_wrap=True)
    elif isinstance(decoded, Stream) and not out.is_live and decoded.state != before:
        out.line(decoded.state)  # its reason comes with the end; until then it is for operators


def _draw(bar: Progress, task: TaskID, followed: FollowedRequest) -> None:
    style = STATE_STYLES.get(followed.state, "cyan")
    total = followed.stream.total_s if followed.stream else None
    bar.update(
        task,
        description=f"[{style}]{followed.state}[/]",
        count=len(followed.ids),
        total=total,  # unknown until the API says how long the stream is: the bar pulses
        completed=min(followed.reached_s, total) if total else None,
    )


def _tell_end(followed: FollowedRequest, out: Output) -> bool:
    stream = followed.stream
    if stream is None:
        return False
    ended = stream.outcome or stream.state
    told = f"{ended}: {stream.highlights} highlights"
    out.line(f"{told} ({stream.reason})" if stream.reason else told, style=STATE_STYLES.get(ended, ""))
    return stream.outcome == "completed"
