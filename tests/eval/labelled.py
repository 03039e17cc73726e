"""The labelled sets: ``sets/<industry>.<author>.<half>.jsonl``, explained in ``sets/LABELLING.md``.

``dev`` is what rules were written and weighed with. No rule was written with ``calibration``: confidences are measured
there. ``heldout`` was not looked at meanwhile: its digest was committed (``sets/heldout.sha256``) before anybody had
read it, and :func:`load` refuses any other.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal, get_args

import msgspec

Industry = Literal["gaming", "education", "meetings"]
Half = Literal["dev", "calibration", "heldout"]

INDUSTRIES: tuple[Industry, ...] = get_args(Industry)
HALVES: tuple[Half, ...] = get_args(Half)
SETS = Path(__file__).parent / "sets"


class ChangedSetError(Exception):
    """A held-out set is not the one whose digest was committed."""


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A labelled highlight of a match: everything that happens in it, and who did it."""

    id: str
    game: str
    title: str
    description: str
    tags: list[str]
    kinds: list[str]
    player: str | None
    team: str | None


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Some words of a transcript, with times in seconds."""

    start: float
    end: float
    speaker: str | None
    text: str


class Point(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A labelled clause of a lecture; ``term``: what is defined, or the theorem's name."""

    kind: str
    sentence: str
    term: str | None


class Passage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A labelled passage of a lecture."""

    id: str
    topics: list[str]
    segments: list[Said]
    labels: list[Point]


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A labelled clause of a meeting; of a discussion there is none."""

    kind: str
    sentence: str | None
    assignee: str | None
    due: str | None


class Excerpt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A labelled excerpt of a meeting; ``date`` is local to ``timezone``."""

    id: str
    date: str
    timezone: str
    attendees: list[str]
    turns: list[Said]
    labels: list[Item]


_TYPES: dict[Industry, Any] = {"gaming": Match, "education": Passage, "meetings": Excerpt}


def files_of(industry: Industry, half: Half) -> list[Path]:
    """Return the files of one half, one for each author."""
    return sorted(SETS.glob(f"{industry}.*.{half}.jsonl"))


def committed_digests() -> dict[str, str]:
    """Return the SHA-256 of each held-out file by its name, as committed."""
    lines = (SETS / "heldout.sha256").read_text("utf-8").splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def load(industry: Industry, half: Half) -> list[Any]:
    """Read one half: matches, passages or excerpts.

    Raises:
        ChangedSetError: it is the held-out half, and was changed since its digest was committed.
    """
    items = []
    digests = committed_digests()
    for path in files_of(industry, half):
        value = path.read_bytes()
        if half == "heldout" and hashlib.sha256(value).hexdigest() != digests.get(path.name):
            raise ChangedSetError(f"{path.name} is not what {SETS.name}/heldout.sha256 says: take it from git again")
        items += [msgspec.json.decode(line, type=_TYPES[industry]) for line in value.splitlines() if line.strip()]
    return items
