"""What can go wrong with a ledger, split by what its owner must do.

    LedgerError
    ├── LedgerClosed    stage or flush after close: drop the work, somebody else has or will have it
    ├── LedgerFenced    another producer opened this partition: find out whether it is still ours
    ├── LedgerBroke     a commit failed in a way that nobody foresaw: reopen once, then leave
    ├── NotOurs         the group generation moved on while opening: give up quietly
    └── BatchRefused    the broker refused a batch, nothing of the transaction counts: reopen, then record by record
A plain LedgerError (broker away, deadline passed) means the outcome is unknown: reopen and read what is true.
"""

from __future__ import annotations


class LedgerError(Exception):
    """The ledger cannot be trusted any more and has closed itself."""


class LedgerClosed(LedgerError):
    """The ledger is closed; nothing may be staged."""


class LedgerFenced(LedgerError):
    """Another producer with this partition's transactional id took over."""


class LedgerBroke(LedgerError):
    """A fault of ours, or of the client library, ended a commit; what became of it is read at the next open."""


class NotOurs(LedgerError):
    """The partition belongs to another member or another generation."""


class BatchRefused(LedgerError):
    """The broker refused records for good.

    Attributes:
        topic: full name of the topic that refused.
        reason: the broker's error, as text.
    """

    def __init__(self, topic: str, reason: str) -> None:
        super().__init__(f"{topic} refused a batch: {reason}")
        self.topic = topic
        self.reason = reason
