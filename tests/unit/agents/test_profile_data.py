"""A customer's data over ours."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.profiles.data import ProfileDataError, checked, joined, label

DATA = st.dictionaries(
    st.sampled_from("abc"),
    st.recursive(
        st.integers() | st.lists(st.integers(), unique=True),
        lambda inner: st.dictionaries(st.sampled_from("abc"), inner),
    ),
)


class Form(msgspec.Struct, forbid_unknown_fields=True):
    """A form with one key."""

    words: list[str]


def test_a_customer_adds_changes_and_takes_away() -> None:
    """Objects are joined, lists get more, null removes, and what ships is not changed."""
    ours = {"games": {"chess": {"quality": "high", "words": ["mate"]}, "go": {}}, "limit": 3}
    theirs = {"games": {"chess": {"words": ["fork", "mate"]}, "go": None, "darts": {}}, "limit": 4}
    assert joined(ours, theirs) == {
        "games": {"chess": {"quality": "high", "words": ["mate", "fork"]}, "darts": {}},
        "limit": 4,
    }
    assert ours["limit"] == 3
    assert "go" in ours["games"]  # type: ignore[operator]


@given(ours=DATA, theirs=DATA)
def test_joining_twice_changes_nothing_more(ours: dict[str, object], theirs: dict[str, object]) -> None:
    """The same file read again gives the same data."""
    once = joined(ours, theirs)
    assert joined(once, theirs) == once
    assert joined(ours, {}) == ours


def test_wrong_data_is_named_by_profile_and_key() -> None:
    """The error says where to look."""
    with pytest.raises(ProfileDataError, match=r"gaming: .*words"):
        checked("gaming", {"words": [1]}, Form)
    with pytest.raises(ProfileDataError, match="wrods"):
        checked("gaming", {"words": [], "wrods": []}, Form)


def test_other_data_is_another_label() -> None:
    """Consumers can tell results of a customer's rules from ours, and the order of keys is of no account."""
    assert label("gaming", 1, None) == label("gaming", 1, {}) == "gaming@1"
    changed = label("gaming", 1, {"a": 1, "b": 2})
    assert changed == label("gaming", 1, {"b": 2, "a": 1})
    assert changed.startswith("gaming@1+")
    assert changed != label("gaming", 1, {"a": 2})
