"""Titles of highlights and chapters that say what is taught."""

from __future__ import annotations

from collections.abc import Sequence

from agents.profiles.education.points import Item
from agents.profiles.writing import clock

LONGEST_TITLE = 100
"""Characters of a title."""

_OPENING = ("introduction", "welcome", "overview", "outline")
_CLOSING = ("summary", "recap", "conclusion", "wrap-up", "review")


def title_of(title: str, start_s: float, items: Sequence[Item]) -> str:
    """Return an educational title: the term that is defined, the law that is stated, or the API's title."""
    title = tidy(title)
    for kind, before in (("theorem", ""), ("definition", "Key concept: ")):
        named = [item for item in items if item.kind == kind and item.term]
        if named:
            term = max(named, key=lambda item: item.confidence).term or ""
            return tidy(before + term[:1].upper() + term[1:])
    lowered = title.lower()
    for words, plain in ((_OPENING, "Introduction"), (_CLOSING, "Summary")):
        if any(word in lowered for word in words):
            return max(title, plain, key=len)
    if any(item.kind == "example" for item in items) and title and "example" not in lowered:
        return tidy(f"Example: {title}")
    return title or f"At {clock(start_s)}"


def tidy(text: str) -> str:
    """Return a title on one line, without signs that chapter lists forbid, of at most some length."""
    plain = text[:1_000]
    if not plain.isprintable() or "<" in plain or ">" in plain:
        plain = "".join(" " if letter in "<>" or not letter.isprintable() else letter for letter in plain)
    plain = " ".join(plain.split())
    return plain if len(plain) <= LONGEST_TITLE else plain[: LONGEST_TITLE - 1].rstrip() + "\u2026"
