"""Where a command writes: rich tables on a terminal, plain columns in a pipe, JSON lines when asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import orjson
import typer
from rich import box
from rich.console import Console
from rich.table import Table


class OutputMode(StrEnum):
    """How results are shown."""

    TEXT = "text"
    JSON = "json"


OutputOption = Annotated[
    OutputMode,
    typer.Option("--output", "-o", help="[b]text[/b] for people, [b]json[/b] for programs: one object a line."),
]


class _PipeConsole(Console):
    """Tells the caller when nobody reads on, where rich would end the program inside a task."""

    def on_broken_pipe(self) -> None:
        """Raise what the write raised."""
        raise BrokenPipeError


class Output:
    """Results go to stdout, everything said about them to stderr.

    Attributes:
        json: whether results are JSON lines.
        console: stdout. It leaves colours out when NO_COLOR is set or nobody looks.
        notes: stderr.
    """

    def __init__(self, mode: OutputMode = OutputMode.TEXT, *, console: Console | None = None) -> None:
        self.json = mode is OutputMode.JSON
        self.console = console or _PipeConsole(highlight=False)
        self.notes = Console(stderr=True, highlight=False)

    @property
    def is_live(self) -> bool:
        """Whether a terminal shows what we print, so that it may move."""
        return self.console.is_terminal and not self.json and not self.console.is_dumb_terminal

    def line(self, text: str, **style: Any) -> None:
        """Print one line of text for people; nothing in JSON mode. Markup is not read: text may come from outside."""
        if not self.json:
            self.console.print(printable(text), markup=False, soft_wrap=True, **style)

    def note(self, text: str) -> None:
        """Say something beside the result."""
        self.notes.print(printable(text, newlines=True), markup=False, soft_wrap=True, style="dim")

    def record(self, fields: Mapping[str, Any]) -> None:
        """Print one JSON line, in JSON mode only."""
        if self.json:
            self.console.file.write(orjson.dumps(fields, default=str).decode() + "\n")
            self.console.file.flush()

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[Any]], *, empty: str = "nothing there") -> None:
        """Print rows under column names; in JSON mode an object for each row."""
        if self.json:
            for row in rows:
                self.record(dict(zip(columns, row, strict=True)))
        elif not rows:
            self.note(empty)
        elif self.console.is_terminal:
            self.console.print(_rich_table(columns, rows))
        else:
            for line in plain_columns(columns, rows):
                self.line(line)


def plain_columns(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Return lines with aligned columns, two spaces between them, nothing cut off."""
    cells = [list(columns), *([_text(value) for value in row] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(columns))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)
    return [line.rstrip() for line in lines]


def _rich_table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_escaped(value) for value in row))
    return table


def _escaped(value: Any) -> str:
    from rich.markup import escape

    return escape(_text(value))


def _text(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:g}"
    return printable(str(value))


def printable(text: str | bytes, limit: int | None = None, *, newlines: bool = False) -> str:
    """Return text from outside with everything escaped that could move the cursor, colour the screen or forge a line.

    Args:
        text: bytes are read as UTF-8 where they are.
        limit: characters after which it is cut off, saying how much is left.
        newlines: leave them as they are.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", errors="backslashreplace")
    cut = len(text) - limit if limit is not None and len(text) > limit else 0
    shown = text[:limit] if cut else text
    if not shown.isprintable():
        kept = "\n" if newlines else ""
        shown = "".join(c if c.isprintable() or (c == kept) else c.encode("unicode_escape").decode() for c in shown)
    return f"{shown} ... {cut} more" if cut else shown
