"""How the process ends, and why. The same codes for every command; docs/operations.md lists them."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a supervisor or a person can act on."""

    OK = 0
    FAILED = 1  # the command did its work and the answer is no (a demo with a lost highlight, a doctor with findings)
    SETTINGS = 2  # settings or arguments are wrong: fix them
    KAFKA = 3  # Kafka cannot be reached or refuses us
    TOPICS = 4  # topics are missing or do not fit together: highlights topics plan
    FENCED = 5  # another process works on our partitions: look for a second group on the same ledger topic
    STALLED = 6  # no progress within the stall timeout: the watchdog ended the process
    DRAIN = 7  # the drain deadline passed with work in flight
    BUG = 70  # a fault of ours; nothing was acknowledged
    INTERRUPTED = 130  # Ctrl-C


class Unrecoverable(Exception):
    """The process cannot go on.

    Attributes:
        exit_code: how it should end.
        reason: for the log.
    """

    def __init__(self, exit_code: ExitCode, reason: str) -> None:
        super().__init__(reason)
        self.exit_code = exit_code
        self.reason = reason
