"""Words of a highlight that somebody made to hold a worker up: pieces that are said over and over."""

from __future__ import annotations

from random import Random

LENGTH = 100_000

_PIECES = (
    "a ", "a, ", "is ", "the ", "1 ", "1", "1-", "1/", "12 34 ", "(1) ", "+1 ", "+", "0x", "1\u00a0", "AB12 ", "a1",
    "a" * 24 + "1", "@ ", "a@", "a.", "a@b.", "a at ", "a at b dot ", "http://a?", "password ", "password is ",
    "token" + " " * 3_000, "\u3000", " ", "\t", "\n", "-", "\u2014 ", ": ", "? ", "! ", ". ", "...", "_a", "A ",
    "A B ", "DR. ", "Mr. ", "e.g. ", "Bob: ", "Alice Chen ", "will ", "i will ", "i'm ", "and i ", "okay, ",
    "we decided ", "who will ", "monday ", "by friday ", "2026-07-01 ", "in ", "to ", "that's ", "what is that ",
    "is called ", "which is ", "if ", "for example ", "Ohm's law ", "ace ", "5v5 ", "\u2019", "\u0130", "{", "[",
    "<b>", "&amp;",
)  # fmt: skip


def _over_and_over(piece: str) -> str:
    return (piece * (LENGTH // len(piece) + 1))[:LENGTH]


def _pairs(count: int, seed: int) -> list[str]:
    draw = Random(seed)
    return ["".join(draw.choices(_PIECES, k=draw.randint(2, 4))) for _ in range(count)]


HOSTILE = {piece[:30]: _over_and_over(piece) for piece in (*_PIECES, *_pairs(60, seed=1))}
"""Texts of ``LENGTH`` characters, by the piece they are made of."""
