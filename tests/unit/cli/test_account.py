"""The account finds every fault it claims to find, and nothing in a clean run."""

from __future__ import annotations

import orjson
import pytest

from pipeline.stack.account import Account, settle
from pipeline.stack.published import Published, PublishedHighlight
from pipeline.stack.truth import TrueHighlight, TrueStream, fold_truth
from schemas.records import Highlight
from tests.unit.cli.world import REQUEST, content, highlight, published, stream, truth


def account(output: Published, made: dict[str, TrueStream] | None = None) -> Account:
    """Settle against a truth of three highlights."""
    return settle(truth() if made is None else made, output, [REQUEST])


CLEAN = (highlight(1), highlight(2), highlight(3))


def test_a_clean_run_has_no_findings() -> None:
    """Everything published once, in order, and settled: the account is clean and its sums are right."""
    result = account(published(*CLEAN))
    assert result.ok
    assert result.findings == []
    figures = result.figures()
    assert (figures["made"], figures["published"], figures["records"], figures["settled"]) == (3, 3, 3, 1)


@pytest.mark.parametrize(
    ("records", "figure"),
    [
        pytest.param((highlight(1), highlight(3, seq=2)), "missing", id="one never came"),
        pytest.param((*CLEAN, highlight(3, seq=4)), "duplicated", id="the same revision twice"),
        pytest.param((*CLEAN, highlight(3, seq=4, revision=2)), "duplicated", id="the same content as a new revision"),
        pytest.param((highlight(2), highlight(1), highlight(3)), "out_of_order", id="two have changed places"),
        pytest.param((highlight(1), highlight(2), highlight(3, seq=4)), "out_of_order", id="a gap in seq"),
        pytest.param((highlight(1), highlight(2), highlight(3, revision=2)), "out_of_order", id="no first revision"),
        pytest.param((highlight(1), highlight(2), highlight(3, confidence=0.7)), "outdated", id="old content"),
        pytest.param((*CLEAN, highlight(9, seq=4)), "invented", id="one that the API never made"),
    ],
)
def test_each_fault_is_found_under_its_name(records: tuple[Highlight, ...], figure: str) -> None:
    """A fault is counted under its own figure and no other, and the account is not clean."""
    result = account(published(*records))
    assert result.figures()[figure] >= 1
    others = {"missing", "duplicated", "out_of_order", "outdated", "invented"} - {figure}
    assert not any(result.figures()[other] for other in others)
    assert not result.ok
    assert any(figure.replace("_", " ") in finding for finding in result.findings)


def test_a_correction_is_no_duplicate() -> None:
    """A second revision with other content is what the API's correction looks like."""
    made = truth()
    made["s-1"].highlights["h2"] = TrueHighlight(2, {**content(2), "confidence_score": 0.9})
    result = account(published(*CLEAN, highlight(2, seq=4, revision=2, confidence=0.9)), made)
    assert result.ok
    assert result.figures()["records"] == 4


def test_another_partition_is_out_of_order() -> None:
    """A request's records on two partitions have no order."""
    output = published(*CLEAN)
    output.highlights[REQUEST][2] = PublishedHighlight(1, 0, highlight(3))
    assert account(output).figures()["out_of_order"] == 1


def test_what_the_api_took_back_need_not_be_there() -> None:
    """A highlight that was removed may be published or not: either is right."""
    made = truth()
    made["s-1"].highlights["h3"].removed = True
    assert account(published(highlight(1), highlight(2)), made).ok
    assert account(published(*CLEAN), made).ok


@pytest.mark.parametrize("state", ["processing", "in_doubt"])
def test_a_request_that_is_not_done_is_a_finding(state: str) -> None:
    """All highlights are there, but the pipeline does not say that it is done: not clean."""
    result = account(published(*CLEAN, state=state))
    assert result.unsettled == [REQUEST]
    assert not result.ok


def test_a_request_that_was_never_accepted_is_a_finding() -> None:
    """Nothing on any topic about a request that was sent: not clean."""
    result = settle({}, Published(), [REQUEST])
    assert result.findings == [f"{REQUEST}: not settled, it is unknown"]


@pytest.mark.parametrize(
    "lie",
    [{"count": 2}, {"last_seq": 7}, {"ids_sha256": "0" * 64}, {"incomplete": True}],
    ids=lambda lie: next(iter(lie)),
)
def test_a_summary_must_agree_with_the_topic(lie: dict[str, object]) -> None:
    """Count, last seq, hash of ids and completeness of the summary are compared with what a reader saw."""
    result = account(published(*CLEAN, **lie))
    assert result.figures()["summary_mismatches"] == 1
    assert not result.ok


def test_a_settled_request_has_a_summary() -> None:
    """A missing summary is a finding."""
    output = published(*CLEAN)
    output.summaries.clear()
    assert account(output).findings == [f"{REQUEST}: its summary is not there"]


def test_a_second_stream_of_a_request_is_counted_and_not_expected() -> None:
    """Of two streams of a request the one that the pipeline names counts; the other is surplus."""
    made = truth()
    made["s-0"] = TrueStream("s-0", REQUEST, -1.0, "cancelled", highlights={"x1": TrueHighlight(1, content(1))})
    output = published(*CLEAN)
    output.streams[REQUEST] = stream("settled", stream_id="s-1")
    result = account(output, made)
    assert result.ok
    assert result.figures()["surplus_streams"] == 1


def test_truth_is_folded_from_the_log() -> None:
    """Revisions replace, removals mark, requests and faults are passed over, unknown streams are left out."""
    events = [
        {"event": "accepted", "time": 1.0, "stream_id": "s", "metadata": {"request_id": "r"}},
        {"event": "made", "time": 2.0, "stream_id": "s", "highlight_id": "a", "revision": 1, "content": {"title": "x"}},
        {
            "event": "revised",
            "time": 3.0,
            "stream_id": "s",
            "highlight_id": "a",
            "revision": 2,
            "content": {"title": "y"},
        },
        {"event": "made", "time": 4.0, "stream_id": "s", "highlight_id": "b", "revision": 1, "content": {}},
        {"event": "removed", "time": 5.0, "stream_id": "s", "highlight_id": "b", "by": "schedule"},
        {"event": "request", "time": 5.0, "method": "GET", "stream_id": "s"},
        {"event": "ended", "time": 6.0, "stream_id": "s", "status": "completed"},
        {"event": "made", "time": 7.0, "stream_id": "other", "highlight_id": "c", "revision": 1, "content": {}},
    ]
    streams = fold_truth(orjson.dumps(event) + b"\n" for event in events)
    assert list(streams) == ["s"]
    assert streams["s"].status == "completed"
    assert streams["s"].highlights["a"] == TrueHighlight(2, {"title": "y"})
    assert streams["s"].highlights["b"].removed
