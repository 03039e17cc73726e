"""What profiles cost: a highlight enriched, a document made, and the worker's rate with requests of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from statistics import median, quantiles
from typing import Any

import msgspec

from agents.ledger_records import HighlightState
from agents.profile_setup import OURS
from agents.profiles import General, Prepared, Profile
from agents.rules.canonical import normal_tags
from schemas.records import Observation, ObservedHighlight, decode
from tests.bench import throughput, workload
from tests.bench.figures import Run
from tests.bench.lineup import PROFILED, Tell
from tests.bench.requested import requests
from tests.eval.labelled import INDUSTRIES, Industry, load
from tests.eval.ours import prepared_for, shown_for

_REPEATS = 15
_DOCUMENT_OF = 200
"""Highlights of the stream whose document is timed."""

_decoder = msgspec.json.Decoder(Observation)


async def measure(servers: str, records: int, *, rounds: int, tell: Tell) -> dict[str, Any]:
    """Time every profile on the texts of its labelled set, then let the worker run with requests of each in turn."""
    tell("profiles: enrichment alone")
    profiles: dict[str, Profile] = {"general": General(), **{name: make(None) for name, make in OURS.items()}}
    alone = {name: _alone(profile) for name, profile in profiles.items()}
    chosen = [system for system in PROFILED if system.name in profiles]
    tell("profiles: the worker")
    race = throughput.race(records, 1_000, repeats=False)
    runs = await throughput.measure(servers, race, rounds=rounds, systems=chosen, tell=tell)
    return {name: alone[name] | _rates(runs[name], runs["general"]) for name in runs}


def _rates(runs: list[Run], general: list[Run]) -> dict[str, Any]:
    ratios = [one.records_per_s / other.records_per_s for one, other in zip(runs, general, strict=True)]
    return {
        "records_per_s": round(median(run.records_per_s for run in runs)),
        "rate": round(median(ratios), 2),
        "missing": sum(run.missing for run in runs),
        "duplicated": sum(run.duplicated for run in runs),
    }


def _alone(profile: Profile) -> dict[str, Any]:
    samples = list(_texts(profile))
    each = [
        median(_timed(partial(rules.enrich, shown, tags)) for _ in range(_REPEATS)) for rules, shown, tags in samples
    ]
    rules, states = samples[0][0], _states(samples)
    document = median(_timed(partial(rules.document, states)) for _ in range(5))
    return {
        "enrich_us": round(median(each) * 1e6, 1),
        "enrich_p90_us": round(quantiles(each, n=10)[-1] * 1e6, 1),
        "document_ms": round(document * 1e3, 1),
    }


def _texts(profile: Profile) -> Iterator[tuple[Prepared, ObservedHighlight, list[str]]]:
    """Yield rules and highlights: the labelled development texts of its industry, or the throughput's for others."""
    if profile.name in INDUSTRIES:
        industry: Industry = msgspec.convert(profile.name, Industry)
        for item in load(industry, "dev"):
            shown = shown_for(item)
            yield prepared_for(profile, item), shown, normal_tags(shown.tags)
        return
    rules = profile.prepare(requests(1)[0], None)
    for each in workload.distinct(200, 1):
        (shown,) = decode(_decoder, each.value).highlights
        yield rules, shown, normal_tags(shown.tags)


def _states(samples: list[tuple[Prepared, ObservedHighlight, list[str]]]) -> Mapping[str, HighlightState]:
    states = {}
    for place, (rules, shown, tags) in enumerate(samples[:_DOCUMENT_OF]):
        note = rules.enrich(shown, tags).note
        start = float(place * 60)
        states[shown.id] = HighlightState(1, 1, place + 1, 1, 0.0, 0.8, start, 45.0, 0, 0, shown.title[:120], note)
    return states


def _timed(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
