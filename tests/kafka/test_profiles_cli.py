"""Documents taken out of Kafka, and a past range run again, against a real broker."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from agents.ledger_records import STATE_VERSION, OriginalRequest, original_key
from agents.profile_trial import Trial
from agents.profiles.gaming import Gaming
from pipeline.kafka.admin import TopicAdmin
from pipeline.kafka.connection import KafkaConnection
from pipeline.kafka.embedded import EmbeddedKafka
from pipeline.settings.groups import TopicSettings
from pipeline.stack.topics import apply_topics
from pipeline.streaming.partitioner import partition_of
from pipeline.worker.exit_codes import ExitCode
from schemas.catalogue import load
from schemas.records import Highlight, Request, Summary, encode
from tests.kafka.clients import read_all
from tests.kafka.program import environment, highlights
from tests.kafka.test_cli import write
from tests.unit.agents.support import seen_highlight
from tests.unit.agents.test_tournaments import final
from tests.unit.agents.tournament_support import KEY
from tests.unit.cli.world import REQUEST, stream, summary

ASKED = Request(
    request_id=REQUEST,
    tenant="acme",
    source_url="https://www.twitch.tv/videos/42",
    platform="twitch",
    profile="gaming",
    metadata={"game": "valorant"},
)


@pytest.fixture
def env(kafka: EmbeddedKafka, topic_prefix: str) -> dict[str, str]:
    """Settings for the shared broker, under a prefix of this test's own."""
    return environment(
        KAFKA_BOOTSTRAP_SERVERS=kafka.bootstrap_servers, TLDR_TOPIC_PREFIX=topic_prefix, TLDR_PARTITIONS="2"
    )


async def published(env: dict[str, str]) -> None:
    """A settled request of a match: two highlights, the first corrected, its summary, and the request in the ledger."""
    connection = KafkaConnection.plaintext(env["KAFKA_BOOTSTRAP_SERVERS"])
    prefix = env["TLDR_TOPIC_PREFIX"]
    await apply_topics(connection, TopicSettings(prefix=prefix, partitions=2))
    trial = Trial(Gaming(), ASKED)
    records = [
        trial.see(seen_highlight("h1", title="Nyx has four")),
        msgspec.structs.replace(trial.see(seen_highlight("h1", title="Nyx aces")), revision=2, seq=2),
        msgspec.structs.replace(trial.see(seen_highlight("h2", title="Karu wins the 1v3")), seq=3),
    ]
    key = REQUEST.encode()
    for record in records:
        await write(connection, f"{prefix}tldr.highlights.v1", key, encode(record), partition=0)
    await write(connection, f"{prefix}tldr.streams.v1", key, encode(stream()), partition=0)
    ended = summary(records, profile="gaming@1", document=msgspec.to_builtins(trial.document()))
    await write(connection, f"{prefix}tldr.summaries.v1", key, encode(ended), partition=0)
    original = OriginalRequest(state_version=STATE_VERSION, value=encode(ASKED).decode(), offset=0, timestamp=0)
    kept = msgspec.json.encode(original)
    await write(connection, f"{prefix}tldr.ledger.v1", original_key(REQUEST).encode(), kept, partition=0)


async def test_a_document_is_taken_out_in_each_of_its_forms(env: dict[str, str], tmp_path: Path) -> None:
    """Listed, printed, and written as files, from the latest summary and the latest revision of each highlight."""
    await published(env)
    listed = highlights("export", REQUEST, "-o", "json", env=env)
    assert [row["format"] for row in listed.records()] == ["report-md", "moments-csv"]
    printed = highlights("export", REQUEST, "--format", "report-md", env=env)
    assert printed.code == ExitCode.OK
    assert "Nyx aces" in printed.out
    assert "Nyx has four" not in printed.out
    assert highlights("export", REQUEST, "-f", "moments-csv", "--to", str(tmp_path), env=env).code == ExitCode.OK
    assert (tmp_path / "moments.csv").read_text().count("\n") == 3
    all_of_them = highlights("export", REQUEST, "--to", str(tmp_path / "all"), env=env)
    assert all_of_them.code == ExitCode.OK, all_of_them.err
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == ["moments.csv", "report.md"]
    unknown = highlights("export", REQUEST, "-f", "opera", env=env)
    assert unknown.code == ExitCode.SETTINGS
    assert "report-md" in unknown.err


async def test_a_tournament_is_listed_shown_and_taken_out(env: dict[str, str], tmp_path: Path) -> None:
    """The latest record of it and the moments that stand, each in its latest revision."""
    await published(env)
    none = highlights("tournaments", "ls", env=env)
    assert (none.code, none.out) == (ExitCode.OK, "")
    connection = KafkaConnection.plaintext(env["KAFKA_BOOTSTRAP_SERVERS"])
    arena = final()
    records = {"tournaments": arena.boards(), "moments": arena.of("moments")}
    for short, told in records.items():
        for record in told:
            topic = f"{env['TLDR_TOPIC_PREFIX']}tldr.{short}.v1"
            await write(connection, topic, KEY.encode(), encode(record), partition=0)
    (listed,) = highlights("tournaments", "ls", "-o", "json", env=env).records()
    assert (listed["tournament_id"], listed["final"], listed["totals"]["moments"]) == ("cup", True, 2)
    shown = highlights("tournaments", "show", KEY, env=env)
    assert "ended" in shown.out
    assert "Mira" in shown.out
    forms = highlights("tournaments", "export", KEY, "-o", "json", env=env)
    assert [row["format"] for row in forms.records()] == ["report-md", "moments-csv", "json"]
    printed = highlights("tournaments", "export", KEY, "--format", "report-md", env=env)
    assert printed.code == ExitCode.OK, printed.err
    assert "this is the last word" in printed.out
    assert "view of Jonas" in printed.out
    written = highlights("tournaments", "export", KEY, "--to", str(tmp_path / "cup"), env=env)
    assert written.code == ExitCode.OK, written.err
    assert sorted(path.name for path in (tmp_path / "cup").iterdir()) == ["moments.csv", "report.md", "tournament.json"]
    lost = highlights("tournaments", "export", "cup", env=env)
    assert lost.code == ExitCode.FAILED
    assert f"did you mean {KEY}?" in lost.err
    unknown = highlights("tournaments", "export", KEY, "-f", "opera", env=env)
    assert unknown.code == ExitCode.SETTINGS
    assert "moments-csv" in unknown.err


