"""The ledger: one partition's state, outputs and input positions, moved forward in one transaction at a time.

Why this is exactly once: an input's outputs, its state changes and the fact that it was applied become visible in one
Kafka transaction; whoever owns the partition next starts right behind it; and a former owner cannot write once a new
one has opened, because opening fences the partition's transactional id. ``docs/decisions`` has the history.

- ``producer.py``: the transactional producer, opened (which fences) and committed all or nothing.
- ``restore.py``: reading a ledger partition to its end.
- ``pending.py``: what is staged for the next transaction.
- ``ledger.py``: open, stage, flush, renew, close.
- ``closing.py``: letting go of clients and futures.
- ``errors.py``: what can go wrong, by what the owner must do about it.
"""

from pipeline.ledger.errors import BatchRefused, LedgerBroke, LedgerClosed, LedgerError, LedgerFenced, NotOurs
from pipeline.ledger.ledger import Ledger, LedgerConfig, LedgerObserver
from pipeline.ledger.records import Position

__all__ = [
    "BatchRefused",
    "Ledger",
    "LedgerBroke",
    "LedgerClosed",
    "LedgerConfig",
    "LedgerError",
    "LedgerFenced",
    "LedgerObserver",
    "NotOurs",
    "Position",
]
