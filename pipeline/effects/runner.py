"""Runs due effects of the partitions this worker owns: asks the rules, calls the API, folds what came of it.

No timer here is a source of truth: what is due, and when, is in the state, and a restart finds it there again.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

import structlog

from pipeline.domain import EffectRules, State
from pipeline.effects.api import StreamApi
from pipeline.effects.calls import Call, Failed, FetchTranscript, Result, Submit
from pipeline.effects.folding import CallObserver, Folding, HandOver
from pipeline.effects.gate import Gate
from pipeline.effects.perform import Performer
from pipeline.effects.refusals import Refusals
from pipeline.effects.work import OpenLedger, Work, whole_or_nothing
from pipeline.ledger.errors import BatchRefused, LedgerError

S = TypeVar("S", bound=State)

Sleep = Callable[[float], Awaitable[None]]

POST_GRACE_S = 25.0
"""How long a partition that leaves waits for submissions in flight; longer than any of them takes."""

log = structlog.get_logger(__name__)


class EffectRunner(Generic[S]):
    """Runs effects.

    Args:
        rules: what is due, what it means, what follows.
        api: the API client.
        clock: unix seconds.
        sleep: waits, in seconds.
        concurrency: calls in flight at once, over all partitions.
        on_fatal: called with a fault of ours; the process cannot go on.
        hand_over: passes on the id of a stream that was created for a partition which has left meanwhile.
        performer: makes the calls; by default with the performer's own defaults.
        observer: told of every call.
        crash_point: told of the durable steps as they are passed (``pipeline.worker.crash_points``).
    """

    def __init__(  # noqa: PLR0913 -- each is a port
        self,
        rules: EffectRules[S],
        api: StreamApi,
        *,
        clock: Callable[[], float],
        sleep: Sleep,
        concurrency: int,
        on_fatal: Callable[[BaseException], None],
        hand_over: HandOver | None = None,
        performer: Performer | None = None,
        observer: CallObserver | None = None,
        crash_point: Callable[[str], None] = lambda _name: None,
    ) -> None:
        self._rules = rules
        self._clock = clock
        self._sleep = sleep
        self._slots = asyncio.Semaphore(concurrency)
        self._on_fatal = on_fatal
        self._performer = performer or Performer(api, clock=clock)
        self._observer = observer
        self._crash_point = crash_point
        self._gate = Gate(clock)
        self._works: dict[int, Work[S]] = {}
        self._refusals: defaultdict[int, Refusals] = defaultdict(lambda: Refusals(clock))
        self._folding = Folding(rules, self._refusals, clock=clock, hand_over=hand_over, observer=observer)
        self._draining = False

    # -- told by the owner of the ledgers --------------------------------------------------------------------------

    def attach(self, ledger: OpenLedger[S]) -> None:
        """Run the effects of a ledger that is open.

        Raises:
            RuntimeError: another ledger of the partition was never detached; its effects would block this one's.
        """
        former = self._works.get(ledger.partition)
        if former is not None and former.ledger is not ledger:
            raise RuntimeError(f"partition {ledger.partition} has another ledger attached")
        if self._draining or former is not None:
            return
        work = Work(ledger)
        self._works[ledger.partition] = work
        work.loops = [
            self._supervised(self._run(work), f"effects-{ledger.partition}"),
            self._supervised(self._run_calls(work), f"calls-{ledger.partition}"),
        ]

    async def detach(self, ledger: OpenLedger[S]) -> None:
        """Take no more effects of a ledger. Reads are given up; submissions that were sent are awaited."""
        work = self._works.get(ledger.partition)
        if work is None or work.ledger is not ledger:
            return
        del self._works[ledger.partition]
        if isinstance(ledger.failure, BatchRefused):
            self._refusals[ledger.partition].happened()
        elif ledger.failure is None:
            self._refusals.pop(ledger.partition, None)  # the partition leaves
        await self._leave(work, POST_GRACE_S)

    def wake(self, partition: int) -> None:
        """Look at what is due: something was folded."""
        work = self._works.get(partition)
        if work is None or work.wake.is_set():
            return
        due = self._rules.next_due(work.ledger.state)
        if due is not None and (work.sleeps_until is None or due < work.sleeps_until):
            work.wake.set()

    async def drain(self, timeout: float) -> None:
        """Take no more effects at all, and finish what was sent, within so many seconds."""
        self._draining = True
        works = list(self._works.values())
        self._works.clear()
        await asyncio.gather(*(self._leave(work, min(timeout, POST_GRACE_S)) for work in works))

    @property
    def paused_for(self) -> float:
        """Seconds for which no call is made because an answer asked for a pause."""
        return self._gate.closed_for()

    @property
    def in_flight(self) -> int:
        """Calls being made now."""
        return sum(len(work.reads) + len(work.submits) for work in self._works.values())

    # -- one ledger ------------------------------------------------------------------------------------------------

    async def _run(self, work: Work[S]) -> None:
        """Take what is due, then wait for what comes next. Ends when the ledger is closed.

        What calls the API is put off until it may; all else is begun at once.
        """
        state = work.ledger.state
        while work.ledger.is_open:
            work.wake.clear()
            now = self._clock()
            due = self._rules.next_due(state)
            if due is None or due > now:
                await self._wait(work, None if due is None else due - now, due)
                continue
            with whole_or_nothing(work.ledger, "take"):
                request_id = self._rules.take_due(state, now)
                calls_api = request_id is not None and self._rules.calls_api(state, request_id, now)
            if request_id is None:
                continue
            if calls_api:
                work.put_off(request_id)
            else:
                self._begin(work, request_id, now, has_slot=False)
            await asyncio.sleep(0)  # a long row of effects without a call must not hold up the loop

    async def _run_calls(self, work: Work[S]) -> None:
        """Begin what was put off, each when there is a slot and no answer asked for a pause."""
        while work.ledger.is_open:
            await work.has_waiting.wait()
            while pause := self._gate.closed_for():
                await self._sleep(pause)
            await self._slots.acquire()
            handed_on = False
            try:
                if work.waiting and work.ledger.is_open and not self._gate.closed_for():
                    handed_on = self._begin(work, work.next_waiting(), self._clock(), has_slot=True)
            finally:
                if not handed_on:
                    self._slots.release()
            if not handed_on:
                await asyncio.sleep(0)

    def _begin(self, work: Work[S], request_id: str, now: float, *, has_slot: bool) -> bool:
        """Begin what was taken. Return whether a call came of it that gives back the slot at its end."""
        if held := self._refusals_of(work).held_for(request_id):
            self._postpone(work, request_id, held)
            return False
        with whole_or_nothing(work.ledger, "begin"):
            call = self._rules.begin(work.ledger.state, request_id, work.ledger, now)
        if call is None:
            self.wake(work.ledger.partition)  # given back while the other loop slept: it may be due before all else
            return False
        # another's server may be slow: it keeps no slot that calls of the API need, and has bounds of its own
        holds_slot = has_slot and not isinstance(call, FetchTranscript)
        self._start(work, request_id, call, holds_slot=holds_slot)
        return holds_slot

    async def _wait(self, work: Work[S], seconds: float | None, until: float | None) -> None:
        work.sleeps_until = until
        waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(work.wake.wait())}
        if seconds is not None:
            waits.add(asyncio.ensure_future(self._sleep(seconds)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            work.sleeps_until = 0.0
            for wait in waits:
                wait.cancel()

    def _postpone(self, work: Work[S], request_id: str, seconds: float) -> None:
        """Keep a request that was taken, and so from being taken again, for a while."""

        async def wait() -> None:
            await self._sleep(seconds)

        def give_back(_ended: asyncio.Task[None]) -> None:
            self._rules.release(work.ledger.state, request_id)
            self.wake(work.ledger.partition)

        task = self._supervised(wait(), f"held-{request_id}")
        work.held.add(task)
        task.add_done_callback(work.held.discard)
        task.add_done_callback(give_back)

    def _refusals_of(self, work: Work[S]) -> Refusals:
        return self._refusals[work.ledger.partition]

    # -- one call --------------------------------------------------------------------------------------------------

    def _start(self, work: Work[S], request_id: str, call: Call, *, holds_slot: bool) -> None:
        tasks = work.submits if isinstance(call, Submit) else work.reads
        task = self._supervised(self._perform(work, request_id, call), f"{call.kind}-{request_id}")
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        if holds_slot:
            task.add_done_callback(lambda _ended: self._slots.release())
        task.add_done_callback(lambda ended: self._give_back(work, request_id, ended))

    def _give_back(self, work: Work[S], request_id: str, ended: asyncio.Task[None]) -> None:
        """Look at what is due; a callback, since a task cancelled before its first step runs no code of its own."""
        if ended.cancelled() or ended.exception() is not None:
            self._rules.release(work.ledger.state, request_id)
        self.wake(work.ledger.partition)  # what the result made due may come before what the loop waits for

    async def _perform(self, work: Work[S], request_id: str, call: Call) -> None:
        # a LedgerError before the call means that the intent is not durable and nothing was sent
        result = await self._call(work, call)
        if not isinstance(call, FetchTranscript):  # what its server says is no word of the API
            self._gate.note(request_id, result)
        await self._folding.fold(work, request_id, call, result)

    async def _call(self, work: Work[S], call: Call) -> Result:
        if call.durable_first:
            self._crash_point("before_intent")
            await work.ledger.flush()
            self._crash_point("after_intent")
        if work.leaving:
            return Failed(fault="never_sent", reason="the partition is leaving this worker")
        if isinstance(call, Submit) and self._clock() > call.not_after:
            return Failed(fault="never_sent", reason="it took too long to become durable")
        began = self._clock()
        place = "post" if isinstance(call, Submit) else "read"
        self._crash_point(f"before_{place}")
        result = await self._performer.perform(call)
        self._crash_point(f"after_{place}")
        outcome = result.fault if isinstance(result, Failed) else "ok"
        if isinstance(result, Failed):
            log.warning("call_failed", kind=call.kind, fault=result.fault, reason=result.reason)
        if self._observer is not None:
            self._observer.called(call.kind, outcome, self._clock() - began)
        return result

    # -- ends ------------------------------------------------------------------------------------------------------

    async def _leave(self, work: Work[S], grace_s: float) -> None:
        work.leaving = True
        ends: set[asyncio.Task[None]] = {*work.reads, *work.held, *work.loops}
        for task in ends:
            task.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
        while work.waiting:
            self._rules.release(work.ledger.state, work.next_waiting())
        if work.submits:
            _, late = await asyncio.wait(work.submits, timeout=grace_s)
            if late:
                log.error("submissions_left_behind", partition=work.ledger.partition, count=len(late))

    def _supervised(self, steps: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(steps, name=name)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is not None and not isinstance(error, LedgerError):
            self._on_fatal(error)
