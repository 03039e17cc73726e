"""The figures as they are written to ``build/bench.json``. Plain values."""

from __future__ import annotations

from statistics import median
from typing import Any

import msgspec


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One system, one round.

    Attributes:
        records_per_s: input records a second, from the opened gate to the last output readable.
        seconds: between these two.
        cpu_s: CPU seconds of the process and its children meanwhile.
        peak_rss_mb: the most memory it had, start-up included.
        missing: outputs that should be there and are not.
        duplicated: outputs there more than once.
    """

    records_per_s: float
    seconds: float
    cpu_s: float
    peak_rss_mb: float
    missing: int
    duplicated: int


def throughput(runs: dict[str, list[Run]]) -> dict[str, Any]:
    """Return medians by system, and ours against each of them: medians of the ratios within a round."""
    systems = list(runs)
    ours = runs.get("ours", [])
    return {
        **{name: round(median(run.records_per_s for run in runs[name])) for name in systems},
        "ratios": {
            name: round(median(a.records_per_s / b.records_per_s for a, b in zip(ours, runs[name], strict=True)), 2)
            for name in systems
            if name != "ours" and ours
        },
        "cpu_s": {name: round(median(run.cpu_s for run in runs[name]), 2) for name in systems},
        "peak_rss_mb": {name: round(max(run.peak_rss_mb for run in runs[name])) for name in systems},
        "missing": {name: sum(run.missing for run in runs[name]) for name in systems},
        "duplicated": {name: sum(run.duplicated for run in runs[name]) for name in systems},
        "rounds": {name: [round(run.records_per_s) for run in runs[name]] for name in systems},
    }
