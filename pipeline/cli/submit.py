"""``highlights submit``: one request to Kafka, and with ``--wait`` all the way to its highlights."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from pipeline.cli.context import cli_context
from pipeline.cli.errors import CommandError
from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.cli.running import Interrupted, quiet, run_async
from pipeline.worker.exit_codes import ExitCode

if TYPE_CHECKING:
    from pipeline.domain import ProfileDesk
    from schemas.records import Request

_ID = "must be 1 to 200 letters, digits or . _ : @ + -, a letter or digit first"
_ALLOWED = {
    "source_url": ("URL", "must begin with http:// or https://"),
    "request_id": ("--request-id", _ID),
    "tenant": ("--tenant", _ID),
    "user_id": ("--user", _ID),
    "platform": ("--platform", "must be lower-case letters, digits, - or _, such as twitch"),
    "profile": ("--profile", "must be a name, such as general, or a name with its version, such as general@1"),
    "analysis_quality": ("--quality", "must be premium, high, standard or fast"),
    "sensitivity": ("--sensitivity", "must be low, medium or high"),
    "clip_duration": ("--clip-duration", "must be 10 to 120 seconds"),
    "custom_tags": ("--tag", "may be given 50 times at most"),
}
"""By field: the option it comes from, and what is allowed."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(submit)


