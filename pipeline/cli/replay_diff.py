"""What another profile, or another version of one, makes different: by highlight and by document. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from schemas.records import Highlight


class Difference(msgspec.Struct, frozen=True):
    """What differs in one highlight or document.

    Attributes:
        request_id: whose it is.
        highlight_id: which; empty for the document.
        added: fields, or tags as ``tag:name``, that are there now; ``removed`` and ``changed`` likewise.
    """

    request_id: str
    highlight_id: str
    added: list[str]
    removed: list[str]
    changed: list[str]


def of_highlight(before: Highlight, after: Highlight) -> Difference | None:
    """Return what differs between two records of one highlight; ``None``: nothing."""
    added = [f"tag:{tag}" for tag in after.tags if tag not in before.tags]
    removed = [f"tag:{tag}" for tag in before.tags if tag not in after.tags]
    changed = [name for name in ("title", "description") if getattr(before, name) != getattr(after, name)]
    return _of(before.request_id, before.highlight_id, before.enrichment, after.enrichment, (added, removed, changed))


def of_document(request_id: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Difference | None:
    """Return what differs between two documents of one request; ``None``: nothing."""
    return _of(request_id, "", before, after, ([], [], []))


def _of(
    request_id: str,
    highlight_id: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    found: tuple[list[str], list[str], list[str]],
) -> Difference | None:
    before, after = _as_read(before), _as_read(after)
    added, removed, changed = found
    added += [name for name in after if name not in before]
    removed += [name for name in before if name not in after]
    changed += [name for name in after if name in before and before[name] != after[name]]
    if not (added or removed or changed):
        return None
    return Difference(request_id, highlight_id, added, removed, changed)


def _as_read(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a consumer reads: one made here may hold tuples or times where one from a topic does not."""
    read: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(fields))
    return read


def counted(differences: Iterable[Difference]) -> list[tuple[str, str, int]]:
    """Return how many highlights and documents have each change: what, how, how many, the most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    for one in differences:
        kind = "" if one.highlight_id else "document: "
        for how in ("added", "removed", "changed"):
            counts.update((f"{kind}{name}", how) for name in getattr(one, how))
    return [(name, how, count) for (name, how), count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
