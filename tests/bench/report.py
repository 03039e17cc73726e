"""The figures as tables for people, and which of them must or should be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table


class Goal(NamedTuple):
    """A figure to be reached.

    Attributes:
        place: where it is in the figures.
        text: for people.
        sign: 1 when more is better, -1 when less is.
        aim: what we want.
        required: what it must be; ``None``: nothing fails without it.
    """

    place: tuple[str, ...]
    text: str
    sign: int
    aim: float
    required: float | None = None

    def reached(self, value: float, bound: float) -> bool:
        """Whether a value is good enough."""
        return (value - bound) * self.sign >= 0


_REPEATED = ("throughput", "repeated_50")
GOALS = (
    Goal(("throughput", "ratios", "quix_exactly_once"), "times Quix Streams, exactly once", 1, 2.0, 1.5),
    Goal(("throughput", "ratios", "aiokafka_loop"), "times the bare aiokafka loop", 1, 1.5, 1.0),
    Goal(("throughput", "ratios", "faust_agent"), "times the plain Faust agent", 1, 10.0, 6.0),
    Goal((*_REPEATED, "ratios", "quix_exactly_once"), "half repeats: times Quix Streams", 1, 2.0, 1.5),
    Goal((*_REPEATED, "ratios", "aiokafka_loop"), "half repeats: times the aiokafka loop", 1, 1.5, 1.0),
    Goal((*_REPEATED, "ratios", "faust_agent"), "half repeats: times the Faust agent", 1, 10.0, 6.0),
    Goal(("throughput", "missing", "ours"), "outputs of ours missing", -1, 0, 0),
    Goal(("throughput", "duplicated", "ours"), "outputs of ours doubled", -1, 0, 0),
    Goal((*_REPEATED, "missing", "ours"), "half repeats: outputs of ours missing", -1, 0, 0),
    Goal((*_REPEATED, "duplicated", "ours"), "half repeats: outputs of ours doubled", -1, 0, 0),
    Goal(("restore", "ready_s"), "s until a million highlights are restored", -1, 20.0),
    Goal(("restore", "peak_rss_mb"), "MB at most while restoring", -1, 1500.0),
    *(
        Goal(("profiles", name, "enrich_us"), f"us to enrich a highlight, {name}, median", -1, 75.0, 150.0)
        for name in ("gaming", "education", "meetings")
    ),
    *(
        # 0.7 was asked for beside 150 us, which it contradicts (docs/decisions/0013): it stays the aim
        Goal(("profiles", name, "rate"), f"of the general profile's rate, {name}", 1, 0.7, 0.2)
        for name in ("gaming", "education", "meetings")
    ),
    Goal(("latency", "p50_ms"), "ms latency, median", -1, 60.0),
    Goal(("latency", "p99_ms"), "ms latency, 99th percentile", -1, 250.0),
    Goal(("latency", "missing"), "highlights missing under steady load", -1, 0, 0),
)


def find(figures: Mapping[str, Any], place: tuple[str, ...]) -> Any:
    """Return the value at a place, ``None`` when it was not measured."""
    value: Any = figures
    for name in place:
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    return value


def short_of(figures: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was measured and is not what it must be."""
    for goal in GOALS:
        value = find(figures, goal.place)
        if value is not None and goal.required is not None and not goal.reached(value, goal.required):
            yield f"{'.'.join(goal.place)} is {value}; it must be {goal.required:g}"


def show(console: Console, figures: Mapping[str, Any]) -> None:
    """Print what was measured."""
    throughput = figures.get("throughput")
    if throughput is not None:
        console.print(_race("records/s, every record news", throughput))
        if "repeated_50" in throughput:
            console.print(_race("records/s, half of them repeats", throughput["repeated_50"]))
    profiles = figures.get("profiles")
    if profiles is not None:
        console.print(_profiles(profiles))
    others = [name for name in ("restore", "latency", "memory", "startup") if name in figures]
    if others:
        console.print(_plain({name: figures[name] for name in others}))
    console.print(_goals(figures))


def _race(title: str, given: Mapping[str, Any]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("system", no_wrap=True)
    for column in ("records/s", "ours is", "CPU s", "peak MB", "missing", "doubled"):
        table.add_column(column, justify="right")
    for name in given["cpu_s"]:
        ratio = given["ratios"].get(name)
        table.add_row(
            name,
            f"{given[name]:,}",
            "" if ratio is None else f"{ratio:.2f}x",
            f"{given['cpu_s'][name]:.1f}",
            f"{given['peak_rss_mb'][name]:,}",
            f"{given['missing'][name]:,}",
            f"{given['duplicated'][name]:,}",
        )
    return table


def _profiles(given: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(title="profiles", title_justify="left")
    table.add_column("profile", no_wrap=True)
    for column in ("us each", "p90", "doc ms", "rec/s", "ratio", "missing", "doubled"):
        table.add_column(column, justify="right")
    for name, figures in given.items():
        table.add_row(name, *(f"{figures[key]:,}" for key in _PROFILE_KEYS))
    return table


_PROFILE_KEYS = ("enrich_us", "enrich_p90_us", "document_ms", "records_per_s", "rate", "missing", "duplicated")


def _plain(given: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(title="our worker", title_justify="left")
    for column in ("what", "figure", "value"):
        table.add_column(column, justify="right" if column == "value" else "left")
    for section, values in given.items():
        for index, (name, value) in enumerate(values.items()):
            text = f"{value:,}" if isinstance(value, int | float) else str(value)
            table.add_row("" if index else section, name, text, end_section=index == len(values) - 1)
    return table


def _goals(figures: Mapping[str, Any]) -> Table:
    table = Table(title="goals", title_justify="left")
    for column in ("what", "value", "must", "aim", ""):
        table.add_column(column, justify="left" if column in {"what", ""} else "right")
    for goal in GOALS:
        value = find(figures, goal.place)
        if value is None:
            continue
        failed = goal.required is not None and not goal.reached(value, goal.required)
        "[green]aim[/]" if goal.reached(value, goal.aim) else "[yellow]short of aim[/]"
        reached = "[green]aim[/]" if goal.reached(value, goal.aim) else "[yellow]short of aim[/]"
        word = "[red]missed[/]" if failed else reached
        must = "" if goal.required is None else f"{goal.required:g}"
        table.add_row(goal.text, f"{value:,}", must, f"{goal.aim:g}", word)
    return table
