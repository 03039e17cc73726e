"""The topic catalogue: what it promises about the topics, and that a broken topic file is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from schemas import catalogue
from schemas.catalogue import INPUTS, Catalogue, CatalogueError, TopicSpec

DAY_MS = 86_400_000
MIB = 1_048_576

COMPACTED = {"streams", "summaries", "tournaments", "ledger"}
OF_TOURNAMENTS = {"tournament-sightings", "moments", "tournaments", "notifications"}


def file_of(**changes: Any) -> dict[str, str]:
    """Return a catalogue of the requests topic alone, with some fields changed."""
    text = (Path(catalogue.__file__).parent / "topics" / "requests.yaml").read_text("utf-8")
    return {"requests": yaml.safe_dump({**yaml.safe_load(text), **changes})}


def test_there_are_exactly_the_agreed_topics() -> None:
    """Nothing is declared that was not agreed, and each short name is part of its full name."""
    topics = catalogue.load().topics
    of_requests = {"follow-ups", "highlights", "streams", "summaries", "ledger", "dead-letters"}
    assert set(topics) == {*INPUTS, *OF_TOURNAMENTS, *of_requests}
    assert all(spec.name == f"tldr.{short}.v1" for short, spec in topics.items())


def test_every_topic_is_placed_by_request_id_or_by_tournament() -> None:
    """One partition number means one owner and everything about a request, or about a tournament."""
    topics = catalogue.load().topics
    assert {short for short, spec in topics.items() if spec.key == "tournament_id"} == OF_TOURNAMENTS
    assert {spec.key for spec in topics.values()} == {"request_id", "tournament_id"}


@pytest.mark.parametrize("short", sorted(COMPACTED))
def test_a_topic_of_latest_states_is_compacted_and_keeps_tombstones_for_a_week(short: str) -> None:
    """A reader that was away for up to 7 days still learns that a key is gone."""
    config = catalogue.load()[short].kafka_config()
    assert config["cleanup.policy"] == "compact"
    assert int(config["delete.retention.ms"]) == 7 * DAY_MS
    assert "retention.ms" not in config


@pytest.mark.parametrize(
    ("short", "days"),
    [
        ("requests", 7),
        ("commands", 7),
        ("observations", 7),
        ("tournament-sightings", 7),
        ("highlights", 30),
        ("follow-ups", 30),
        ("moments", 30),
        ("notifications", 7),
        ("dead-letters", 14),
    ],
)
def test_a_topic_of_events_keeps_them_for_its_days(short: str, days: int) -> None:
    """Retention is what the documents say."""
    config = catalogue.load()[short].kafka_config()
    assert config["cleanup.policy"] == "delete"
    assert int(config["retention.ms"]) == days * DAY_MS


@pytest.mark.parametrize("short", INPUTS)
def test_retention_of_inputs_counts_from_arrival_and_ends_in_time(short: str) -> None:
    """A producer's clock cannot make a record outlive what deduplicates it, nor can an idle partition."""
    config = catalogue.load()[short].kafka_config()
    assert config["message.timestamp.type"] == "LogAppendTime"
    assert int(config["segment.ms"]) <= DAY_MS


def test_a_dead_letter_has_room_for_the_largest_input_and_its_reason() -> None:
    """Every input record of 10 MB fits its topic, and the dead letters take it with its headers."""
    topics = catalogue.load().topics
    largest = max(topics[short].max_message_bytes for short in INPUTS)
    assert min(topics[short].max_message_bytes for short in INPUTS) >= 16 * MIB
    assert topics["dead-letters"].max_message_bytes >= largest + MIB


def test_the_ledger_compacts_early_and_in_small_segments() -> None:
    """A restore reads the whole partition, so that it stays short."""
    config = catalogue.load()["ledger"].kafka_config()
    assert float(config["min.cleanable.dirty.ratio"]) <= 0.3
    assert int(config["segment.bytes"]) <= 64 * MIB
    assert catalogue.load()["ledger"].internal


def test_a_prefix_goes_before_every_name_and_comes_off_again() -> None:
    """Several pipelines can share a cluster."""
    found = catalogue.load()
    assert found.full_name("dead-letters", "team-a.") == "team-a.tldr.dead-letters.v1"
    assert found.short_name("team-a.tldr.dead-letters.v1", "team-a.") == "dead-letters"
    assert found.short_name("team-b.tldr.dead-letters.v1", "team-a.") is None


def test_an_unknown_topic_is_answered_with_those_there_are() -> None:
    """A misspelt short name says what it could have been."""
    with pytest.raises(CatalogueError, match=r"no topic 'request'; there are commands, .*requests"):
        catalogue.full_name("request")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"key": "tenant"}, "key"),
        ({"partitions": 3}, "partitions"),
        ({"name": "tldr.Requests.v1"}, "name"),
        ({"name": "tldr.commands.v1"}, "does not say requests"),
        ({"retention_ms": None}, "retention_ms goes with cleanup: delete"),
        ({"cleanup": "compact"}, "retention_ms goes with cleanup: delete"),
        ({"cleanup": "compact,delete"}, "cleanup"),
        ({"config": {"retention.ms": "1"}}, "config repeats retention.ms"),
        ({"config": {"segment.ms": 1}}, "config"),
        ({"max_message_bytes": 0}, "max_message_bytes"),
        ({"consumers": []}, "consumers"),
        ({"purpose": "Requests."}, "purpose"),
    ],
)
def test_a_broken_topic_file_is_refused_by_file_and_field(changes: dict[str, Any], complaint: str) -> None:
    """The checker sees each kind of mistake, and the error says where it is."""
    with pytest.raises(CatalogueError, match=r"topics/requests\.yaml.*" + complaint):
        catalogue.parse(file_of(**changes))


@pytest.mark.parametrize("text", ["", "- a", "name: [", "42"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    """Whatever is in the folder, the error names the file."""
    with pytest.raises(CatalogueError, match=r"topics/requests\.yaml"):
        catalogue.parse({"requests": text})


def test_the_same_file_unchanged_is_accepted() -> None:
    """The broken cases above fail for their change alone."""
    assert catalogue.parse(file_of()).topics["requests"] == catalogue.load()["requests"]


def policing(found: Catalogue, rule: Callable[[TopicSpec], bool]) -> list[str]:
    """Return the short names of topics that break a rule."""
    return [short for short, spec in found.topics.items() if not rule(spec)]


def test_every_setting_of_a_topic_file_is_text_for_kafka() -> None:
    """Kafka compares settings as text, and so does the plan."""
    assert not policing(catalogue.load(), lambda spec: all(isinstance(v, str) for v in spec.kafka_config().values()))
