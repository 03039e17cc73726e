"""The next version of the software, as far as the ledger can tell: its state records have a field more."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import msgspec

from agents.domain import HighlightDomain
from agents.ledger_records import HighlightState, RequestState
from pipeline.domain import Domain, EffectRules, Headers, Incoming, Outcome, Rule, Stage
from pipeline.effects.calls import Call, Result


class NextRequestState(RequestState, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A request's state with a field that this version does not know."""

    mood: str = ""


class NextHighlightState(HighlightState, frozen=True, array_like=True, gc=False):
    """A highlight's state with one more place at its end."""

    mood: str = ""


def with_next_state(domain: HighlightDomain) -> Domain[Any]:
    """Return the same decisions, writing the next version's records."""
    domain.rules = MappingProxyType({topic: _staging_next(rule) for topic, rule in domain.rules.items()})
    return _NextDomain(domain)


class _NextStage:
    """Gives each state record its new field on the way into the ledger."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def put(self, key: str, value: msgspec.Struct | None) -> None:
        self._stage.put(key, _next(value))

    def publish(
        self, topic: str, key: bytes | None, value: bytes | None, headers: Headers = (), *, partition: int | None = None
    ) -> None:
        self._stage.publish(topic, key, value, headers, partition=partition)


class _NextEffects:
    def __init__(self, effects: EffectRules[Any]) -> None:
        self._effects = effects

    def next_due(self, state: Any) -> float | None:
        return self._effects.next_due(state)

    def take_due(self, state: Any, now: float) -> str | None:
        return self._effects.take_due(state, now)

    def release(self, state: Any, request_id: str) -> None:
        self._effects.release(state, request_id)

    def calls_api(self, state: Any, request_id: str, now: float) -> bool:
        return self._effects.calls_api(state, request_id, now)

    def begin(self, state: Any, request_id: str, stage: Stage, now: float) -> Call | None:
        return self._effects.begin(state, request_id, _NextStage(stage), now)

    def finish(self, state: Any, request_id: str, call: Call, result: Result, stage: Stage, now: float) -> None:
        self._effects.finish(state, request_id, call, result, _NextStage(stage), now)


class _NextDomain:
    def __init__(self, domain: HighlightDomain) -> None:
        self.desk = domain.desk
        self.rules = domain.rules
        self.effects: EffectRules[Any] = _NextEffects(domain.effects)
        self.new_state = domain.new_state


def _staging_next(rule: Rule[Any]) -> Rule[Any]:
    def decide(incoming: Incoming, state: Any, stage: Stage, now: float) -> Outcome:
        return rule(incoming, state, _NextStage(stage), now)

    return decide


def _next(value: msgspec.Struct | None) -> msgspec.Struct | None:
    if type(value) is RequestState:
        return NextRequestState(**msgspec.structs.asdict(value), mood="bright")
    if type(value) is HighlightState:
        return NextHighlightState(**msgspec.structs.asdict(value), mood="bright")
    return value
