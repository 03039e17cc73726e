"""The oracle of tournaments finds what it is there to find, and what a worker tells passes."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from agents.policy import Policy
from tests.chaos.oracle import Account
from tests.chaos.played import POLICY, VIEW, Played
from tests.chaos.reading import Read
from tests.chaos.tournaments import Topics, judge_tournaments

Reads = list[Read]
FIRST = "Pistol round: Nyx opens with two headshots"
played = cache(Played)


def account(
    moments: Callable[[Reads], Reads] = list,
    boards: Callable[[Reads], Reads] = list,
    notifications: Callable[[Reads], Reads] = list,
    *,
    highlights: Callable[[Reads], Reads] = list,
    policy: Policy = POLICY,
) -> Account:
    """Compare what a match has told, each topic changed by a fault."""
    topics = Topics(
        moments(played().reads("moments")),
        boards(played().reads("tournaments")),
        notifications(played().reads("notifications")),
    )
    found = Account()
    judge_tournaments(found, played().asked, highlights(played().reads("highlights")), topics, policy)
    assert found.holds == (not found.bad_tournaments)
    return found


def value_of(read: Read) -> dict[str, Any]:
    """A record's value."""
    value: dict[str, Any] = json.loads(read.value or b"")
    return value


def changed(read: Read, **fields: Any) -> Read:
    """A record with some fields changed."""
    return replace(read, value=json.dumps(value_of(read) | fields).encode())


def without(kept: Callable[[dict[str, Any]], bool]) -> Callable[[Reads], Reads]:
    """Lose the records that are not kept."""
    return lambda reads: [read for read in reads if kept(value_of(read))]


def in_last(**fields: Any) -> Callable[[Reads], Reads]:
    """Change the last record."""
    return lambda reads: [*reads[:-1], changed(reads[-1], **fields)]


def sent_once_more(reads: Reads) -> Reads:
    """The first record comes again at the end."""
    return [*reads, reads[0]]


def test_what_a_match_tells_passes() -> None:
    """Merged from two streams, one of them late, one revised: nothing is wrong with it, and there is enough in it."""
    found = account()
    assert (found.bad_tournaments, found.problems) == (0, [])
    assert (found.moments, found.merged, found.notified, found.suppressed) == (13, 3, 2, 2)


def test_the_order_of_streams_is_of_no_account() -> None:
    """What has to come out is the same whichever highlight was published first."""
    assert account(highlights=lambda reads: sorted(reads, key=lambda read: read.key or b"", reverse=True)).holds


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(sent_once_more, "revision 1 again", id="a revision again"),
        pytest.param(
            lambda reads: [*reads, changed(reads[-1], revision=value_of(reads[-1])["revision"] + 1)],
            "twice with the same content",
            id="the same content as a new revision",
        ),
        pytest.param(
            without(lambda moment: (moment["title"], moment["revision"]) != (FIRST, 2)), "3 after 1", id="a gap"
        ),
        pytest.param(lambda reads: reads[:-1], "another content", id="the last revision is lost"),
        pytest.param(without(lambda moment: "Karu" not in moment["title"]), "does not stand", id="a moment is lost"),
        pytest.param(without(lambda moment: not moment.get("withdrawn")), "of no highlights", id="not withdrawn"),
        pytest.param(in_last(title="Nothing"), "another content", id="a stale end"),
        pytest.param(lambda reads: [*reads[:-1], replace(reads[-1], partition=1)], "partitions", id="misplaced"),
        pytest.param(
            lambda reads: [
                changed(read, merged_into="m-0") if value_of(read).get("withdrawn") else read for read in reads
            ],
            "leads to no moment",
            id="merged into nothing",
        ),
        pytest.param(lambda reads: [*reads, replace(reads[0], key=b"tenant-9/cup")], "no request", id="of nobody"),
    ],
)
def test_what_is_wrong_with_moments_is_found(fault: Callable[[Reads], Reads], words: str) -> None:
    """A duplicate, a gap, a lost one, a stale end: each is told in words."""
    found = account(fault)
    assert found.bad_tournaments > 0
    assert any(words in problem for problem in found.problems), found.problems


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(sent_once_more, "revisions [1, 2, 3, 1]", id="a revision again"),
        pytest.param(lambda reads: [reads[0], reads[2]], "revisions [1, 3]", id="a gap"),
        pytest.param(lambda reads: reads[:-1], "another top", id="a stale end"),
        pytest.param(lambda _reads: [], "no leaderboard", id="lost"),
        pytest.param(in_last(final=False, summary=None), "another final, summary", id="not final"),
        pytest.param(
            in_last(totals={"streams": 2, "running": 0, "highlights": 16, "moments": 99}), "another totals", id="sums"
        ),
        pytest.param(in_last(players=[]), "another players", id="another leaderboard"),
    ],
)
def test_what_is_wrong_with_leaderboards_is_found(fault: Callable[[Reads], Reads], words: str) -> None:
    """The last record is the one about the moments that stand, and each revision is there once."""
    found = account(boards=fault)
    assert found.bad_tournaments > 0
    assert any(words in problem for problem in found.problems), found.problems


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        pytest.param(sent_once_more, "two notifications of one moment", id="sent twice"),
        pytest.param(lambda reads: reads[1:], "was not notified, with 2.000 tokens", id="lost"),
        pytest.param(in_last(moment_revision=9), "never told", id="of a revision that was never told"),
        pytest.param(in_last(title="Nothing"), "another content", id="another content"),
        pytest.param(
            lambda reads: [*reads, changed(reads[0], moment_id="m-f3d0b3c6f3b3b0d8", score=0.711)],
            "was notified, with 0.",
            id="more than the budget",
        ),
    ],
)
def test_what_is_wrong_with_notifications_is_found(fault: Callable[[Reads], Reads], words: str) -> None:
    """One for a moment, of the moments that are due, as many as the bucket has tokens for."""
    found = account(notifications=fault)
    assert found.bad_tournaments > 0
    assert any(words in problem for problem in found.problems), found.problems


def test_a_notification_below_the_threshold_is_found() -> None:
    """Only moments that reach it are notified of."""
    found = account(policy=replace(POLICY, notify_above=0.9))
    assert any("was not to be" in problem for problem in found.problems)


def test_what_never_came_to_the_tournament_is_found() -> None:
    """All topics about it agree with each other, but a highlight's last revision never got there."""
    stale = without(lambda highlight: highlight["request_id"] != VIEW or highlight["highlight_id"] != "hl-1-2")
    found = account(highlights=stale)
    assert any("of no highlights" in problem for problem in found.problems)
    assert any("another totals" in problem for problem in found.problems)