def submit(  # noqa: PLR0913 - each option is an argument
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="The stream; the API must be able to reach it.")],
    *,
    tenant: Annotated[str, typer.Option("--tenant", "-t", help="Who the work is for.")] = "default",
    profile: Annotated[
        str | None, typer.Option("--profile", help="Rules that enrich the highlights; the tenant's when left out.")
    ] = None,
    platform: Annotated[
        str | None, typer.Option("--platform", help="twitch, youtube, custom ...; told by the URL when left out.")
    ] = None,
    request_id: Annotated[
        str | None, typer.Option("--request-id", "-r", help="Names the request; the same id again is the same request.")
    ] = None,
    user: Annotated[str | None, typer.Option("--user", help="The user on whose behalf.")] = None,
    quality: Annotated[
        str | None, typer.Option("--quality", help="premium, high, standard or fast; the profile's when left out.")
    ] = None,
    sensitivity: Annotated[
        str | None, typer.Option("--sensitivity", help="low, medium or high; the profile's when left out.")
    ] = None,
    clip_duration: Annotated[
        int | None, typer.Option("--clip-duration", help="Length of a clip, 10 to 120 s; the profile's when left out.")
    ] = None,
    tags: Annotated[list[str] | None, typer.Option("--tag", help="Tag for each highlight; may be repeated.")] = None,
    metadata: Annotated[
        list[str] | None, typer.Option("--metadata", help="NAME=VALUE, a text; may be repeated, comes before the file.")
    ] = None,
    metadata_file: Annotated[
        Path | None, typer.Option("--metadata-file", help="JSON object of metadata: players, attendees, topics ...")
    ] = None,
    transcript: Annotated[
        Path | None, typer.Option("--transcript", help="File of the words spoken: WebVTT, SRT or JSON.")
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow it until it is settled.")] = False,
    timeout: Annotated[float, typer.Option("--timeout", min=0.0, help="Seconds that --wait waits at most.")] = 3600.0,
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """Write a request to Kafka. With --wait, follow it: exit code 0 once it is settled as completed.

    A minute without an answer of Kafka ends the waiting with exit code 3; the request stays written.

    [b]Examples[/b]

    $ highlights submit https://www.twitch.tv/videos/2291004411 --tenant acme --wait

    $ highlights submit https://youtu.be/abc --quality premium --request-id match-17 --output json

    $ highlights submit https://youtu.be/abc --profile meetings --metadata-file board.json --transcript board.vtt
    """
    from pipeline.cli.following import follow_request
    from pipeline.cli.kafka_access import reach
    from pipeline.cli.profiles import desk_of
    from pipeline.stack.requests import write_requests

    out = Output(output)
    options = {
        "analysis_quality": quality,
        "sensitivity": sensitivity,
        "clip_duration": clip_duration,
        "custom_tags": tags,
    }
    says = _said(
        request_id=f"cli-{uuid4().hex[:12]}" if request_id is None else request_id,  # "" is a variable that is not set
        tenant=tenant,
        user_id=user,
        source_url=url,
        platform=platform_of(url) if platform is None else platform,
        profile=profile,
        options=_said(**options) or None,
        metadata=_metadata(metadata_file, transcript, metadata or []) or None,
    )
    request = checked_request(**says)
    _check_size(request, says)
    context = cli_context(ctx)
    settings = context.settings()
    likely = profile or settings.profiles.profile_by_tenant().get(tenant) or request.profile
    _check_profile(desk_of(context), likely, request, transcript, out)

    goes_on: list[str] = []

    async def run() -> bool:
        needed = ["requests", "streams", "highlights", "dead-letters"] if wait else ["requests"]
        connection = await reach(settings, needed, said=said)
        if wait:
            goes_on.append(f"once written, the request goes on: highlights streams show {request.request_id}")
            return await follow_request(connection, settings.topics.prefix, request, out, timeout, says=says)
        (place,) = await write_requests(connection, [request], prefix=settings.topics.prefix, says=says)
        out.line(f"{request.request_id} is on {place.topic}, partition {place.partition}, offset {place.offset}")
        out.line(f"follow it: highlights watch --request {request.request_id}")
        out.line(f"where it stands: highlights streams show {request.request_id}")
        where = {"topic": place.topic, "partition": place.partition, "offset": place.offset}
        out.record({"request_id": request.request_id, **where})
        return True

    with quiet("aiokafka") as said:
        try:
            ok = run_async(run())
        except Interrupted:
            raise Interrupted(*goes_on) from None
    raise typer.Exit(int(ExitCode.OK if ok else ExitCode.FAILED))


def _said(**fields: Any) -> dict[str, Any]:
    """Return the fields that were given: what is left out stays out, for the tenant and the profile to decide."""
    return {name: value for name, value in fields.items() if value is not None}


def checked_request(**fields: Any) -> Any:
    """Build a request and check it like one that comes from Kafka.

    Raises:
        CommandError: values are not allowed; the text names every option that has one.
    """
    import orjson

    from pipeline.stack.requests import RequestFileError, parse_requests

    problems = _problems(fields)
    try:
        (request,) = parse_requests(orjson.dumps(fields), "request")
    except RequestFileError as error:
        if not problems:
            problems = [error.problems[0].removeprefix("line 1: ")]
        text = problems[0] if len(problems) == 1 else "\n".join(["not a request:", *(f"  {one}" for one in problems)])
        raise CommandError(ExitCode.SETTINGS, text, "highlights submit --help") from error
    return request


def _problems(given: dict[str, Any]) -> list[str]:
    """Say of each value that its field does not take which option it came from and what is allowed there."""
    import msgspec

    from schemas.records import Request
    from schemas.records.request import Options

    values: list[tuple[Any, str, Any]] = [(Request, name, value) for name, value in given.items() if name != "options"]
    values += [(Options, name, value) for name, value in given.get("options", {}).items()]
    problems = []
    for record, name, value in values:
        kind = next(field.type for field in msgspec.structs.fields(record) if field.name == name)
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            option, allowed = _ALLOWED.get(name, (name, str(error)))
            shown = "" if name == "source_url" else f" {value!r}"  # a URL may hold a signature
            problems.append(f"{option}{shown} {allowed}")
    return problems


def platform_of(url: str) -> str:
    """Tell the platform by the host of a URL."""
    from urllib.parse import urlsplit

    host = (urlsplit(url).hostname or "").removeprefix("www.").removeprefix("m.")
    known = {"twitch.tv": "twitch", "youtube.com": "youtube", "youtu.be": "youtube"}
    return known.get(host, "custom")


def _metadata(file: Path | None, transcript: Path | None, pairs: list[str]) -> dict[str, Any]:
    """Join the metadata of a file, of a transcript's file and of the command line; what comes later wins."""
    import msgspec

    found: dict[str, Any] = {}
    if file is not None:
        try:
            found = msgspec.json.decode(_text(file, "--metadata-file"), type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError) as error:
            problem = f"--metadata-file {file} holds no JSON object: {error}"
            raise CommandError(ExitCode.SETTINGS, problem, 'write one, such as {"title": "Board"}') from error
    if transcript is not None:
        found["transcript"] = _text(transcript, "--transcript")
    return found | _pairs(pairs)


def _text(file: Path, option: str) -> str:
    try:
        return file.read_text("utf-8-sig")
    except OSError as error:
        problem = f"{option} {file} cannot be read: {error.strerror}"
        raise CommandError(ExitCode.SETTINGS, problem, "name another file") from error
    except UnicodeDecodeError as error:
        raise CommandError(ExitCode.SETTINGS, f"{option} {file} is not UTF-8", "save it as UTF-8") from error


def _check_size(request: Request, says: Mapping[str, Any]) -> None:
    """Say before anything is written that a request is larger than workers take.

    Raises:
        CommandError: it is; the text names the way out.
    """
    from pipeline.stack.requests import record_of
    from schemas.records.request import MAX_REQUEST_BYTES, request_bytes

    size = request_bytes(*record_of(request, datetime.now(UTC), says))
    if size <= MAX_REQUEST_BYTES:
        return
    problem = f"the request has {size} bytes, and may have {MAX_REQUEST_BYTES} with its headers"
    link = "link the transcript in place of carrying it: --metadata transcript_url=URL"
    smaller = "make its metadata smaller: --metadata-file"
    raise CommandError(ExitCode.SETTINGS, problem, link if "transcript" in request.metadata else smaller)


def _check_profile(desk: ProfileDesk, profile: str, request: Request, transcript: Path | None, out: Output) -> None:
    """Say before anything is written what would make the request a dead letter, or is not what the profile reads.

    Raises:
        CommandError: the profile cannot use the metadata, or a worker would refuse a URL; the text names the field.
    """
    from pipeline.cli.profiles import warn_of_metadata

    try:
        desk.trial(profile, request)
        warn_of_metadata(desk, profile, request, out)
    except LookupError as error:
        out.note(f"{error.args[0]}. Unless the workers have it, the request becomes a dead letter")
    except ValueError as error:
        raise _unusable(error, profile, transcript) from error
    try:
        desk.screen(profile, request)
    except ValueError as error:
        fix = "send a public http or https URL; hosts of your own network: TLDR_ALLOWED_HOSTS, as the workers have it"
        raise CommandError(ExitCode.SETTINGS, f"workers would refuse the URL: {error}", fix) from error
    if transcript is not None:
        _warn_of_transcript(desk, profile, out)


def _unusable(error: ValueError, profile: str, transcript: Path | None) -> CommandError:
    field = "metadata.transcript"
    if transcript is not None and str(error).startswith(field):
        problem = f"--transcript {transcript}{str(error).removeprefix(field)}"
        return CommandError(ExitCode.SETTINGS, problem, "name a file in WebVTT, SRT or JSON: docs/profiles.md")
    fix = "see docs/profiles.md; lists and objects need --metadata-file"
    return CommandError(ExitCode.SETTINGS, f"{error} (profile {profile})", fix)


def _warn_of_transcript(desk: ProfileDesk, profile: str, out: Output) -> None:
    info = desk.find(profile)
    if info is not None and "transcript" not in info.metadata:
        readers = ", ".join(one.name for one in desk.profiles() if "transcript" in one.metadata)
        out.note(f"--transcript: {info.label} names no transcript among what it reads; --profile takes {readers}")


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise CommandError(ExitCode.SETTINGS, f"--metadata {text!r} is not NAME=VALUE", "highlights submit --help")
        pairs[name] = value
    return pairs
