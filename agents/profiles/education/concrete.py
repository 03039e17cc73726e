"""What is told: sentences about what happened."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

_ED = 4
_FEWEST = 2


class ConcreteData(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``concrete`` in ``points.yaml``.

    Attributes:
        told: verbs of the past that do not end in ``-ed``.
        ours: words of the lecturer's own day.
        talk: words about the lecture.
        past: words about how the field came to be.
    """

    told: frozenset[str]
    ours: frozenset[str]
    talk: frozenset[str]
    past: frozenset[str]


class Concrete:
    """Says what tells of something that happened."""

    def __init__(self, data: ConcreteData) -> None:
        self._told = data.told
        self._others = data.ours | data.talk | data.past

    def told(self, words: Sequence[str]) -> bool:
        """Say whether a sentence tells what happened: two verbs of the past, none of the lecturer's own day."""
        verbs = sum([word in self._told or (word[-2:] == "ed" and len(word) > _ED) for word in words])
        return verbs >= _FEWEST and self._others.isdisjoint(words)