async def test_a_form_without_content_says_what_it_needs(env: dict[str, str], tmp_path: Path) -> None:
    """Captions of a lecture that came without a transcript: no empty folder, and no advice to name one."""
    await published(env)
    connection = KafkaConnection.plaintext(env["KAFKA_BOOTSTRAP_SERVERS"])
    ended = encode(summary([], profile="education@1"))
    await write(connection, f"{env['TLDR_TOPIC_PREFIX']}tldr.summaries.v1", REQUEST.encode(), ended, partition=0)
    for words in ((), ("--to", str(tmp_path / "out"))):
        empty = highlights("export", REQUEST, "-f", "clips-vtt", *words, env=env)
        assert empty.code == ExitCode.FAILED
        assert "transcript" in empty.err
    assert not (tmp_path / "out").exists()


async def test_a_document_that_is_not_there_yet_is_said_to_be_made_at_the_end(env: dict[str, str]) -> None:
    """A request that runs, one whose profile is not installed here, and one that nobody sent."""
    await published(env)
    connection = KafkaConnection.plaintext(env["KAFKA_BOOTSTRAP_SERVERS"])
    prefix = env["TLDR_TOPIC_PREFIX"]
    running = msgspec.structs.replace(stream("processing"), request_id="r-2")
    await write(connection, f"{prefix}tldr.streams.v1", b"r-2", encode(running), partition=0)
    gone = summary([], request_id="r-3", profile="cooking@1")
    await write(connection, f"{prefix}tldr.summaries.v1", b"r-3", encode(gone), partition=0)
    known = msgspec.structs.replace(stream(), request_id="r-3")
    await write(connection, f"{prefix}tldr.streams.v1", b"r-3", encode(known), partition=0)
    for request_id, code, told in (
        ("r-2", ExitCode.FAILED, "made when it is settled"),
        ("r-3", ExitCode.SETTINGS, "TLDR_PROFILE_PLUGINS"),
        ("r-4", ExitCode.FAILED, "no request 'r-4'"),
    ):
        ended = highlights("export", request_id, "--format", "report-md", env=env)
        assert ended.code == code, ended.err
        assert told in ended.err


async def test_a_past_range_is_run_again_beside_what_was_published(env: dict[str, str]) -> None:
    """Under the same rules nothing differs; others are told, on a topic apart, and the published topics stay."""
    await published(env)
    servers, prefix = env["KAFKA_BOOTSTRAP_SERVERS"], env["TLDR_TOPIC_PREFIX"]
    place = partition_of(2)(REQUEST.encode())
    same = highlights("replay", "--profile", "gaming@1", "--all", "--dry-run", "--fail-on-diff", "-o", "json", env=env)
    assert same.code == ExitCode.OK, same.err
    (told,) = same.records()
    assert (told["highlights"], told["documents"], told["different"], told["topic"]) == (2, 1, 0, None)
    before = await read_all(servers, f"{prefix}tldr.highlights.v1", 0)

    other = highlights("replay", "-p", "general", "--request-id", REQUEST, "--request-id", "x", "-o", "json", env=env)
    assert other.code == ExitCode.OK, other.err
    *differences, told = other.records()
    assert told["topic"].startswith(f"{prefix}tldr.highlights.v1.replay-general-1-")
    assert told["lost"] == {"x": "no highlight of it was published in that range"}
    assert {"confidence_band"} == set(differences[0]["added"])
    *values, last = await read_all(servers, told["topic"], place)
    records = [msgspec.json.decode(value, type=Highlight) for value in values]
    assert sorted((one.highlight_id, one.revision, one.profile) for one in records) == [
        ("h1", 2, "general@1"),
        ("h2", 1, "general@1"),
    ]
    document = msgspec.json.decode(last, type=Summary)
    assert (document.profile, len(document.document["best"])) == ("general@1", 2)
    assert await read_all(servers, f"{prefix}tldr.highlights.v1", 0) == before

    async with TopicAdmin(KafkaConnection.plaintext(servers)) as admin:
        scratch = (await admin.find([told["topic"]]))[told["topic"]]
    assert (scratch.partitions, scratch.config["cleanup.policy"]) == (2, "delete")
    assert int(scratch.config["max.message.bytes"]) == load()["summaries"].max_message_bytes
    used = highlights("replay", "--profile", "general", "--all", "--to-topic", told["topic"], env=env)
    assert used.code == ExitCode.SETTINGS
    assert "holds records already" in used.err


async def test_a_replay_says_when_something_differs_or_nothing_was_published(env: dict[str, str]) -> None:
    """Exit code 1 where it is asked for; an empty range writes no topic."""
    await published(env)
    words = ("replay", "--profile", "general", "--all", "--dry-run")
    assert highlights(*words, env=env).code == ExitCode.OK
    assert highlights(*words, "--fail-on-diff", env=env).code == ExitCode.FAILED
    early = highlights("replay", "-p", "general", "--from", "1980-01-01", "--to", "1980-01-02", "-o", "json", env=env)
    (told,) = early.records()
    assert (told["highlights"], told["topic"]) == (0, None)
