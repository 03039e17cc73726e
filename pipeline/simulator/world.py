"""The state of the simulated service: which streams run, what has appeared, who holds slots. Knows no HTTP.

Events go to `emit` as they happen: the truth log listens today, signed webhooks can listen beside it.
"""

import heapq
import itertools
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pipeline.simulator.content import Submission, plan_stream
from pipeline.simulator.scenario import Scenario
from pipeline.simulator.streams import Shown, Status, Stream
from pipeline.simulator.truth import Emit


class SlotsFullError(Exception):
    """The account has as many live streams as its plan allows."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} concurrent streams are running")
        self.limit = limit


class AlreadyEndedError(Exception):
    """The stream is not running any more."""


class World:
    """All streams, driven by `advance`, which plays everything that is due."""

    def __init__(self, scenario: Scenario, seed: int, emit: Emit) -> None:
        self.scenario = scenario
        self.seed = seed
        self.streams: dict[str, Stream] = {}
        self.highlights: dict[str, Shown] = {}
        self.by_account: dict[str, list[Shown]] = {}
        self.live: Counter[str] = Counter()
        self.made = 0
        self._emit = emit
        self._ordinals: Counter[str] = Counter()
        self._due: list[tuple[float, int, Stream]] = []
        self._tie = itertools.count()

    def advance(self, now: float) -> None:
        """Play all steps that are due by `now`, in the order of their times."""
        while self._due and self._due[0][0] <= now:
            due, _, stream = heapq.heappop(self._due)
            if stream.live:
                self._step(stream, due)

    def submit(self, account: str, submission: Submission, key: str, now: float, *, slots: int | None) -> Stream:
        """Accept a stream.

        Args:
            account: whose slot it takes.
            submission: what was asked for.
            key: short hash of the API key.
            now: unix seconds.
            slots: live streams the account may have, or None for any number.

        Raises:
            SlotsFullError: no slot is free; nothing has changed.
        """
        if slots is not None and self.live[account] >= slots:
            raise SlotsFullError(slots)
        self.live[account] += 1
        stream = self.admit(account, submission, key, now)
        fields = {
            "stream_id": stream.id,
            "source_url": submission.source_url,
            "platform": submission.platform,
            "metadata": dict(submission.metadata),
            "options": dict(submission.options),
            "key": key,
            "ordinal": stream.ordinal,
        }
        self._emit("accepted", now, fields)
        return stream

    def admit(
        self,
        account: str,
        submission: Submission,
        key: str,
        now: float,
        *,
        batch_id: str | None = None,
        wait_s: float = 0.0,
    ) -> Stream:
        """Add a stream without asking for a slot: `wait_s` content seconds pass before it is picked up."""
        ordinal = self._ordinals[submission.source_url]
        self._ordinals[submission.source_url] += 1
        plan = plan_stream(self.scenario, self.seed, submission, ordinal)
        compression = self.scenario.time.compression
        stream = Stream(
            plan=plan,
            submission=submission,
            account=account,
            key=key,
            ordinal=ordinal,
            created_at=now,
            started_at=now + (plan.pending + wait_s) / compression,
            compression=compression,
            batch_id=batch_id,
            updated_at=now,
        )
        self.streams[stream.id] = stream
        self._schedule(stream)
        return stream

    def find(self, account: str, stream_id: str) -> Stream | None:
        """Return a stream of the account that was not deleted and is no video of a batch."""
        stream = self.streams.get(stream_id)
        if stream is None or stream.account != account or stream.deleted or stream.batch_id is not None:
            return None
        return stream

    def find_highlight(self, account: str, highlight_id: str) -> Shown | None:
        """Return a highlight of the account that can be seen."""
        entry = self.highlights.get(highlight_id)
        return None if entry is None or entry.removed or entry.stream.account != account else entry

    def release_early(self, stream: Stream, now: float) -> None:
        """Let the next highlight of a running stream appear now, ahead of its time, within the limit."""
        if stream.status != "processing" or stream.made >= len(stream.plan.highlights):
            return
        if stream.early < self.scenario.pages.release_limit:
            stream.early += 1
            self._make(stream, now, early=True)

    def stop(self, stream: Stream, now: float) -> None:
        """End a stream as cancelled.

        Raises:
            AlreadyEndedError: it has ended before.
        """
        if not stream.live:
            raise AlreadyEndedError(stream.id)
        self._emit("stopped", now, {"stream_id": stream.id})
        self._end(stream, "cancelled", now)

    def delete(self, stream: Stream, now: float) -> None:
        """Remove a stream with its highlights; a live one is ended first and its slot freed."""
        if stream.live:
            self._end(stream, "cancelled", now)
        stream.deleted = True
        for entry in stream.shown:
            entry.removed = True
        mine = self.by_account.get(stream.account, [])
        self.by_account[stream.account] = [entry for entry in mine if entry.stream is not stream]
        self._emit("deleted", now, {"stream_id": stream.id})

    def remove(self, entry: Shown, now: float, by: str) -> None:
        """Make a highlight disappear."""
        entry.removed = True
        entry.stream.shown.remove(entry)
        self.by_account[entry.stream.account].remove(entry)
        self._emit("removed", now, {"stream_id": entry.stream.id, "highlight_id": entry.planned.id, "by": by})

    def expected(self) -> Iterator[dict[str, Any]]:
        """Yield for each accepted stream what a perfect client ends up with, whether anyone reads it or not."""
        for stream in self.streams.values():
            final = [{"id": item.id, "revision": rev, **item.content(rev)} for item, rev in stream.final()]
            yield {
                "stream_id": stream.id,
                "source_url": stream.submission.source_url,
                "request_id": stream.submission.metadata.get("request_id"),
                "metadata": dict(stream.submission.metadata),
                "batch_id": stream.batch_id,
                "ordinal": stream.ordinal,
                "status": stream.status,
                "final_status": stream.plan.outcome if stream.live else stream.status,
                "deleted": stream.deleted,
                "highlights": [] if stream.deleted else final,
            }

    def _schedule(self, stream: Stream) -> None:
        heapq.heappush(self._due, (stream.due_at(), next(self._tie), stream))

    def _step(self, stream: Stream, due: float) -> None:
        if stream.cursor < 0:
            stream.status = "processing"
            stream.updated_at = due
            self._emit("started", due, {"stream_id": stream.id})
        else:
            self._play(stream, due)
        if stream.live:
            stream.cursor += 1
            self._schedule(stream)

    def _play(self, stream: Stream, due: float) -> None:
        step = stream.plan.steps[stream.cursor]
        if step.kind == "ended":
            self._end(stream, stream.plan.outcome, due)
            return
        if step.kind == "made":
            if step.index >= stream.made:  # else a read has released it already
                self._make(stream, due, early=False)
            return
        entry = self.highlights[stream.plan.highlights[step.index].id]
        if entry.removed:
            return
        if step.kind == "removed":
            self.remove(entry, due, "schedule")
            return
        entry.revision += 1
        stream.updated_at = due
        self._emit("revised", due, _made(entry))

    def _make(self, stream: Stream, at: float, *, early: bool) -> None:
        planned = stream.plan.highlights[stream.made]
        entry = Shown(stream, planned, at, metadata=dict(planned.metadata))
        stream.made += 1
        stream.updated_at = at
        stream.shown.append(entry)
        self.highlights[planned.id] = entry
        self.by_account.setdefault(stream.account, []).append(entry)
        self.made += 1
        self._emit("made", at, {**_made(entry), "early": early})

    def _end(self, stream: Stream, status: Status, at: float) -> None:
        stream.status = status
        stream.ended_at = stream.updated_at = at
        if stream.batch_id is None:
            self.live[stream.account] -= 1
        self._emit("ended", at, {"stream_id": stream.id, "status": status})


def _made(entry: Shown) -> dict[str, Any]:
    return {
        "stream_id": entry.stream.id,
        "highlight_id": entry.planned.id,
        "revision": entry.revision,
        "content": entry.planned.content(entry.revision),
    }
