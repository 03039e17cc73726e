"""The lock: a topic that was public is never re-keyed."""

import msgspec
import pytest

from schemas import catalogue, topic_lock
from schemas.catalogue import Catalogue


def changed(short: str, **changes: str) -> Catalogue:
    """Return our catalogue with one topic changed."""
    topics = dict(catalogue.load().topics)
    topics[short] = msgspec.structs.replace(topics[short], **changes)
    return Catalogue(topics)


def test_the_catalogue_agrees_with_the_committed_lock() -> None:
    """No topic was re-keyed since it was locked, and none is missing from the lock."""
    lock = topic_lock.read()
    assert topic_lock.rekeyed(catalogue.load(), lock) == {}
    assert topic_lock.unlocked(catalogue.load(), lock) == []


@pytest.mark.parametrize(
    ("field", "value"), [("key", "tenant"), ("key_format", "{tenant}"), ("partitioner", "same_partition")]
)
def test_a_rekeyed_topic_is_refused_with_what_changed(field: str, value: str) -> None:
    """The checker sees a change of the key, of its form and of the rule that places it."""
    found = topic_lock.rekeyed(changed("requests", **{field: value}), topic_lock.read())
    assert list(found) == ["tldr.requests.v1"]
    assert f"{field} was " in found["tldr.requests.v1"]
    assert repr(value) in found["tldr.requests.v1"]


def test_a_new_version_of_a_topic_may_have_another_key() -> None:
    """The way out of a wrong key is a new topic, which is then to be locked."""
    found = changed("requests", name="tldr.requests.v2", key_format="{tenant}/{request_id}")
    assert topic_lock.rekeyed(found, topic_lock.read()) == {}
    assert topic_lock.unlocked(found, topic_lock.read()) == ["tldr.requests.v2"]
