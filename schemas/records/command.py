"""``tldr.commands.v1``: what a person or a program asks of a request that exists already."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from schemas.records.base import Identifier, Instant, Record

CommandKind = Literal["stop", "cancel", "refresh"]
"""``stop``: end processing, keep what was found. ``cancel``: end it as cancelled, or never start it.
``refresh``: read the stream's highlights again now."""


class Command(Record, kw_only=True):
    """One command. The Kafka key is ``request_id``; a ``command_id`` seen before changes nothing.

    Attributes:
        request_id: The request that the command is about.
        command_id: Names this command; sending it again under the same id changes nothing.
        command: stop ends processing and keeps what was found; cancel ends it as cancelled, or never starts it;
            refresh reads the stream's highlights again now.
        reason: Why, for people. It appears on the stream record that the command leads to.
        issued_by: Who or what sent the command.
        issued_at: When it was sent.
        schema_version: Version of this record's form.
    """

    request_id: Identifier
    command_id: Identifier
    command: CommandKind
    reason: Annotated[str, msgspec.Meta(max_length=1000)] = ""
    issued_by: Annotated[str, msgspec.Meta(max_length=200)] = ""
    issued_at: Instant | None = None
    schema_version: Annotated[int, msgspec.Meta(ge=1, le=1)] = 1
