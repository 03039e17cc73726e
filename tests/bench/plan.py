"""What a run of the benchmarks does, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import typer

from tests.bench.lineup import SYSTEMS, System

SECTIONS = ("throughput", "startup", "restore", "memory", "profiles", "latency")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Sizes and choices.

    Attributes:
        sections: some of ``SECTIONS``.
        systems: in the race.
        records: observations of one throughput run.
        rounds: how often each is measured; figures are medians.
        requests: restored, with ten highlights each.
        streams: for memory, with twenty highlights each.
        latency_s: seconds at a steady rate.
    """

    sections: frozenset[str]
    systems: tuple[System, ...]
    records: int
    rounds: int
    requests: int = 100_000
    streams: int = 20_000
    latency_s: float = 20.0

    @classmethod
    def of(cls, *, only: str, systems: str, records: int, rounds: int, quick: bool) -> Self:
        """Read the options.

        Raises:
            typer.BadParameter: a name is unknown.
        """
        sections = frozenset(_names(only, SECTIONS, "section"))
        wanted = _names(systems, tuple(system.name for system in SYSTEMS), "system")
        chosen = tuple(system for system in SYSTEMS if system.name in wanted)
        if quick:
            return cls(
                sections=sections,
                systems=chosen,
                records=min(records, 20_000),
                rounds=1,
                requests=10_000,
                streams=2_000,
                latency_s=5.0,
            )
        return cls(sections=sections, systems=chosen, records=records, rounds=rounds)

    @property
    def needs_startup(self) -> bool:
        """Whether a worker without state has to be looked at, be it for comparison."""
        return bool(self.sections & {"startup", "restore", "memory"})


def _names(given: str, known: tuple[str, ...], what: str) -> set[str]:
    names = {name.strip() for name in given.split(",") if name.strip()}
    for name in names:
        if name not in known:
            raise typer.BadParameter(f"no {what} {name!r}; there are {', '.join(known)}")
    return names
