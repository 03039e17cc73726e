"""Profiles, tags and links."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.ledger_records import HighlightState
from agents.profiles import General, Profiles
from agents.profiles.general import covered_s
from agents.rules.canonical import normal_tags
from agents.rules.links import moment_link, without_credentials
from agents.rules.marks import unmarked
from pipeline.effects.calls import Accepted
from schemas.records import ObservedStream
from tests.unit.agents.support import START, Bench, observation, seen_highlight


def state(start_s: float, duration_s: float, confidence: float = 0.5) -> HighlightState:
    """A highlight's state."""
    return HighlightState(1, 1, 1, 1, 0.0, confidence, start_s, duration_s, 0, 0, "title")


@pytest.mark.parametrize(
    ("platform", "url", "link"),
    [
        ("youtube", "https://www.youtube.com/watch?v=abc&list=x", "https://www.youtube.com/watch?v=abc&t=65s"),
        ("youtube", "https://youtu.be/abc?si=x", "https://www.youtube.com/watch?v=abc&t=65s"),
        ("youtube", "https://www.youtube.com/live/abc?si=x", "https://www.youtube.com/watch?v=abc&t=65s"),
        ("youtube", "https://youtube.com/shorts/abc", "https://www.youtube.com/watch?v=abc&t=65s"),
        ("youtube", "https://www.youtube-nocookie.com/embed/abc/", "https://www.youtube.com/watch?v=abc&t=65s"),
        ("youtube", "https://www.youtube.com/embed/videoseries?list=x", None),
        ("youtube", "https://www.youtube.com/embed/live_stream?channel=x", None),
        ("youtube", "https://www.youtube.com/live/", None),
        ("youtube", "https://www.youtube.com/@channel/live", None),
        ("youtube", "https://www.youtube.com/@channel", None),
        ("twitch", "https://www.twitch.tv/videos/42?x=1", "https://www.twitch.tv/videos/42?t=0h1m5s"),
        ("twitch", "https://www.twitch.tv/somebody", None),
        ("custom", "https://cdn.example.com/a.mp4?sig=1", "https://cdn.example.com/a.mp4#t=65"),
        ("custom", "https://cdn.example.com/live.m3u8", None),
    ],
)
def test_links_open_the_source_at_the_moment(platform: str, url: str, link: str | None) -> None:
    """Where the platform has a form for it; nowhere is one made up."""
    assert moment_link(platform, url)(65.9) == link


@given(host=st.sampled_from(("www.youtube.com", "twitch.tv", "cdn.example.com")), name=st.text(min_size=1))
def test_no_other_parameter_is_ever_published(host: str, name: str) -> None:
    """Whatever a parameter is called, its value stays out of what is published, links to moments included."""
    assume(name not in {"v", "t", "list", "start", "id"})
    url = f"https://user:hunter2@{host}/videos/1.mp4?v=abc&{urlencode({name: 'hunter2'})}"
    links = (without_credentials(url), *(moment_link(platform, url)(1.0) for platform in ("twitch", "custom")))
    assert "hunter2" not in str(links)


@pytest.mark.parametrize(
    ("url", "published"),
    [
        ("https://youtube.com/watch?v=abc&t=1", "https://youtube.com/watch?v=abc&t=1"),
        ("https://www.youtube.com/watch?v=abc&key=SECRET&si=x", "https://www.youtube.com/watch?v=abc"),
        ("https://player.vimeo.com/video/7?id=7&code=SECRET", "https://player.vimeo.com/video/7?id=7"),
        ("https://s3.example.com/a?X-Amz-Signature=1&X-Amz-Credential=2&part=3", "https://s3.example.com/a"),
        ("https://a.example.com/b?token=1&id=7", "https://a.example.com/b"),
        ("https://notyoutube.com/b?v=SECRET", "https://notyoutube.com/b"),
        ("https://a.example.com/b?key=SECRET&code=1&pwd=2&pass=3", "https://a.example.com/b"),
        ("https://a.example.com/b?SECRET", "https://a.example.com/b"),
        ("https://a.example.com/b?author=me#frag", "https://a.example.com/b"),
        ("https://user:pw@[broken/b?key=SECRET", "https://[broken/b"),
        ("https://user:pw@a.example.com/b", "https://a.example.com/b"),
    ],
)
def test_published_urls_carry_no_credentials(url: str, published: str) -> None:
    """Only parameters that are known to name a video stay; whatever else a query holds may be secret."""
    assert without_credentials(url) == published


def test_the_mark_of_a_submission_is_never_published() -> None:
    """A highlight that carries our custom tag is the same as without, compared and published."""
    assert normal_tags(["Ace", "tldr-nonce-ab12"]) == ["ace"]
    assert unmarked(["Ace", "tldr-nonce-ab12"]) == ["Ace"]


def test_tags_are_normalised_once_each() -> None:
    """Lower case, words joined, no repetition, in the order of appearance."""
    assert normal_tags(["Epic Goal", "  epic   goal ", "", " ", "STRA\u00dfE", "a"]) == ["epic-goal", "strasse", "a"]


def test_text_is_published_as_it_came_and_tags_in_their_order() -> None:
    """Consumers get the API's words untouched, and tags as the first of them names them, not sorted."""
    bench = Bench()
    bench.request()
    bench.finish(bench.call(), Accepted(ObservedStream(id="str_1", status="pending"), START))
    words = "  <b>Last</b>\tminute\u200b goal \n"
    bench.observe(observation(seen_highlight("h1", title=words, description=words, tags=["Win", "Last Minute", "win"])))
    (highlight,) = bench.of("highlights")
    assert (highlight.title, highlight.description) == (words, words)
    assert highlight.tags == ["win", "last-minute"]


def test_profiles_are_found_by_name_and_version() -> None:
    """A version that is not there is not found, for it would not be what was asked; what was accepted keeps going."""
    profiles = Profiles()
    assert isinstance(profiles.find("general"), General)
    assert isinstance(profiles.find("general@1"), General)
    assert profiles.find("general@3") is None
    assert isinstance(profiles.get("general@3"), General)
    assert profiles.find("cooking") is None
    assert isinstance(profiles.get("cooking"), General)


def test_enrichment_depends_on_the_highlight_alone() -> None:
    """The same highlight is enriched the same, whenever and in whatever order it comes."""
    shown = seen_highlight("h1", confidence_score=0.7)
    first = General().enrich(shown, ["a"])
    assert first == General().enrich(shown, ["a"])
    assert first.enrichment == {"confidence_band": "medium"}


def test_covered_time_counts_overlaps_once() -> None:
    """Highlights that overlap, touch or lie in one another do not count twice."""
    highlights = {"a": state(0, 10), "b": state(5, 10), "c": state(6, 1), "d": state(20, 5), "e": state(25, 5)}
    assert covered_s(highlights) == 25.0


def test_the_document_lists_the_best_first() -> None:
    """At most ten, by confidence, then by time."""
    highlights = {f"h{number}": state(float(number), 1.0, number % 5 / 10) for number in range(20)}
    document = General().document(highlights)
    assert [best["highlight_id"] for best in document["best"]][:5] == ["h4", "h9", "h14", "h19", "h3"]
    assert len(document["best"]) == 10
    assert sum(document["confidence_bands"].values()) == 20
