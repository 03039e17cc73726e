"""Reading lists that move while they are read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.api.models import Highlight, HighlightPage, Pagination
from pipeline.effects.pages import news, whole_pass
from tests.unit.effects.fakes import page_of

SIZE = 10


class MovingList:
    """A list of highlights in the order given, that may change at each read."""

    def __init__(self, count: int, *, newest_first: bool, per_read: Callable[[MovingList], None] | None = None) -> None:
        self.ids = [f"h{number}" for number in range(count)]
        self.newest_first = newest_first
        self.reads = 0
        self._per_read = per_read or (lambda _: None)

    async def fetch(self, number: int) -> HighlightPage:
        """Return a page, then let the list change."""
        self.reads += 1
        shown = list(reversed(self.ids)) if self.newest_first else list(self.ids)
        page = page_of([Highlight(id=name) for name in shown], number, SIZE)
        self._per_read(self)
        return page

    def grow(self) -> None:
        """Let one more appear."""
        self.ids.append(f"h{len(self.ids)}")


@pytest.mark.parametrize("newest_first", [True, False])
@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 95, 100])
async def test_a_whole_pass_over_a_list_at_rest(count: int, newest_first: bool) -> None:  # noqa: FBT001 -- a parameter
    """Each is found, with no more pages than there are, and the pass is clean."""
    listing = MovingList(count, newest_first=newest_first)
    listed = await whole_pass(listing.fetch, max_pages=100)
    assert set(listed.highlights) == set(listing.ids)
    assert (listed.clean, listed.total) == (True, count)
    assert listing.reads == max(1, -(-count // SIZE))


@pytest.mark.parametrize("newest_first", [True, False])
async def test_a_whole_pass_finds_what_slips_in(newest_first: bool) -> None:  # noqa: FBT001 -- a parameter
    """Highlights that appear during the pass, at the front or at the end, are found by it."""

    def grow_a_little(listing: MovingList) -> None:
        if listing.reads <= 4:
            listing.grow()

    listing = MovingList(45, newest_first=newest_first, per_read=grow_a_little)
    listed = await whole_pass(listing.fetch, max_pages=100)
    assert listed.clean
    assert set(listed.highlights) == set(listing.ids)


async def test_a_pass_over_a_list_that_loses_entries_is_not_clean() -> None:
    """When entries go while others shift past the reader, the pass claims no more than it saw; the next one does."""

    def shrink(listing: MovingList) -> None:
        if listing.reads == 2:
            del listing.ids[:5]

    listing = MovingList(40, newest_first=False, per_read=shrink)
    listed = await whole_pass(listing.fetch, max_pages=100)
    assert not listed.clean
    again = await whole_pass(listing.fetch, max_pages=100)
    assert again.clean
    assert set(again.highlights) == set(listing.ids)


async def test_a_pass_is_bounded() -> None:
    """A list that grows faster than it is read ends the pass, which is then not clean."""

    def grow_much(listing: MovingList) -> None:
        for _ in range(SIZE):
            listing.grow()

    listing = MovingList(50, newest_first=False, per_read=grow_much)
    listed = await whole_pass(listing.fetch, max_pages=20)
    assert listing.reads == 20
    assert not listed.clean


async def test_a_list_without_a_total_is_read_to_its_end() -> None:
    """Where the API tells no total, the first empty page is the end."""

    async def fetch(number: int) -> HighlightPage:
        shown = (Highlight(id=f"h{number}"),) if number <= 3 else ()
        return HighlightPage(shown, Pagination())

    listed = await whole_pass(fetch, max_pages=100)
    assert set(listed.highlights) == {"h1", "h2", "h3"}
    assert listed.clean


async def test_an_entry_that_cannot_be_read_does_not_hold_up_the_end() -> None:
    """Reading it again would not help, so it counts as seen."""

    async def fetch(_: int) -> HighlightPage:
        return HighlightPage((Highlight(id="h1"),), Pagination(total=2), unreadable=({"nonsense": 1},))

    assert (await whole_pass(fetch, max_pages=100)).clean


@pytest.mark.parametrize("entry", [{"nonsense": 1}, None, "h7"])
async def test_an_entry_that_cannot_be_read_counts_once_however_often_it_shows(entry: object) -> None:
    """When pages shift while they are read it shows on two of them, and must not stand in for a missing highlight."""
    shown = [Highlight(id=f"h{number}") for number in range(4)]
    pages = [HighlightPage(tuple(shown[:1]), Pagination(total=5), unreadable=(entry,))]
    pages.append(HighlightPage(tuple(shown[1:3]), Pagination(total=5), unreadable=(entry,)))
    pages.append(HighlightPage(tuple(shown[3:]), Pagination(total=5)))

    async def fetch(number: int) -> HighlightPage:
        return pages[number - 1] if number <= len(pages) else HighlightPage((), Pagination(total=5))

    listed = await whole_pass(fetch, max_pages=100)
    assert set(listed.highlights) == {"h0", "h1", "h2", "h3"}
    assert listed.clean


async def test_entries_that_cannot_be_read_and_look_the_same_count_each() -> None:
    """Two of them on one page are two."""

    async def fetch(_: int) -> HighlightPage:
        return HighlightPage((), Pagination(total=2), unreadable=(None, None))

    assert (await whole_pass(fetch, max_pages=100)).clean


@given(known=st.integers(0, 120), fresh=st.integers(0, 40), newest_first=st.booleans())
async def test_news_are_found_wherever_they_are(known: int, fresh: int, newest_first: bool) -> None:  # noqa: FBT001
    """All that is not known is found, at the front or at the end, without reading the whole list."""
    listing = MovingList(known + fresh, newest_first=newest_first)
    listed = await news(listing.fetch, set(listing.ids[:known]), per_page=SIZE, max_pages=100)
    assert set(listing.ids[known:]) <= set(listed.highlights)
    assert listing.reads <= 4 + fresh // SIZE


async def test_news_of_a_list_without_any_cost_one_page() -> None:
    """When the total says that all is known, the first page is the last."""
    listing = MovingList(50, newest_first=True)
    await news(listing.fetch, set(listing.ids), per_page=SIZE, max_pages=100)
    assert listing.reads == 1
