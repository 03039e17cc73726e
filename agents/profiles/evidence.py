"""Why something is asserted: which words, where in the video, by which rule, how surely."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

Field = Literal["title", "description", "transcript", "metadata"]


class ByRule(NamedTuple):
    """A rule's full name, and how sure what it finds is: how an :class:`Evidence` ends."""

    rule: str
    confidence: float


class Evidence(msgspec.Struct, frozen=True, gc=False):
    """The ground for one derived item.

    Attributes:
        text: the words themselves, as published.
        field: where they stand.
        start: and ``end``: character offsets of the words in that field; in a segment's text for a transcript.
        at_s: where in the video they are said or shown, in seconds.
        rule: which rule of which version: ``gaming.ace@1``.
        confidence: 0 to 1, as the rule's data states it; ``make eval`` prints how often findings of it are right.
    """

    text: str
    field: Field
    start: int
    end: int
    at_s: float
    rule: str
    confidence: float


class Named(msgspec.Struct, frozen=True, gc=False):
    """Somebody or something that is spoken of by name: a player, a team, a concept."""

    name: str
    evidence: Evidence
