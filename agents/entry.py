"""What a partition knows about one request id: its request, its highlights, and what came too early."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING, Any

from agents.ledger_records import (
    WEBHOOK,
    FollowUpState,
    HighlightState,
    LinkedTranscript,
    OriginalRequest,
    Parked,
    RequestState,
)

if TYPE_CHECKING:
    from agents.rules.context import Context


class Entry:
    """One request id. Changed by :class:`agents.state.PartitionState` only, while it folds.

    Attributes:
        request: ``None`` while only early records are known, or while a restore has not come to it yet.
        original: the request record as it came; there whenever ``request`` is, but during a restore.
        transcript: what came of the transcript that the request links; ``None`` until it was tried.
        highlights: by highlight id.
        follow_ups: items of its latest document, and earlier ones, by item id; they may outlive the request.
        parked: early records by (topic, offset).
        last_seq: of the latest highlight record published; 0 before the first.
        by_webhook: highlights that a webhook showed first.
        late: records published after the request was settled.
        corrected: records beyond each highlight's first.
        seen_until: unix seconds; the latest time at which one of the highlights may have been seen.
        read_floor: what it, and the status, was when the read under way began; no part of the state.
        context: what can be derived from the request and is dear to make; no part of the state.
    """

    __slots__ = (
        "_confidences",
        "by_webhook",
        "context",
        "corrected",
        "follow_ups",
        "highlights",
        "last_seq",
        "late",
        "original",
        "parked",
        "read_floor",
        "request",
        "request_id",
        "seen_until",
        "transcript",
    )

    def __init__(self, request_id: str) -> None:
        self.request_id = request_id
        self.request: RequestState | None = None
        self.original: OriginalRequest | None = None
        self.transcript: LinkedTranscript | None = None
        self.highlights: dict[str, HighlightState] = {}
        self.follow_ups: dict[str, FollowUpState] = {}
        self.parked: dict[tuple[str, int], Parked] = {}
        self.last_seq = 0
        self.by_webhook = 0
        self.late = 0
        self.corrected = 0
        self.seen_until = 0.0
        self.read_floor = 0.0
        self.context: Context | None = None
        self._confidences: list[float] = []

    def rank(self, confidence: float, known: HighlightState | None) -> int:
        """The place of a highlight by confidence, 1 being the best, among all seen so far.

        Args:
            confidence: what it has now.
            known: what is known of it so far, so that it does not compete with itself.
        """
        better = len(self._confidences) - bisect_right(self._confidences, confidence)
        if known is not None and known.confidence > confidence:
            better -= 1
        return better + 1

    def fold_highlight(self, highlight_id: str, new: HighlightState | None) -> None:
        """Put the latest revision of a highlight in place, and keep the sums in step."""
        old = self.highlights.get(highlight_id)
        if new is None:
            if old is not None:
                self._subtract(old)
                del self.highlights[highlight_id]
                if not self.highlights:
                    self.last_seq = 0
                    self.seen_until = 0.0
            return
        if old is not None:
            self._subtract(old)
        self.highlights[highlight_id] = new
        insort(self._confidences, new.confidence)
        self.last_seq = max(self.last_seq, new.seq)
        self.seen_until = max(self.seen_until, new.observed_at, new.observed_until)
        if new.source == WEBHOOK:
            self.by_webhook += 1
        self.late += new.late
        self.corrected += new.revision - 1

    def _subtract(self, old: HighlightState) -> None:
        del self._confidences[bisect_left(self._confidences, old.confidence)]
        if old.source == WEBHOOK:
            self.by_webhook -= 1
        self.late -= old.late
        self.corrected -= old.revision - 1

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to remember."""
        known = self.request or self.original or self.transcript
        return known is None and not self.highlights and not self.parked and not self.follow_ups

    def due(self) -> float | None:
        """When something has to be done about it next, unix seconds."""
        if self.request is not None:
            return self.request.due
        if self.parked:
            return min(parked.due for parked in self.parked.values())
        return None

    def next_reminder(self) -> float | None:
        """When a follow-up is due to be reminded of, or to be forgotten after its request, unix seconds.

        ``None`` when none is.
        """
        if self.request is not None:
            return min(
                (item.remind_at for item in self.follow_ups.values() if item.remind_at is not None), default=None
            )
        return min(
            (item.kept_until if item.remind_at is None else item.remind_at for item in self.follow_ups.values()),
            default=None,
        )

    def snapshot(self) -> dict[str, Any]:
        """Everything that a restore has to bring back, comparable."""
        return {
            "request": self.request,
            "original": self.original,
            "transcript": self.transcript,
            "highlights": dict(self.highlights),
            "follow_ups": dict(self.follow_ups),
            "parked": dict(self.parked),
            "last_seq": self.last_seq,
            "by_webhook": self.by_webhook,
            "late": self.late,
            "corrected": self.corrected,
            "confidences": list(self._confidences),
            "due": self.due(),
        }
