"""A benchmark that misses what must be reached says so; the checker is proven to fail."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from tests.bench import figures, report
from tests.bench.figures import Run


def _run(rate: float, missing: int = 0) -> Run:
    return Run(records_per_s=rate, seconds=1.0, cpu_s=1.0, peak_rss_mb=100.0, missing=missing, duplicated=0)


def _figures(ours: float, missing: int = 0) -> dict[str, object]:
    rivals = {name: [_run(1_000.0)] * 3 for name in ("aiokafka_loop", "faust_agent", "quix_exactly_once")}
    return {"throughput": figures.throughput({"ours": [_run(ours, missing)] * 3, **rivals})}


def test_all_reached_is_silent() -> None:
    """Nothing is reported when every figure that must be reached is."""
    assert list(report.short_of(_figures(ours=6_000.0))) == []


def test_a_slow_worker_is_reported() -> None:
    """Each ratio below its bound is named."""
    missed = "\n".join(report.short_of(_figures(ours=1_200.0)))
    assert "quix_exactly_once is 1.2; it must be 1.5" in missed
    assert "faust_agent is 1.2; it must be 6" in missed
    assert "aiokafka_loop" not in missed


def test_a_lost_output_is_reported_however_fast() -> None:
    """Speed does not make up for a missing record."""
    assert any("missing.ours is 3" in line for line in report.short_of(_figures(ours=9_000.0, missing=1)))


def test_ratios_are_medians_of_rounds_not_of_sums() -> None:
    """A round in which the machine was busy slows both systems, and does not move the ratio."""
    runs = {"ours": [_run(200.0), _run(2_000.0), _run(20.0)], "aiokafka_loop": [_run(100.0), _run(1_000.0), _run(10.0)]}
    assert figures.throughput(runs)["ratios"] == {"aiokafka_loop": 2.0}


def test_the_tables_show_every_system() -> None:
    """A person sees each system by name, and how many times faster ours is."""
    out = StringIO()
    report.show(Console(file=out, width=120), _figures(ours=6_000.0))
    text = out.getvalue()
    assert "quix_exactly_once" in text
    assert "6.00x" in text
