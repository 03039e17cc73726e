"""Logs: one line an event, JSON unless a person is watching. Ours and the libraries' take the same path.

Event names are ``snake_case``; fields carry their unit (``duration_s``); times are ISO 8601 in UTC.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterable
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import Processor

from pipeline.settings import Settings
from pipeline.telemetry.redaction import SecretValues, redact_fields
from pipeline.telemetry.repeats import RepeatFilter

_CHATTY = ("httpx", "httpcore", "hpack", "asyncio", "aiokafka", "faust", "mode", "uvicorn")
"""Libraries that tell every request or heartbeat: warnings only, unless everything is logged."""

_WHOLE_REQUESTS = "aiokafka.conn"
"""Logs every request whole at DEBUG: gigabytes, and each login, whose SCRAM proof lets passwords be tried offline."""

_FIRST = ("timestamp", "level", "event", "logger")


def configure(settings: Settings, stream: TextIO | None = None) -> None:
    """Set up logging for the process; again replaces what was set up before.

    Args:
        settings: level, form, and the secrets that must not appear.
        stream: where lines go; standard error by default.
    """
    stream = sys.stderr if stream is None else stream
    level = logging.getLevelNamesMapping()[settings.log.level]
    console = settings.log.format == "console" or (settings.log.format == "auto" and stream.isatty())
    shared = _shared_processors()
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter(_rendering(stream, console=console), shared, settings.secrets()))
    if level > logging.DEBUG:
        handler.addFilter(RepeatFilter())
    root = logging.getLogger()
    for old in [old for old in root.handlers if isinstance(old.formatter, _Formatter)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING) if level > logging.DEBUG else level)
    logging.getLogger(_WHOLE_REQUESTS).setLevel(max(level, logging.INFO))


class _Formatter(structlog.stdlib.ProcessorFormatter):
    """Renders records of either origin, then takes secret values out of the finished line."""

    def __init__(self, rendering: list[Processor], foreign: list[Processor], secrets: Iterable[str]) -> None:
        remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
        super().__init__(
            processors=[remove_meta, structlog.processors.format_exc_info, redact_fields, *rendering],
            foreign_pre_chain=[*foreign, structlog.stdlib.ExtraAdder()],
        )
        self._secrets = SecretValues(secrets)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        return self._secrets.clean(super().format(record))


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _rendering(stream: TextIO, *, console: bool) -> list[Processor]:
    if console:
        # structlog's default traceback shows local variables, and with them secrets
        colors = stream.isatty()
        return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)]
    return [_render_json]


def _render_json(_logger: Any, _method: str, event: Any) -> str:
    """Return one line of JSON, whatever was logged: a log call never raises. What every line has comes first."""
    event = {name: event.pop(name) for name in _FIRST if name in event} | event
    try:
        return orjson.dumps(event, default=_text, option=orjson.OPT_NON_STR_KEYS).decode()
    except orjson.JSONEncodeError:  # an integer beyond 64 bits, a lone surrogate
        return json.dumps(event, default=_text, skipkeys=True)


def _text(value: object) -> str:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else repr(value)
