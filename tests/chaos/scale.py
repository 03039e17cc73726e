"""How much load a statement is run with, and the simulator scenario that makes it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.chaos.load import SCRIPT_S

STARTING_S = 12.0
"""How long workers take to begin, and to see a stream's end, about."""

PENDING_S = (0.02, 0.07)
"""How long the API takes to begin with a stream, from and to, in real seconds."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """The load of one statement.

    Attributes:
        streams: requests sent in all.
        highlights: of each stream.
        seconds: how long a stream runs, from and to, in real seconds.
        over_s: the requests are spread over so many seconds.
        workers: that run at the same time, unless the statement says otherwise.
        partitions: of each topic.
        poll_s: shortest and longest time between two polls of a stream.
        per_page: highlights asked for in one page.
        revised: share of highlights that the API corrects later.
        newest_first_growing: pages grow at their front while they are read.
        faults: of the simulator, as in a scenario file.
        settings: further settings of the workers, by ``group.key``.
    """

    streams: int = 200
    highlights: tuple[int, int] = (20, 20)
    seconds: tuple[float, float] = (10.0, 20.0)
    over_s: float = 0.0
    workers: int = 3
    partitions: int = 6
    poll_s: tuple[float, float] = (0.7, 3.0)
    per_page: int = 50
    revised: float = 0.05
    newest_first_growing: bool = False
    faults: tuple[dict[str, Any], ...] = ()
    settings: tuple[tuple[str, Any], ...] = ()

    @property
    def compression(self) -> float:
        """Content seconds in a real second: streams whose content is written down run as long as others by average."""
        return SCRIPT_S / (sum(self.seconds) / 2)

    @property
    def bare(self) -> bool:
        """Whether the API finds nothing, so that no stream has content that is written down."""
        return not self.highlights[1]

    @property
    def reminders_after_s(self) -> float:
        """Seconds from the beginning until waiting reminders are due: about half of the streams have ended then."""
        return STARTING_S + (self.over_s + sum(self.seconds)) / 2

    def but(self, **changes: Any) -> Scale:
        """Return the same load with some figures changed."""
        return replace(self, **changes)

    def write_scenario(self, file: Path) -> Path:
        """Write the simulator's scenario as TOML and return where it is."""
        low, high = (second * self.compression for second in self.seconds)
        pending = [second * self.compression for second in PENDING_S]
        few, many = self.highlights
        lines = [
            'name = "chaos-harness"',
            f"[time]\ncompression = {self.compression}",
            f"[streams]\nduration_s = [{low}, {high}]\npending_s = {pending}\nhighlights = [{few}, {many}]",
            f"[content]\nrevised_share = {self.revised}",
            f"[pages]\nrelease_on_read = {str(self.newest_first_growing).lower()}",
        ]
        for fault in self.faults:
            lines.append("[[faults]]")
            lines += [f"{name} = {_toml(value)}" for name, value in fault.items()]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return file


def _toml(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)
