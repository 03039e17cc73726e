"""Requests from a file to Kafka: checked before anything is written, each confirmed by the broker."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.structs import RecordMetadata

from pipeline.kafka.connection import KafkaConnection
from pipeline.simulator.scripts import find_script
from schemas.catalogue import load
from schemas.cloudevents import EventHeaders
from schemas.records import RecordError, Request, decode, encode

SOURCE = "/tldr-highlight/cli"
_decoder = msgspec.json.Decoder(Request)


class _Named(msgspec.Struct):
    """Whether a line names its profile itself."""

    profile: str | None = None


class RequestFileError(ValueError):
    """A file of requests cannot be used. ``problems`` names each line that is wrong, and why."""

    def __init__(self, source: str, problems: list[str]) -> None:
        self.source = source
        self.problems = problems
        super().__init__(f"{source}: " + "; ".join(problems))


def example_requests() -> list[Request]:
    """Return the 20 example requests that ship with the package (``examples/requests.jsonl`` in the checkout)."""
    text = (files("pipeline.stack") / "requests.jsonl").read_bytes()
    return parse_requests(text, "the packaged examples")


def read_requests(path: Path, *, profile: str | None = None) -> list[Request]:
    """Read a file of requests, one JSON object a line; empty lines are skipped.

    Args:
        path: the file.
        profile: of lines that name none; ``None``: the record's default.

    Raises:
        RequestFileError: it cannot be read, or a line is not a request; all problems are named at once.
    """
    try:
        return parse_requests(path.read_bytes(), str(path), profile=profile)
    except OSError as error:
        raise RequestFileError(str(path), [f"cannot be read: {error.strerror}"]) from error


def with_transcripts(requests: Iterable[Request], simulator: str | None = None) -> list[Request]:
    """Return requests with the words of the written streams that they name (``metadata.script``), as transcripts.

    Args:
        requests: whose streams may be written down.
        simulator: where the simulator serves them, to be linked; ``None``: requests carry them.
    """
    return [_with_transcript(request, simulator) for request in requests]


def _with_transcript(request: Request, simulator: str | None) -> Request:
    script = find_script(str(request.metadata.get("script", "")))
    if script is None or not script.transcript or "transcript" in request.metadata:
        return request
    carried = {"segments": script.segments()}
    linked = {"url": f"{simulator}/transcripts/{request.metadata['script']}.vtt"}
    metadata = {**request.metadata, "transcript": carried if simulator is None else linked}
    return msgspec.structs.replace(request, metadata=metadata)


def parse_requests(text: bytes, source: str, *, profile: str | None = None) -> list[Request]:
    """Parse lines of JSON. See :func:`read_requests`."""
    requests: dict[str, Request] = {}
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            request = decode(_decoder, line)
        except RecordError as error:
            problems.append(f"line {number}: {error.reason}")
            continue
        if profile is not None and msgspec.json.decode(line, type=_Named).profile is None:
            request = msgspec.structs.replace(request, profile=profile)
        if request.request_id in requests:
            problems.append(f"line {number}: request_id {request.request_id} was used before")
        requests[request.request_id] = request
    if not requests and not problems:
        problems.append("there is no request in it")
    if problems:
        raise RequestFileError(source, problems)
    return list(requests.values())


def record_of(
    request: Request, at: datetime, says: Mapping[str, Any] | None = None
) -> tuple[bytes, list[tuple[str, bytes]]]:
    """Return value and headers of a request as :func:`write_requests` writes it at that time."""
    at = request.requested_at or at
    whole = msgspec.structs.replace(request, requested_at=at)
    value = encode(whole) if says is None else msgspec.json.encode({**says, "requested_at": at})
    headers = EventHeaders(load()["requests"].name, SOURCE)
    return value, headers.make(request.request_id, at.isoformat(timespec="milliseconds"), request.request_id)


async def write_requests(
    connection: KafkaConnection,
    requests: Iterable[Request],
    *,
    prefix: str,
    says: Mapping[str, Any] | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    timeout: float = 20.0,
) -> list[RecordMetadata]:
    """Write requests to their topic; return where each one is, once all are confirmed.

    Args:
        connection: the cluster.
        requests: what to write; the key is the request id, the CloudEvents id too, so a repeat is recognised.
        prefix: before the topic's name.
        says: what the producer of the one request names itself, JSON; what it leaves out stays out of the record, so
            that the tenant's profile and the profile's options hold. ``None``: records are whole.
        now: the time that goes into ``requested_at`` where a request has none.
        timeout: seconds until the broker must have confirmed.

    Raises:
        KafkaError: the cluster refused one, or is away.
    """
    spec = load()["requests"]
    producer = AIOKafkaProducer(
        **connection.aiokafka(),
        enable_idempotence=True,
        request_timeout_ms=int(timeout * 1000),
        max_request_size=spec.max_message_bytes,
    )
    try:
        await producer.start()
        pending = []
        for request in requests:
            value, headers = record_of(request, now(), says)
            key = request.request_id.encode()
            pending.append(await producer.send(prefix + spec.name, key=key, value=value, headers=headers))
        return [await sent for sent in pending]
    finally:
        await producer.stop()
