"""Names that a request gives, found in texts however their letters are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Mention(NamedTuple):
    """A name in a text, from ``start`` to before ``end``."""

    name: str
    start: int
    end: int


class GivenNames:
    """Names as whole words. False when there are none.

    Of two that fit at one place the longer one is meant, of two that differ in case alone the one given first.
    """

    __slots__ = ("_expression", "_spelled")

    def __init__(self, names: Iterable[str]) -> None:
        given = [name for name in names if name.strip()]
        order = sorted(set(given), key=lambda name: (-len(name), name))
        self._spelled = {name.lower(): name for name in reversed(given)}
        alternatives = "|".join(re.escape(name) for name in order)
        self._expression = re.compile(rf"(?<!\w)(?:{alternatives})(?!\w)", re.IGNORECASE) if order else None

    def __bool__(self) -> bool:
        return self._expression is not None

    def mentions(self, text: str) -> Iterator[Mention]:
        """Yield each mention in the order of the text, by the spelling that was given."""
        for match in self._expression.finditer(text) if self._expression is not None else ():
            yield Mention(self._spelled.get(match[0].lower(), match[0]), match.start(), match.end())
