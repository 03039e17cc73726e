"""``tldr.dead-letters.v1``: the headers that say why. Key and value are the original record's, byte for byte."""

from __future__ import annotations

from typing import Annotated

import msgspec

Whole = Annotated[str, msgspec.Meta(pattern=r"^-?[0-9]+$(?!\n)")]
"""A whole number, as the text of a header."""

_NAMES = {
    "topic": "__connect.errors.topic",
    "partition": "__connect.errors.partition",
    "offset": "__connect.errors.offset",
    "stage": "__connect.errors.stage",
    "exception_class": "__connect.errors.exception.class.name",
    "exception_message": "__connect.errors.exception.message",
    "code": "tldr-error-code",
    "attempt": "tldr-error-attempt",
    "time": "tldr-error-time",
    "record_time": "tldr-error-record-time",
    "hint": "tldr-error-hint",
    "omitted_bytes": "tldr-error-omitted-bytes",
}


class DeadLetterHeaders(msgspec.Struct, kw_only=True, rename=_NAMES):
    """The headers that the pipeline adds to a dead letter, as text. The original record's headers come before them.

    Attributes:
        topic: Full name of the topic that the record was read from.
        partition: Number of its partition there.
        offset: Its offset there.
        stage: VALUE_CONVERTER when the record cannot be read, TRANSFORMATION when it cannot be accepted.
        exception_class: Name of the error's class.
        exception_message: What is wrong; names the field where there is one.
        code: Stable class of the error, as in the metric tldr_dead_letters_total.
        attempt: Which attempt at the record failed, from 1.
        time: When it was given up.
        record_time: The record's own timestamp, in unix milliseconds.
        hint: What the producer can do about it.
        omitted_bytes: Only there when the value was too large to keep: how many bytes it had. The value is then null.
    """

    topic: str
    partition: Whole
    offset: Whole
    stage: str
    exception_class: str
    exception_message: str
    code: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]*$(?!\n)")]
    attempt: Whole
    time: str
    record_time: Whole
    hint: str
    omitted_bytes: Whole | msgspec.UnsetType = msgspec.UNSET
