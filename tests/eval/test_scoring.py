"""The judge itself: right, wrong and missed are counted as such, and a changed set is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.profiles.education import weighing
from tests.eval import calibrate, labelled, weigh
from tests.eval.judging import overlaps
from tests.eval.labelled import HALVES, INDUSTRIES, ChangedSetError, committed_digests, files_of, load
from tests.eval.scoring import Judged, scores


def judged(*pairs: tuple[str, str]) -> list[Judged]:
    """Items, by their kinds and those found, as letters."""
    return [Judged(frozenset(true), frozenset(found)) for true, found in pairs]


def test_precision_recall_and_f1_are_those_of_the_book() -> None:
    """Two right, one wrong, one missed."""
    (a, both) = scores(judged(("a", "a"), ("a", "a"), ("", "a"), ("a", "")), ["a"])
    assert (a.precision, a.recall, a.f1) == (2 / 3, 2 / 3, 2 / 3)
    assert a.items == 3
    assert (both.kind, both.f1) == ("all kinds", a.f1)
    assert a.low <= a.f1 <= a.high


def test_nothing_found_is_no_success() -> None:
    """A finder that finds nothing has no recall, and so no F1."""
    (a, _) = scores(judged(("a", ""), ("a", "")), ["a"])
    assert (a.precision, a.recall, a.f1) == (1.0, 0.0, 0.0)


def test_the_interval_narrows_with_more_items() -> None:
    """What few items say is less certain."""
    few = scores(judged(("a", "a"), ("a", "")) * 5, ["a"])[0]
    many = scores(judged(("a", "a"), ("a", "")) * 100, ["a"])[0]
    assert many.high - many.low < few.high - few.low


@pytest.mark.parametrize("industry", INDUSTRIES)
@pytest.mark.parametrize("half", HALVES)
def test_the_sets_are_as_they_are_described(industry: labelled.Industry, half: labelled.Half) -> None:
    """Items have ids of their own, and the words that a label names are in the item."""
    items = load(industry, half)
    assert len({item.id for item in items}) == len(items) > 100
    for item in items:
        if industry == "gaming":
            assert all(name is None or name in f"{item.title} {item.description}" for name in (item.player, item.team))
            continue
        texts = [said.text for said in (item.segments if industry == "education" else item.turns)]
        for label in item.labels:
            assert label.sentence is None or any(label.sentence in text for text in texts), item.id


def test_a_held_out_set_that_was_changed_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever changes a label afterwards, changes what was promised before."""
    for path in [*files_of("gaming", "heldout"), labelled.SETS / "heldout.sha256"]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    changed = next(tmp_path.glob("*.jsonl"))
    changed.write_bytes(changed.read_bytes().replace(b"ace", b"ACE"))
    monkeypatch.setattr(labelled, "SETS", tmp_path)
    with pytest.raises(ChangedSetError):
        load("gaming", "heldout")


def test_every_held_out_file_has_its_digest() -> None:
    """None is judged that was not fixed before."""
    there = {path.name for industry in INDUSTRIES for path in files_of(industry, "heldout")}
    assert there == set(committed_digests())


def test_spans_meet_when_they_share_their_words() -> None:
    """A longer or shorter cut of the same clause is the same clause."""
    assert overlaps("we call this entropy", "So we call this entropy today")
    assert not overlaps("we call this entropy", "the exam is on Friday")


@pytest.mark.parametrize("industry", INDUSTRIES)
def test_confidences_are_what_was_measured(industry: labelled.Industry) -> None:
    """With the rules as they are; otherwise: python -m tests.eval.calibrate --write."""
    assert calibrate.path_of(industry).read_text("utf-8") == calibrate.text_of(industry)


def test_weights_are_fitted_to_the_development_sets() -> None:
    """As they are, with the rules as they are; otherwise: python -m tests.eval.weigh --write. Machines round apart."""
    fresh, shipped = weigh.fitted(load("education", "dev")), weighing.shipped("agents.profiles.education")
    assert fresh.base == pytest.approx(shipped.base, abs=0.02)
    assert fresh.features.keys() == shipped.features.keys()
    for name, weights in fresh.features.items():
        assert weights == pytest.approx(shipped.features[name], abs=0.02), name
