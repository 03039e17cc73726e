"""``highlights dlq``: records that could not be accepted, and why. Their bytes may be anything: none is shown raw."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from pipeline.cli.context import CliContext, cli_context
from pipeline.cli.errors import CommandError
from pipeline.cli.output import Output, OutputMode, OutputOption, printable
from pipeline.cli.places import check_writable
from pipeline.cli.running import quiet, run_async
from pipeline.cli.words import check_word
from pipeline.worker.exit_codes import ExitCode

_SHOWN_BYTES = 2_000
_ORIGIN = ("topic", "partition", "offset")
"""Where the record stood before it became a dead letter."""

_OURS = ("__connect.errors.", "tldr-error-")


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Dead letters: records that could not be accepted.", no_args_is_help=True)
    group.command("ls")(ls)
    group.command("show")(show)
    app.add_typer(group, name="dlq")


def ls(
    ctx: typer.Context,
    code: Annotated[str | None, typer.Option("--code", "-c", help="Only this error class, such as invalid.")] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="The newest so many.")] = 50,
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """List dead letters, the newest last.

    [b]Example[/b]

    $ highlights dlq ls --code invalid
    """
    from schemas.records import ErrorCode

    check_word("--code", code, get_args(ErrorCode))
    letters = sorted(read_letters(cli_context(ctx)), key=lambda record: record.timestamp)
    rows = []
    for record in letters:
        fields = error_fields(record.headers)
        if code in {None, fields.get("code")}:
            origin = f"{fields.get('topic', '?')}/{fields.get('partition', '?')}/{fields.get('offset', '?')}"
            key = printable(record.key, 60) if record.key is not None else None
            when = datetime.fromtimestamp(record.timestamp / 1000, UTC).isoformat(timespec="milliseconds")
            rows.append((record.partition, record.offset, when, fields.get("code"), key, origin, fields.get("message")))
    columns = ["partition", "offset", "time", "code", "key", "origin", "reason"]
    Output(output).table(columns, rows[-limit:], empty="no dead letters")


def show(
    ctx: typer.Context,
    partition: Annotated[int, typer.Option("--partition", "-p", min=0, help="Its partition on the dead-letter topic.")],
    offset: Annotated[int, typer.Option("--offset", min=0, help="Its offset there.")],
    save: Annotated[
        Path | None, typer.Option("--save", help="Write the original value to this file, byte for byte.")
    ] = None,
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """Show one dead letter: why it is one, its original headers, key and value. Unprintable bytes are escaped.

    With --output json the exact bytes are there too, in base64.

    [b]Example[/b]

    $ highlights dlq show --partition 3 --offset 0 --save record.json
    """
    out = Output(output)
    if save is not None:
        check_writable(save, "--save")
    letters = read_letters(cli_context(ctx))
    record = next((one for one in letters if (one.partition, one.offset) == (partition, offset)), None)
    if record is None:
        raise CommandError(
            ExitCode.FAILED, f"no dead letter at partition {partition}, offset {offset}", "highlights dlq ls"
        )
    fields = error_fields(record.headers)
    original = [(name, value) for name, value in record.headers if not name.startswith(_OURS)]
    value = record.value
    if save is not None:
        save.write_bytes(value or b"")
    if out.json:
        out.record(_as_record(record, fields, original))
        return
    for name, text in fields.items():
        label = f"original {name}" if name in _ORIGIN else name
        out.line(f"{label:<20}{text}")
    out.line(f"{'key':<20}{'(none)' if record.key is None else printable(record.key, 300)}")
    for name, content in original:
        out.line(f"header {printable(name.encode(), 60)}: {printable(content or b'', 300)}")
    out.line(f"value, {len(value or b'')} bytes:")
    for line in ["(null)"] if value is None else printable(value, _SHOWN_BYTES, newlines=True).split("\n"):
        out.line(line)
    if save is not None:
        out.note(f"the value is in {save}")


def _as_record(record: Any, fields: dict[str, str], original: list[tuple[str, bytes | None]]) -> dict[str, Any]:
    """Return a dead letter for programs: as text to read, with escapes, and in base64 to have the bytes."""
    numbers = {name: int(fields[name]) for name in _ORIGIN if fields.get(name, "").isdigit()}
    return {
        "error": {**fields, **numbers},
        "headers": [[name, printable(content or b"")] for name, content in original],
        "headers_base64": [[name, _base64(content)] for name, content in original],
        "key": None if record.key is None else printable(record.key),
        "key_base64": _base64(record.key),
        "value": None if record.value is None else printable(record.value),
        "value_base64": _base64(record.value),
        "bytes": len(record.value or b""),
    }


def _base64(content: bytes | None) -> str | None:
    return None if content is None else b64encode(content).decode()


def error_fields(headers: Any) -> dict[str, str]:
    """Return what the pipeline noted about a dead letter, by short name; later headers of a name win."""
    fields: dict[str, str] = {}
    for name, value in headers:
        for prefix in _OURS:
            if name.startswith(prefix):
                short = name.removeprefix(prefix).removeprefix("exception.").replace("class.name", "class")
                fields[short] = printable(value or b"", 1_000)
    return fields


def not_accepted(request_id: str, letter: Any) -> CommandError:
    """Return the error for a request that ended as a dead letter: why, and what to do about it."""
    fields = error_fields(letter.headers)
    problem = f"{request_id} was not accepted: {fields.get('code')}: {fields.get('message')}"
    where = f"highlights dlq show --partition {letter.partition} --offset {letter.offset}"
    return CommandError(ExitCode.FAILED, problem, fields.get("hint", ""), where)


def is_request(letter: Any) -> bool:
    """Whether a dead letter was a request, and not a command or an observation of the same key."""
    from schemas.catalogue import load

    return error_fields(letter.headers).get("topic", "").endswith(load()["requests"].name)


def read_letters(context: CliContext) -> list[Any]:
    """Read all dead letters there are, as Kafka records."""
    from pipeline.cli.kafka_access import reach
    from pipeline.stack.reader import open_reader

    settings = context.settings()

    async def run() -> list[Any]:
        connection = await reach(settings, ["dead-letters"], said=said)
        async with open_reader(connection, ["dead-letters"], prefix=settings.topics.prefix) as reader:
            return await reader.read_to_end()

    with quiet("aiokafka") as said:
        return run_async(run())
