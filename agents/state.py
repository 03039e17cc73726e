"""The state of one partition: folded from ledger records, live and at restore alike, and the list of what is due."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from agents.entry import Entry
from agents.ledger_records import (
    ACTIVE,
    FINAL,
    Closed,
    FollowUpState,
    HighlightState,
    LinkedTranscript,
    OriginalRequest,
    Parked,
    RequestState,
    decode_state,
)
from agents.tournament_records import TOURNAMENT, Member, MomentState, SightingState, StreamPlace, TournamentState
from agents.tournaments.tournament import Tournament

FOLLOW_UPS = "follow-up/"
"""Before a request id on the due list: its next reminder. "/" is in no request id."""


class PartitionState:
    """What one partition knows. Implements :class:`pipeline.domain.State`.

    Attributes:
        entries: by request id.
        closed: request ids beyond retention.
        counts: requests by the state they are in.
        parked: early records kept, in all.
        tournaments: by ``tenant/tournament_id``.
        streams: ids of the streams that requests are bound to, each with how many.
    """

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.entries: dict[str, Entry] = {}
        self.closed: dict[str, Closed] = {}
        self.tournaments: dict[str, Tournament] = {}
        self.counts: Counter[str] = Counter()
        self.parked = 0
        self.streams: Counter[str] = Counter()
        self._taken: set[str] = set()
        self._due: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._folds: dict[str, Callable[[str, Any], None]] = {
            "request": self._fold_request,
            "original": self._fold_original,
            "transcript": self._fold_transcript,
            "highlight": self._fold_highlight,
            "follow-up": self._fold_follow_up,
            "parked": self._fold_parked,
            "closed": self._fold_closed,
            "tournament": self._fold_tournament,
            "tournament-stream": self._fold_stream_place,
            "sighting": self._fold_sighting,
            "moment": self._fold_moment,
        }

    def decode(self, key: str, value: bytes) -> Any:
        """Decode a ledger value (see :class:`pipeline.domain.State`).

        Raises:
            FutureStateError: a newer version wrote it.
        """
        return decode_state(key, value)

    def fold(self, key: str, value: Any | None) -> None:
        """Apply one state record. There is no other way to change what is remembered."""
        kind, _, rest = key.partition("/")
        self._folds[kind](rest, value)

    def active(self) -> dict[str, int]:
        """How many requests are not settled, by the state they are in; 0 for states that none is in."""
        return {state: self.counts[state] for state in ACTIVE}

    # -- what is due -----------------------------------------------------------------------------------------------

    def next_due(self) -> float | None:
        """When the earliest effect is due, unix seconds; ``None`` when nothing waits."""
        heap, due = self._heap, self._due
        while heap and due.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    def take_due(self, now: float) -> str | None:
        """Take one request, tournament, or request's reminders that are due.

        It is not given again before :meth:`release`, whatever comes.
        """
        due = self.next_due()
        if due is None or due > now:
            return None
        _, request_id = heappop(self._heap)
        del self._due[request_id]
        self._taken.add(request_id)
        return request_id

    def is_due(self, request_id: str, now: float) -> bool:
        """Whether something is still to be done about a request that was taken."""
        due = self._when_due(request_id)
        return due is not None and due <= now

    def release(self, request_id: str) -> None:
        """Put a request that was taken back on the list, due when its state says."""
        self._taken.discard(request_id)
        self._schedule(request_id)

    def postpone(self, request_id: str, until: float) -> None:
        """Put a request that was taken back on the list, due no earlier than ``until``; a memory of this process."""
        self._taken.discard(request_id)
        self._due[request_id] = until
        heappush(self._heap, (until, request_id))

    def _schedule(self, request_id: str) -> None:
        if request_id in self._taken:
            return
        due = self._when_due(request_id)
        if due is None:
            self._due.pop(request_id, None)
        elif self._due.get(request_id) != due:
            self._due[request_id] = due
            heappush(self._heap, (due, request_id))

    def _when_due(self, request_id: str) -> float | None:
        if request_id.startswith(FOLLOW_UPS):
            entry = self.entries.get(request_id.removeprefix(FOLLOW_UPS))
            return None if entry is None else entry.next_reminder()
        if request_id.startswith(TOURNAMENT):
            tournament = self.tournaments.get(request_id.removeprefix(TOURNAMENT))
            return None if tournament is None or tournament.state is None else tournament.state.due
        entry = self.entries.get(request_id)
        if entry is not None and (entry.request is not None or entry.parked):
            return entry.due()
        closed = self.closed.get(request_id)
        return None if closed is None else closed.due

    # -- folding ---------------------------------------------------------------------------------------------------

    def entry(self, request_id: str) -> Entry:
        """Return what is known of a request id, or an empty entry that is not kept yet."""
        found = self.entries.get(request_id)
        return Entry(request_id) if found is None else found

    def _kept(self, request_id: str) -> Entry:
        entry = self.entries.get(request_id)
        if entry is None:
            entry = self.entries[request_id] = Entry(request_id)
        return entry

    def _drop_if_empty(self, entry: Entry) -> None:
        if entry.is_empty:
            self.entries.pop(entry.request_id, None)

    def _fold_request(self, request_id: str, new: RequestState | None) -> None:
        entry = self._kept(request_id)
        old = entry.request
        if old is not None:
            self.counts[old.state] -= 1
            self._count_stream(old.stream_id, -1)
        entry.request = new
        if new is not None:
            self.counts[new.state] += 1
            self._count_stream(new.stream_id, 1)
        if new is None or new.state in FINAL or old is None:
            entry.context = None
        if entry.follow_ups and (new is None or old is None):
            self._schedule(FOLLOW_UPS + request_id)
        self._drop_if_empty(entry)
        self._schedule(request_id)

    def _fold_original(self, request_id: str, new: OriginalRequest | None) -> None:
        entry = self._kept(request_id)
        entry.original = new
        entry.context = None
        self._drop_if_empty(entry)

    def _fold_transcript(self, request_id: str, new: LinkedTranscript | None) -> None:
        entry = self._kept(request_id)
        entry.transcript = new
        entry.context = None
        self._drop_if_empty(entry)

    def _count_stream(self, stream_id: str | None, change: int) -> None:
        if stream_id is not None:
            self.streams[stream_id] += change
            if not self.streams[stream_id]:
                del self.streams[stream_id]

    def _fold_highlight(self, ids: str, new: HighlightState | None) -> None:
        request_id, _, highlight_id = ids.partition("/")
        entry = self.entries.get(request_id)
        if entry is None:
            entry = self._kept(request_id)
        entry.fold_highlight(highlight_id, new)
        if new is None:
            self._drop_if_empty(entry)

    def _fold_parked(self, ids: str, new: Parked | None) -> None:
        request_id, topic, offset = ids.split("/")
        entry = self._kept(request_id)
        place = (topic, int(offset))
        if entry.parked.pop(place, None) is not None:
            self.parked -= 1
        if new is not None:
            entry.parked[place] = new
            self.parked += 1
        self._drop_if_empty(entry)
        self._schedule(request_id)

    def _fold_follow_up(self, ids: str, new: FollowUpState | None) -> None:
        request_id, _, item_id = ids.partition("/")
        entry = self._kept(request_id)
        if new is None:
            entry.follow_ups.pop(item_id, None)
        else:
            entry.follow_ups[item_id] = new
        self._drop_if_empty(entry)
        self._schedule(FOLLOW_UPS + request_id)

    def _fold_closed(self, request_id: str, new: Closed | None) -> None:
        if new is None:
            self.closed.pop(request_id, None)
        else:
            self.closed[request_id] = new
        self._schedule(request_id)

    # -- folding tournaments ---------------------------------------------------------------------------------------

    def tournament(self, key: str) -> Tournament:
        """Return what is known of a tournament, or an empty one that is not kept yet."""
        found = self.tournaments.get(key)
        return Tournament(key) if found is None else found

    def _kept_tournament(self, key: str) -> Tournament:
        return self.tournaments.setdefault(key, Tournament(key))

    def _drop_if_over(self, tournament: Tournament) -> None:
        if tournament.is_empty:
            self.tournaments.pop(tournament.key, None)

    def _fold_tournament(self, key: str, new: TournamentState | None) -> None:
        tournament = self._kept_tournament(key)
        tournament.state = new
        self._drop_if_over(tournament)
        self._schedule(TOURNAMENT + key)

    def _fold_stream_place(self, ids: str, new: StreamPlace | None) -> None:
        key, _, request_id = ids.rpartition("/")
        tournament = self._kept_tournament(key)
        tournament.fold_stream(request_id, new)
        self._drop_if_over(tournament)

    def _fold_sighting(self, ids: str, new: SightingState | None) -> None:
        tenant, tournament_id, request_id, highlight_id = ids.split("/", 3)
        tournament = self._kept_tournament(f"{tenant}/{tournament_id}")
        tournament.fold_sighting(Member(request_id, highlight_id), new)
        self._drop_if_over(tournament)

    def _fold_moment(self, ids: str, new: MomentState | None) -> None:
        key, _, moment_id = ids.rpartition("/")
        tournament = self._kept_tournament(key)
        tournament.fold_moment(moment_id, new)
        self._drop_if_over(tournament)

    # -- comparison ------------------------------------------------------------------------------------------------

    def snapshot(self) -> dict[str, Any]:
        """Everything that a restore has to bring back, comparable. What is in flight is no part of it."""
        return {
            "entries": {request_id: entry.snapshot() for request_id, entry in self.entries.items()},
            "closed": dict(self.closed),
            "counts": {state: count for state, count in self.counts.items() if count},
            "tournaments": {key: tournament.snapshot() for key, tournament in self.tournaments.items()},
            "parked": self.parked,
            "streams": dict(self.streams),
            "due": {
                key: due
                for request_id in self.entries
                for key in (request_id, FOLLOW_UPS + request_id)
                if (due := self._when_due(key)) is not None
            },
        }
