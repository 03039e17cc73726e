"""How many requests' rules stay prepared: the least recently used are dropped, and prepared anew when they are needed.

An hour of transcript is some 370 kB once it is prepared; a worker has thousands of live requests.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol
from weakref import ref

MOST_BYTES = 268_435_456
"""What prepared rules may weigh together, roughly in bytes."""

LIGHTEST = 32_768
"""What rules count without a transcript, between a match's and a meeting's: some 8,000 such requests stay prepared."""

PER_BYTE = 5
"""What a byte of a transcript weighs once it is prepared (4 were measured for captions of seven words)."""


class Droppable(Protocol):
    """What has prepared rules, and can prepare them anew."""

    def drop(self) -> None:
        """Let go of what was prepared."""


class KeptRules:
    """The rules in use, latest last.

    Args:
        most_bytes: what they may weigh together; the latest stays whatever it weighs.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most = most_bytes
        self._weights: OrderedDict[ref[Droppable], int] = OrderedDict()
        self.weight = 0

    def add(self, owner: Droppable, source_bytes: int) -> ref[Droppable]:
        """Note that rules were prepared from so many bytes; drop others where that is too much. Return what names them.

        They are forgotten with their owner.
        """
        name = ref(owner, self._forget)
        self._weights[name] = LIGHTEST + PER_BYTE * source_bytes
        self.weight += self._weights[name]
        while self.weight > self._most and len(self._weights) > 1:
            oldest, weight = self._weights.popitem(last=False)
            self.weight -= weight
            if (dropped := oldest()) is not None:
                dropped.drop()
        return name

    def used(self, name: ref[Droppable]) -> None:
        """Note that rules are in use."""
        self._weights.move_to_end(name)

    def _forget(self, name: ref[Droppable]) -> None:
        self.weight -= self._weights.pop(name, 0)
