"""What a document leaves to be done: an item that is followed up after the stream."""

from __future__ import annotations

from datetime import datetime

import msgspec

from agents.profiles.evidence import Evidence


class FollowUpItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a document, as it may be published.

    Attributes:
        item_id: the same in each revision of the document, at most 200 characters; of two with one id the first counts.
        text: what is to be done.
        assignee: who does it; empty when nobody is named.
        due: by when, in UTC; ``None`` when nothing was said.
        due_text: the words in which that was said.
        priority: empty when nothing was said.
        evidence: the grounds.
    """

    item_id: str
    text: str
    assignee: str = ""
    due: datetime | None = None
    due_text: str = ""
    priority: str = ""
    evidence: tuple[Evidence, ...] = ()
