"""Records kept as they came: into state as text, and back as the record that was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from agents.ledger_records import KeptHeaders
from pipeline.domain import Headers, Incoming
from schemas.records import RecordError


@dataclass(slots=True)
class Original:
    """A record as it was read, brought back from state. Implements :class:`pipeline.domain.Incoming`."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def text_of(incoming: Incoming) -> str:
    """Return the value as text.

    Raises:
        RecordError: ``undecodable``: not UTF-8 (a decoder does not look into fields that it skips).
    """
    try:
        return (incoming.value or b"").decode()
    except UnicodeDecodeError as error:
        raise RecordError("undecodable", f"not UTF-8: {error}") from error


def headers_of(incoming: Incoming) -> KeptHeaders:
    """Return the headers as state keeps them."""
    return tuple((name, value) for name, value in incoming.headers)


def restored_headers(headers: KeptHeaders) -> Headers:
    """Return kept headers as a record has them."""
    return cast("Headers", headers)
