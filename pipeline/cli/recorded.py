"""Recorded highlights as people keep them: lines of our topic, of the API, or a whole page."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from pipeline.cli.errors import CommandError
from pipeline.cli.words import unknown_fields
from pipeline.worker.exit_codes import ExitCode

if TYPE_CHECKING:
    from schemas.records import Highlight, ObservedHighlight

_BESIDE = frozenset({"stream", "summary"})
"""What ``streams show --output json`` prints beside highlights."""

_OF_OURS = "record"
"""Field that ``watch`` and ``streams show`` add to each record."""


class Found(NamedTuple):
    """Something that stands in a file.

    Attributes:
        place: where, for people.
        what: the highlight; a text says why it is none.
        doubts: what is said of it and is not read, for people; the same in each highlight with the same mistake.
    """

    place: str
    what: Highlight | ObservedHighlight | str
    doubts: Sequence[str] = ()


def read_recorded(file: Path) -> Iterator[Found]:
    """Yield every highlight of a file, and every place where one cannot be read. Nothing is left out.

    Args:
        file: JSON lines, or one JSON text over several lines; ``-`` for standard input.

    Raises:
        CommandError: the file cannot be read.
    """
    held: list[tuple[int, bytes]] = []
    for number, line in _lines(file):
        if held or (line.strip() in {b"{", b"["} and number == 1):
            held.append((number, line))  # a JSON text that people can read is one value over many lines
        elif line.strip():
            yield from _line(f"line {number}", line)
    if not held:
        return
    try:
        whole = msgspec.json.decode(b"".join(line for _, line in held))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        for number, line in held:  # neither: each line is told of for itself
            if line.strip():
                yield from _line(f"line {number}", line)
    else:
        yield from _value("line 1", whole)


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    if str(file) == "-":
        yield from _numbered(sys.stdin.buffer)
        return
    try:
        with file.open("rb") as lines:
            yield from _numbered(lines)
    except OSError as error:
        problem = f"{file} cannot be read: {error.strerror}"
        raise CommandError(ExitCode.SETTINGS, problem, "name another file") from error


def _numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(lines, start=1):
        yield number, line.removeprefix(codecs.BOM_UTF8) if number == 1 else line


def _line(place: str, line: bytes) -> Iterator[Found]:
    try:
        given = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        yield Found(place, f"no JSON: {error}")
    else:
        yield from _value(place, given)


def _value(place: str, given: Any) -> Iterator[Found]:
    if isinstance(given, dict) and given.get(_OF_OURS) in _BESIDE:
        return
    page = given
    while isinstance(page, dict) and "id" not in page:
        page = page.get("highlights", page.get("data"))
    if not isinstance(page, list):
        yield _one(place, given)
        return
    for position, one in enumerate(page, start=1):
        yield _one(f"{place}, highlight {position}", one)


def _one(place: str, given: Any) -> Found:
    from pipeline.api.models import Highlight as ApiHighlight
    from pipeline.api.tolerant import WrongShapeError
    from pipeline.effects.observed import observed_highlight
    from schemas.records import Highlight

    try:
        if isinstance(given, dict) and "highlight_id" in given:
            return Found(place, msgspec.convert(given, Highlight), _doubts(given, Highlight.__struct_fields__))
        shown = observed_highlight(ApiHighlight.read(given))
    except (msgspec.ValidationError, WrongShapeError) as error:
        return Found(place, f"no highlight: {error}")
    names = [name for name in ApiHighlight.__struct_fields__ if name != "extra"]
    other = [f"{name} is of another type than the API's, and is not read" for name in names if name in shown.extra]
    return Found(place, shown, [*_doubts(given, names), *other])


def _doubts(given: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    return unknown_fields([name for name in given if name != _OF_OURS], names)
