"""Logs: one line an event, the libraries' in the same form, and no secret in any of them."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import structlog

from pipeline.settings import Settings
from pipeline.telemetry.logs import configure
from pipeline.telemetry.redaction import REDACTED

SECRET = 'hun"ter2/sécret'  # noqa: S105  # made up for the test; each form of escaping changes it


class Terminal(io.StringIO):
    """A stream that a person watches."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture(autouse=True)
def former_logging() -> Iterator[None]:
    """Leave the process's logging as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def configured(stream: io.StringIO | None = None, **environ: str) -> io.StringIO:
    """Configure logging to a stream and return the stream."""
    stream = stream or io.StringIO()
    configure(Settings.load(environ={"TLDR_API_SIGNING_SECRET": SECRET, **environ}), stream)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return the logged lines, each of which must be JSON."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_when_nobody_watches() -> None:
    """A log shipper gets event, level, logger, time in UTC, and the fields as they were given."""
    stream = configured()
    structlog.get_logger("pipeline.x").info("stream_settled", request_id="r1", duration_s=1.5)
    (line,) = lines(stream)
    moment = datetime.fromisoformat(line.pop("timestamp"))
    assert moment.utcoffset() == timedelta(0)
    expected = {
        "event": "stream_settled",
        "level": "info",
        "logger": "pipeline.x",
        "request_id": "r1",
        "duration_s": 1.5,
    }
    assert line == expected


def test_a_line_is_for_people_on_a_terminal() -> None:
    """Who runs a worker by hand reads lines, not JSON; a setting decides otherwise."""
    stream = configured(Terminal())
    structlog.get_logger().info("stream_settled")
    assert not stream.getvalue().startswith("{")
    stream = configured(Terminal(), TLDR_LOG_FORMAT="json")
    structlog.get_logger().info("stream_settled")
    assert lines(stream)


def test_libraries_log_in_the_same_form() -> None:
    """A line of Faust or aiokafka has the same fields, with its arguments filled in and its extras."""
    stream = configured()
    logging.getLogger("faust.app").warning("took %d s", 3, extra={"topic": "t"})
    (line,) = lines(stream)
    assert {name: line[name] for name in ("event", "level", "logger", "topic")} == {
        "event": "took 3 s",
        "level": "warning",
        "logger": "faust.app",
        "topic": "t",
    }


def test_configuring_again_replaces_and_does_not_double() -> None:
    """A line appears once, on the stream that was set last."""
    first, second = configured(), configured()
    structlog.get_logger().info("once")
    assert first.getvalue() == ""
    assert len(lines(second)) == 1


def test_the_level_holds_for_ours_and_theirs() -> None:
    """Below the level nothing is logged."""
    stream = configured(TLDR_LOG_LEVEL="WARNING")
    structlog.get_logger().info("no")
    logging.getLogger("faust").info("no")
    structlog.get_logger().warning("yes")
    assert [line["event"] for line in lines(stream)] == ["yes"]


def test_what_is_bound_to_the_context_is_on_every_line() -> None:
    """Request ids are bound once and appear on library lines too."""
    stream = configured()
    with structlog.contextvars.bound_contextvars(request_id="r1"):
        structlog.get_logger().info("ours")
        logging.getLogger("faust").warning("theirs")
    assert [line["request_id"] for line in lines(stream)] == ["r1", "r1"]


@pytest.mark.parametrize(
    "name",
    ["api_key", "X-API-Key", "password", "sasl_password", "Authorization", "webhook.secret", "X-Signature", "tokens"],
)
def test_a_field_with_a_secret_name_is_redacted(name: str) -> None:
    """Whatever its value, at any level, in mappings and in lists of headers."""
    stream = configured()
    fields = {name: "v1", "deep": {"a": [{name: "v2"}]}, "headers": [(name, "v3"), ("Accept", "v4")]}
    structlog.get_logger().info("call", **fields)
    text = stream.getvalue()
    assert not any(value in text for value in ("v1", "v2", "v3"))
    assert "v4" in text


@pytest.mark.parametrize("name", ["token_count", "key", "request_id", "secretary", "partition"])
def test_a_field_with_an_innocent_name_is_kept(name: str) -> None:
    """The redaction does not eat what is needed at 3 a.m."""
    stream = configured()
    structlog.get_logger().info("call", **{name: "v1"})
    assert lines(stream)[0][name] == "v1"


@pytest.mark.parametrize("form", ["json", "console"])
def test_the_value_of_a_set_secret_appears_nowhere(form: str) -> None:
    """Not in the event, a field, an argument, a header, a repr, a URL or a traceback, in either form of line."""
    stream = configured(TLDR_LOG_FORMAT=form)
    log = structlog.get_logger()
    event = f"key is {SECRET}"
    log.info(event, note=SECRET, deep=[{"a": (SECRET,)}], raw=SECRET.encode(), shown=repr(SECRET))
    log.info("url", url="https://x.example/?k=hun%22ter2%2Fs%C3%A9cret")
    logging.getLogger("faust").warning("headers %r", {"a": SECRET})
    try:
        int(SECRET)
    except ValueError:
        log.exception("failed")
        logging.getLogger("faust").exception("failed")
    text = stream.getvalue()
    assert text.count(REDACTED) >= 8
    assert "ter2" not in text


def test_a_traceback_on_a_terminal_shows_no_local_variables() -> None:
    """Local variables hold what the redaction cannot know, such as a tenant's token."""
    stream = configured(Terminal())
    tenants_own = "-".join(["only", "here", "4711"])
    try:
        int(f"{len(tenants_own)} characters")
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "ValueError: invalid literal" in stream.getvalue()
    assert "only-here-4711" not in stream.getvalue()


@pytest.mark.parametrize(
    "value", [2**70, b"\xff", "\ud800", {1: 2}, {(1, 2): 3}, object(), float("nan"), {"a"}, ValueError("x")]
)
def test_any_value_can_be_logged(value: object) -> None:
    """A log call never raises and always gives one line of JSON."""
    stream = configured()
    structlog.get_logger().info("odd", value=value)
    assert lines(stream)[0]["event"] == "odd"


def test_a_newline_cannot_forge_a_line() -> None:
    """A title from a video cannot pretend to be a log line of ours."""
    stream = configured()
    structlog.get_logger().info("title_seen", title='x"}\n{"event": "forged"}')
    assert [line["event"] for line in lines(stream)] == ["title_seen"]
