"""While a command follows Kafka: saying that it is silent, which the client library tells to its log alone."""

from __future__ import annotations

from collections.abc import Callable

SAY_AFTER_S = 10.0
GIVE_UP_AFTER_S = 60.0


class Silence:
    """Says once that Kafka does not answer, and once that it does again.

    Args:
        say: takes a line for people.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._said = False

    def note(self, unheard_s: float) -> None:
        """Take in for how many seconds Kafka has not been heard of."""
        silent = unheard_s >= SAY_AFTER_S
        if silent and not self._said:
            self._say(f"Kafka does not answer since {unheard_s:.0f} s")
        elif self._said and not silent:
            self._say("Kafka answers again")
        self._said = silent
