"""What a document leaves to be done: an item that is followed up after the stream."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import msgspec


class FollowUpItem(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a document, as it may be published.

    Attributes:
        item_id: the same in each revision of the document, at most 200 characters; of two with one id the first counts.
        text: what is to be done.
        assignee: who does it; ``None`` when nobody is named.
        due: by when, in UTC; ``None`` when nothing was said.
        due_text: the words in which that was said, if it was.
        priority: empty when nothing was said.
        evidence: the grounds, each as in the document (:class:`agents.profiles.evidence.Evidence` as JSON).
    """

    item_id: str
    text: str
    assignee: str | None = None
    due: datetime | None = None
    due_text: str | None = None
    priority: str = ""
    evidence: Sequence[Mapping[str, Any]] = ()


@runtime_checkable
class LeavesFollowUps(Protocol):
    """Prepared rules (:class:`agents.profiles.profile.Prepared`) whose documents leave something to be done."""

    def follow_ups(self, document: Mapping[str, Any]) -> Sequence[FollowUpItem]:
        """Say what a document that they made leaves to be done; never raises. As it may be published."""
