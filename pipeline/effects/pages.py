"""Reading a list that may grow, shrink and shift while it is read, page by page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from hashlib import blake2b
from typing import Any

import msgspec

from pipeline.api.models import Highlight, HighlightPage

FetchPage = Callable[[int], Awaitable[HighlightPage]]
"""From a page number, from 1, to that page."""

_RETURNS = 2
"""How often a pass goes back to the first page, where a list that shows the newest first hides what came meanwhile."""


class Listed(msgspec.Struct, frozen=True):
    """What was read of a list.

    Attributes:
        highlights: by id, as last shown.
        total: what the API last claimed, ``None`` if it never did.
        clean: exactly as many different ones were read as the API last claimed.
    """

    highlights: dict[str, Highlight]
    total: int | None
    clean: bool


async def whole_pass(fetch: FetchPage, *, max_pages: int) -> Listed:
    """Read the whole list once: on to the end, and back to the front while some are missing.

    An entry that cannot be read counts as seen, since reading it again would not help.
    """
    seen: dict[str, Highlight] = {}
    total: int | None = None
    unreadable: Counter[bytes] = Counter()
    number, returns, shrunk = 1, 0, False
    for _ in range(max_pages):
        page = await fetch(number)
        _collect(page, seen)
        unreadable |= Counter(map(_print_of, page.unreadable))  # the most of any page: one may show on several
        count = len(seen) + unreadable.total()
        before, total = total, page.pagination.total if page.pagination.total is not None else total
        # entries that went made others move up, past the reader, while the sum may still come out right
        shrunk = shrunk or (before is not None and total is not None and total < before)
        if total is not None and not shrunk and count >= total:
            return Listed(seen, total, clean=count == total)
        number += 1
        if page.highlights or page.unreadable:
            continue
        if total is None or shrunk or returns == _RETURNS:
            return Listed(seen, total, clean=total is None)
        number, returns = 1, returns + 1
    return Listed(seen, total, clean=False)


async def news(fetch: FetchPage, known: Collection[str], *, per_page: int, max_pages: int) -> Listed:
    """Read what is not known yet, with as few pages as the list's order allows.

    New ones are at the front or at the end, and which of the two is not documented. So look at the front; as long as
    pages bring something new go on; if the first one brings nothing, jump to where the end should be.
    """
    seen: dict[str, Highlight] = {}
    total: int | None = None
    number = 1
    for _ in range(max_pages):
        page = await fetch(number)
        fresh = sum(highlight.id not in known and highlight.id not in seen for highlight in page.highlights)
        _collect(page, seen)
        total = page.pagination.total if page.pagination.total is not None else total
        known_now = len(known) + sum(highlight_id not in known for highlight_id in seen)
        if not page.highlights or (total is not None and known_now >= total):
            break
        if fresh:
            number += 1
        elif number == 1:
            size = page.pagination.per_page or per_page
            number = max(2, len(known) // size)  # one page of overlap, for what may have gone meanwhile
        else:
            number += 1
    return Listed(seen, total, clean=False)


def _print_of(entry: Any) -> bytes:
    """Return what tells an entry without an id from others: a hash of its content."""
    return blake2b(msgspec.json.encode(entry, order="deterministic"), digest_size=16).digest()


def _collect(page: HighlightPage, seen: dict[str, Highlight]) -> None:
    for highlight in page.highlights:
        if highlight.id:
            seen[highlight.id] = highlight
