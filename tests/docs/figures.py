"""``python -m tests.docs.figures --write``: take the figures of the last runs into the docs.

``make demo``, ``make chaos``, ``make bench`` and ``make eval`` leave their figures in ``build/``. This puts them into
``docs/figures.json``, which is committed, and from there into the README. A run that was not made leaves the figures of
the run before. Without ``--write`` it prints what the README should say.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.docs.markdown import ROOT, with_sections
from tests.docs.tables import table

SNAPSHOT = ROOT / "docs" / "figures.json"
KINDS = ("demo", "chaos", "bench", "eval")

Figures = Mapping[str, Mapping[str, Any]]


def snapshot(file: Path = SNAPSHOT) -> dict[str, Any]:
    """Return the committed figures by kind: when and where they were taken, and what the run wrote."""
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def taken(build: Path, before: Figures) -> dict[str, Any]:
    """Return the figures of the last runs; where there is none, those from before."""
    figures = dict(before)
    for kind in KINDS:
        file = build / f"{kind}.json"
        if file.exists():
            at = datetime.fromtimestamp(file.stat().st_mtime, UTC).date().isoformat()
            where = f"{os.cpu_count()} CPUs, Python {platform.python_version()}"
            figures[kind] = {"taken": at, "where": where, "figures": json.loads(file.read_text("utf-8"))}
    return figures


def render(figures: Figures) -> str:
    """Return the README's part: for each kind the command, when and where it ran, and what it found."""
    parts = []
    for kind in KINDS:
        entry = figures.get(kind)
        if entry is None:
            parts.append(f"**`make {kind}`**: no figures were taken yet; the command prints them.")
            continue
        body = {"demo": _demo, "chaos": _chaos, "bench": _bench, "eval": _eval}[kind](entry["figures"])
        seeds = _seeds(entry["figures"]) if kind == "chaos" else ""
        parts.append(f"**`make {kind}{seeds}`** ({entry['taken']}, {entry['where']})\n\n{body}")
    return "\n\n".join(parts)


def _seeds(found: Mapping[str, Any]) -> str:
    """How many seeds were run, as ``make`` takes it."""
    return f" SEEDS={max(len(statement.get('seeds', ())) for statement in found.values())}"


def _demo(found: Mapping[str, Any]) -> str:
    return table(["figure", "value"], [(name.replace("_", " "), _text(value)) for name, value in _flat(found)])


def _chaos(found: Mapping[str, Any]) -> str:
    columns = ("rounds", "made", "missing", "duplicate", "out_of_order")
    rows = [
        (name, "yes" if one["pass"] else "**no**", *(_text(one.get(column, "")) for column in columns))
        for name, one in found.items()
    ]
    return table(["statement", "holds", *(column.replace("_", " ") for column in columns)], rows)


def _bench(found: Mapping[str, Any]) -> str:
    parts = [_throughput(f"{path}: " if path else "", one) for path, one in _races(found)]
    if "profiles" in found:
        parts.append(_profiles(found["profiles"]))
    apart = ("throughput", "profiles")
    rest = [(path.replace("_", " "), _text(value)) for path, value in _flat(found) if not path.startswith(apart)]
    return "\n\n".join([*parts, *([table(["figure", "value"], rest)] if rest else [])])


def _profiles(found: Mapping[str, Mapping[str, Any]]) -> str:
    columns = {
        "us a highlight": "enrich_us",
        "p90": "enrich_p90_us",
        "ms a document": "document_ms",
        "records/s": "records_per_s",
        "of the general profile's": "rate",
        "missing": "missing",
        "doubled": "duplicated",
    }
    rows = [(name, *(_text(one[key]) for key in columns.values())) for name, one in found.items()]
    return table(["profile", *columns], rows)


def _eval(found: Mapping[str, Any]) -> str:
    """Return precision, recall and F1 of each kind beside the guide's, and what confidences are worth."""
    rows = []
    for industry, one in found["industries"].items():
        guides = {score["kind"]: score for score in one["guides"]}
        for score in one["ours"]:
            guide = guides.get(score["kind"])
            rates = [f"{score[name]:.2f}" for name in ("precision", "recall", "f1")]
            interval = f"{score['low']:.2f} to {score['high']:.2f}"
            rows.append(
                (industry, score["kind"], str(score["items"]), *rates, interval, f"{guide['f1']:.2f}" if guide else "")
            )
    columns = ["industry", "kind", "items", "precision", "recall", "F1", "95 % of F1", "F1 of the guide's patterns"]
    stated = [
        (industry, _text(bin_["count"]), f"{bin_['stated']:.2f}", f"{bin_['right']:.2f}")
        for industry, one in found["industries"].items()
        for bin_ in one["calibration"]
    ]
    sure = table(["industry", "findings", "confidence by mean", "right"], stated)
    return f"The {found['half']} half.\n\n{table(columns, rows)}\n\n{sure}"


def _races(found: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each comparison of systems: the throughput itself, or one for each share of repeats."""
    throughput = found.get("throughput", {})
    if "ratios" in throughput:
        yield "", throughput
        return
    for name, one in throughput.items():
        if isinstance(one, Mapping) and "ratios" in one:
            yield name.replace("_", " "), one


def _throughput(title: str, race: Mapping[str, Any]) -> str:
    systems = [name for name, value in race.items() if isinstance(value, int | float)]
    columns = {"CPU s": "cpu_s", "peak MB": "peak_rss_mb", "missing": "missing", "doubled": "duplicated"}
    rows = [
        (
            name.replace("_", " "),
            _text(race[name]),
            _text(race["ratios"].get(name, "")),
            *(_text(race.get(key, {}).get(name, "")) for key in columns.values()),
        )
        for name in systems
    ]
    return f"{title}medians\n\n" + table(["system", "records/s", "ours is x times that", *columns], rows)


def _flat(found: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in found.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{name} ")
        elif not isinstance(value, list):
            yield f"{path}{name}", value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


def write(root: Path = ROOT) -> None:
    """Take the figures into the snapshot and the README."""
    file = root / "docs" / "figures.json"
    figures = taken(root / "build", snapshot(file))
    file.write_text(json.dumps(figures, indent=2, ensure_ascii=False) + "\n", "utf-8")
    readme = root / "README.md"
    readme.write_text(with_sections(readme.read_text("utf-8"), {"figures": render(figures)}, partial=True), "utf-8")


def main(arguments: list[str]) -> int:
    """Print the README's part, or write it with ``--write``."""
    if "--write" in arguments:
        write()
    print(render(snapshot()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
