"""The end of the demo: the account, for people and as figures."""

from __future__ import annotations

from pathlib import Path

from rich import box
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from pipeline.cli.demo.state import DemoState
from pipeline.cli.output import Output, plain_columns
from pipeline.cli.show import STATE_STYLES
from pipeline.stack.account import Account, StreamAccount

_COLUMNS = ("request", "tenant", "outcome", "made", "published", "corrections", "missing", "twice", "out of order")
_TEXT_COLUMNS = 3
_WIDE = 100
"""Narrower terminals show only what the account is about."""

_SHOWN_FINDINGS = 12
_MEANINGS = {
    "made": "highlights that the API made",
    "published": "distinct highlights on the topic",
    "records": "records of them, with corrections",
    "missing": "made, and not on the topic",
    "outdated": "not corrected when the API corrected itself",
    "duplicated": "on the topic twice",
    "out_of_order": "not in the order of their seq",
    "invented": "on the topic, and never made",
    "summary_mismatches": "summaries that disagree with the topic",
    "surplus_streams": "streams that the API was asked for twice",
    "dead_letters": "requests given up as unusable",
}
_MUST_BE_ZERO = ("missing", "outdated", "duplicated", "out_of_order", "invented", "summary_mismatches")


def figures_of(state: DemoState, account: Account) -> dict[str, object]:
    """Return what goes into the JSON file. Times are seconds since the command was started."""
    first = state.first_highlight_s
    return {
        **account.figures(),
        "first_highlight_s": None if first is None else round(first, 2),
        "total_s": round(state.clock(), 2),
        "kills": state.kills,
        "ok": account.ok,
    }


def show_account(
    out: Output, state: DemoState, account: Account, figures: dict[str, object], json_file: Path, folder: Path
) -> None:
    """Print the account."""
    if out.json:
        out.record({"event": "account", **figures, "findings": account.findings})
    elif out.console.is_terminal:
        _show_rich(out, account, figures)
    else:
        _show_plain(out, account, figures)
    for finding in account.findings[:_SHOWN_FINDINGS]:
        out.line(f"  {finding}")
    if len(account.findings) > _SHOWN_FINDINGS:
        out.line(f"  and {len(account.findings) - _SHOWN_FINDINGS} more")
    _show_verdict(out, state, account, figures)
    out.line(f"    figures: {json_file}" + ("" if account.ok else f"   logs: {folder}"))


def _show_verdict(out: Output, state: DemoState, account: Account, figures: dict[str, object]) -> None:
    if out.json:
        return
    kills = f"{state.kills} worker{'s' * (state.kills != 1)} killed with kill -9"
    first = figures["first_highlight_s"]
    first_told = "no highlight yet" if first is None else f"first highlight after {first} s"
    times = f"{first_told}, {'given up' if account.unsettled else 'all done'} after {figures['total_s']} s"
    if account.ok:
        out.line("  ✓ every highlight once, in order", style="bold green")
    else:
        out.line("  ✗ the account is not clean", style="bold red")
    out.line(f"    {kills}; {times}")


def _show_rich(out: Output, account: Account, figures: dict[str, object]) -> None:
    streams = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim")
    dropped = () if out.console.width >= _WIDE else ("tenant", "outcome", "corrections")
    kept = [place for place, column in enumerate(_COLUMNS) if column not in dropped]
    for place in kept:
        text = place < _TEXT_COLUMNS
        streams.add_column(_COLUMNS[place], no_wrap=text, justify="left" if text else "right")
    streams.add_column("")
    for row in account.rows:
        cells = _cells(row)
        streams.add_row(
            *(cells[place] for place in kept), Text("✗", "bold red") if row.findings() else Text("✓", "green")
        )
    out.console.print(streams)
    out.console.print(Rule("the account", style="dim", align="left"))
    sums = Table.grid(padding=(0, 2))
    sums.add_column(justify="right")
    for name, meaning in _MEANINGS.items():
        sums.add_row("", *_sum(name, int(str(figures[name]))), Text(meaning, style="dim"))
    out.console.print(sums)


def _sum(name: str, value: int) -> tuple[Text, Text]:
    if name in _MUST_BE_ZERO:
        style = "bold red" if value else "green"
        return Text(name.replace("_", " "), style=style), Text(str(value), style=style, justify="right")
    return Text(name.replace("_", " ")), Text(str(value), style="bold", justify="right")


def _cells(row: StreamAccount) -> list[Text]:
    outcome = row.outcome or row.state or "unknown"
    numbers = (row.made, row.published, row.records - row.published)
    faults = (row.missing, row.duplicated, row.out_of_order)
    return [
        Text(row.request_id),
        Text(row.tenant, style="dim"),
        Text(outcome, style=STATE_STYLES.get(outcome, "")),
        *(Text(str(number)) for number in numbers),
        *(Text(str(len(fault)), style="bold red" if fault else "dim") for fault in faults),
    ]


def _show_plain(out: Output, account: Account, figures: dict[str, object]) -> None:
    out.line("")
    for line in plain_columns(_COLUMNS, [_cells(row) for row in account.rows]):
        out.line(f"  {line}")
    out.line("")
    for line in plain_columns(
        ["figure", "count", "meaning"], [(name, figures[name], meaning) for name, meaning in _MEANINGS.items()]
    ):
        out.line(f"  {line}")
    out.line("")
