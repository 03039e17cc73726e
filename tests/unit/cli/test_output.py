"""Output is safe to look at, aligned in a pipe, and plain JSON when asked for."""

from __future__ import annotations

import io

import orjson
import pytest
from rich.console import Console

from pipeline.cli.output import Output, OutputMode, plain_columns, printable


def captured(mode: OutputMode) -> tuple[Output, io.StringIO]:
    """An output into a buffer."""
    buffer = io.StringIO()
    return Output(mode, console=Console(file=buffer, width=60, highlight=False)), buffer


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("Zürich 日本", "Zürich 日本"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("forged\nline", "forged\\nline"),
        ("right\u202eleft", "right\\u202eleft"),
        (b"\xff\x00ok", "\\xff\\x00ok"),
    ],
)
def test_what_comes_from_outside_cannot_move_the_cursor(text: str | bytes, shown: str) -> None:
    """Control characters, escapes, direction marks and broken UTF-8 are shown as what they are."""
    assert printable(text) == shown


def test_long_text_is_cut_and_says_so() -> None:
    """A limit cuts, and names how much is left."""
    assert printable("abcdef", 2) == "ab ... 4 more"
    assert printable("ab", 2) == "ab"


def test_columns_are_aligned_and_never_cut() -> None:
    """In a pipe every value is whole, however narrow the terminal would be."""
    lines = plain_columns(["a", "bb"], [("x" * 100, None), ("y", 1.5)])
    assert lines == ["a" + " " * 101 + "bb", "x" * 100 + "  -", "y" + " " * 101 + "1.5"]


def test_json_mode_writes_one_object_a_line_and_nothing_else() -> None:
    """Lines for people are left out; rows become objects by column name."""
    out, buffer = captured(OutputMode.JSON)
    out.line("for people")
    out.table(["a", "b"], [(1, "x\ny"), (2, None)])
    assert [orjson.loads(line) for line in buffer.getvalue().splitlines()] == [
        {"a": 1, "b": "x\ny"},
        {"a": 2, "b": None},
    ]


def test_text_mode_writes_no_json() -> None:
    """Records for programs are left out."""
    out, buffer = captured(OutputMode.TEXT)
    out.record({"a": 1})
    out.line("[b]not markup[/b]")
    assert buffer.getvalue() == "[b]not markup[/b]\n"


def test_no_color_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    """With NO_COLOR set, a terminal gets no colours."""
    monkeypatch.setenv("NO_COLOR", "1")
    buffer = io.StringIO()
    out = Output(console=Console(file=buffer, force_terminal=True, highlight=False))
    out.line("text", style="red")
    assert "\x1b[31m" not in buffer.getvalue()
