"""Errors of the protocol that aiokafka 0.14 does not know. It tells all such as ``UnknownError``, their code lost.

Importing this teaches it: each then has a class, and what may be asked again is asked again.
"""

from __future__ import annotations

from aiokafka.errors import BrokerResponseError, kafka_errors


class OffsetNotAvailableError(BrokerResponseError):  # type: ignore[misc]  # aiokafka has no types
    """A new leader does not know yet how far the partition is committed (KIP-207)."""

    errno = 78
    message = "OFFSET_NOT_AVAILABLE"
    description = "The leader's high watermark has not caught up with its election."
    retriable = True


class InvalidRecordError(BrokerResponseError):  # type: ignore[misc]  # aiokafka has no types
    """The broker looked into a record and refused it, as one without a key on a compacted topic."""

    errno = 87
    message = "INVALID_RECORD"
    description = "The record failed the broker's validation."


for _error in (OffsetNotAvailableError, InvalidRecordError):
    kafka_errors.setdefault(_error.errno, _error)
