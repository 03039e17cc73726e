"""Models: typed where documented, open where the vendor changes things."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from pipeline.api import Batch, Highlight, HighlightPage, Pagination, Stream
from pipeline.api.account_models import ApiKey, Webhook
from pipeline.api.tolerant import WrongShapeError
from tests.unit.api.support import JSON_VALUES, UNHURRIED

FIELDS = st.sampled_from([*Highlight.__struct_fields__, *Stream.__struct_fields__, "brand_new"])
FULL_HIGHLIGHT: dict[str, Any] = {
    "id": "hl_1",
    "stream_id": "str_1",
    "title": "A goal",
    "description": "From far out",
    "video_url": "https://cdn.example/1.mp4",
    "thumbnail_url": "https://cdn.example/1.jpg",
    "duration": 30.5,
    "timestamp": 60.0,
    "confidence_score": 0.9,
    "tags": ["goal"],
    "metadata": {"period": 2},
    "created_at": "2026-01-01T00:00:00Z",
}


def test_documented_highlight_survives_the_round_trip() -> None:
    """Every documented field is a typed attribute, and writing the object gives back what was read."""
    highlight = Highlight.read(FULL_HIGHLIGHT)
    assert (highlight.confidence_score, highlight.tags, highlight.extra) == (0.9, ["goal"], {})
    assert highlight.to_dict() == FULL_HIGHLIGHT


def test_unknown_fields_are_carried() -> None:
    """A field we do not know is kept in `extra` and written again."""
    highlight = Highlight.read({"id": "hl_1", "mood": {"joy": 1}, "extra": "theirs"})
    assert highlight.extra == {"mood": {"joy": 1}, "extra": "theirs"}
    assert highlight.to_dict() == {"id": "hl_1", "mood": {"joy": 1}, "extra": "theirs"}


def test_null_counts_as_absent() -> None:
    """A null where a list is documented gives the empty default, not a crash."""
    assert Highlight.read({"id": "hl_1", "tags": None, "title": None}).tags == []


def test_optional_field_of_another_type_is_carried_aside() -> None:
    """One field of a strange type does not cost the object: it goes to `extra`, the rest stays typed."""
    highlight = Highlight.read({"id": "hl_1", "tags": "a,b", "duration": 3})
    assert (highlight.tags, highlight.extra, highlight.duration) == ([], {"tags": "a,b"}, 3.0)


def test_number_sent_as_text_is_read() -> None:
    """A number in quotes is read as the number."""
    assert Highlight.read({"id": "hl_1", "confidence_score": "0.5", "title": "null"}).confidence_score == 0.5


def test_title_null_stays_a_title() -> None:
    """The word "null" is a text like any other, even beside a field that needs leniency."""
    assert Highlight.read({"id": "hl_1", "confidence_score": "0.5", "title": "null"}).title == "null"


@pytest.mark.parametrize("raw", [{}, {"id": None}, {"id": 7}, [], "x", None])
def test_object_without_readable_id_is_wrong(raw: object) -> None:
    """An object that cannot be named is refused rather than invented."""
    with pytest.raises(WrongShapeError):
        Highlight.read(raw)


@pytest.mark.parametrize("unfit", ["", ".", "..", "a/b", "a\\b", "a b", "a\n", "\x00", "a" * 201])
def test_an_id_that_no_path_can_hold_is_no_readable_id(unfit: str) -> None:
    """It is treated as one that is missing: the object is refused, an entry of a page set aside."""
    for model in (Stream, Highlight, Batch, ApiKey, Webhook):
        with pytest.raises(WrongShapeError):
            model.read({"id": unfit})
    page = HighlightPage.read([{"id": unfit}, {"id": "b"}], Pagination())
    assert (len(page.highlights), page.unreadable) == (1, ({"id": unfit},))


def test_a_stream_id_that_no_path_can_hold_is_carried_aside() -> None:
    """A highlight is not lost for the name of its stream, and nobody will ask for such a stream."""
    highlight = Highlight.read({"id": "hl_1", "stream_id": ".."})
    assert (highlight.stream_id, highlight.extra) == (None, {"stream_id": ".."})


@pytest.mark.parametrize("status", ["completed", "error", "cancelled"])
def test_terminal_statuses(status: str) -> None:
    """The three documented ends are terminal, for streams and batches."""
    assert Stream.read({"id": "str_1", "status": status}).is_terminal
    assert Batch.read({"id": "bat_1", "status": status}).is_terminal


@pytest.mark.parametrize("status", ["pending", "processing", "uploading", "warming_up", "Completed?"])
def test_other_statuses_are_carried_and_not_terminal(status: str) -> None:
    """An unknown status arrives as sent and never ends a stream."""
    stream = Stream.read({"id": "str_1", "status": status})
    assert (stream.status, stream.is_terminal) == (status, False)


def test_progress_keeps_its_own_unknown_fields() -> None:
    """Nested objects are as open as the outer one."""
    raw = {
        "id": "str_1",
        "status": "processing",
        "progress": {"processed_duration": 5, "total_duration": None, "eta": 9},
    }
    stream = Stream.read(raw)
    assert (stream.progress.processed_duration, stream.progress.total_duration) == (5.0, None)
    assert stream.progress.extra == {"eta": 9}


def test_progress_of_another_type_is_carried_aside() -> None:
    """A progress of `"50%"` does not cost the stream."""
    assert Stream.read({"id": "str_1", "progress": "50%"}).extra == {"progress": "50%"}


def test_bad_entry_does_not_hide_its_page() -> None:
    """Entries without an id are set aside as sent; the others are read, in order."""
    page = HighlightPage.read([{"id": "a"}, {"title": "?"}, 5, {"highlight": {"id": "b"}}], Pagination())
    assert [highlight.id for highlight in page.highlights] == ["a", "b"]
    assert page.unreadable == ({"title": "?"}, 5)


def test_secrets_are_wrapped_and_not_written() -> None:
    """A key or webhook secret is a SecretStr, and no dictionary of the object has it."""
    key = ApiKey.read({"id": "key_1", "key": "tldr_secret"})
    assert isinstance(key.key, SecretStr)
    assert key.to_dict() == {"id": "key_1"}
    assert "whsec" not in repr(Webhook.read({"id": "wh_1", "secret": "whsec_1", "signing_secret": "whsec_2"}))


@UNHURRIED
@given(st.dictionaries(FIELDS, JSON_VALUES), st.sampled_from([Highlight, Stream, Batch]))
def test_any_object_with_an_id_is_read_and_loses_nothing(
    raw: dict[str, Any], model: type[Highlight] | type[Stream] | type[Batch]
) -> None:
    """Whatever JSON the optional fields hold, the object is read, and every value not null is kept somewhere."""
    thing = model.read({**raw, "id": "x"})
    for name, value in raw.items():
        if name in {"id", "extra"} or value is None:
            continue
        assert name in thing.extra or getattr(thing, name) is not None
