"""Commands around profiles, as far as they need no Kafka."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents.profile_trial import Trial, observed
from agents.profiles.gaming import Gaming
from pipeline.cli import replay_diff
from pipeline.cli.errors import CommandError
from pipeline.cli.export import write_files
from pipeline.worker.exit_codes import ExitCode
from tests.unit.agents.support import make_request, seen_highlight
from tests.unit.cli.commands import run


def test_profiles_are_listed_with_their_versions(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its exports."""
    code, out, _ = run(capsys, "profiles", "ls", "--output", "json")
    rows = {row["profile"]: row for row in map(json.loads, out.splitlines())}
    assert code == 0
    assert rows["general"]["version"] == "general@1"
    assert "report-md" in rows["gaming"]["exports"]


def test_a_profile_shows_what_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    """Options by game and rules with their confidence; an unknown name lists those there are."""
    code, out, _ = run(capsys, "profiles", "show", "gaming", "--output", "json")
    shown = json.loads(out)
    assert code == 0
    assert shown["games"]["valorant"]["options"]["clip_duration"] == 20
    assert all(0 < rule["confidence"] <= 1 for rule in shown["rules"])
    code, _, err = run(capsys, "profiles", "show", "cooking")
    assert code == ExitCode.SETTINGS
    assert "gaming" in err


def test_a_profile_is_tried_on_every_line_that_can_be_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Records of the topic, highlights in the API's words and pages alike; the others are named by their number."""
    shown = {"id": "h1", "title": "Nyx aces"}
    record = Trial(Gaming(), make_request()).see(seen_highlight("h3", title="Karu aces too"))
    lines = [json.dumps(shown), "not JSON", json.dumps({"highlights": [{"id": "h2", "title": "1v3 won"}]}), "7"]
    file = tmp_path / "highlights.jsonl"
    file.write_bytes("\n".join(lines).encode() + b"\n" + json.dumps(json.loads(_json(record))).encode())
    code, out, err = run(capsys, "profiles", "test", str(file), "--profile", "gaming", "--output", "json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == ExitCode.FAILED
    assert [row["highlight_id"] for row in rows[:-1]] == ["h1", "h2", "h3"]
    assert [row["enrichment"]["events"][0]["kind"] for row in rows[:-1]] == ["ace", "clutch", "ace"]
    assert rows[-1]["document"]["kinds"]["ace"] == 2
    assert "line 2: no JSON" in err
    assert "line 4: no highlight" in err


def test_nothing_of_a_page_is_lost(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """One highlight of it that is none hides no other; a page over many lines, in an envelope, is a page too."""
    page = {"data": {"highlights": [{"id": "h1", "title": "Nyx aces"}, 7, {"id": "h3", "mood": "grim"}]}}
    file = tmp_path / "page.json"
    for indent in (None, 2):
        file.write_text(json.dumps(page, indent=indent))
        code, out, err = run(capsys, "profiles", "test", str(file), "-o", "json")
        assert code == ExitCode.FAILED
        assert [row.get("highlight_id") for row in map(json.loads, out.splitlines())] == ["h1", "h3", None]
        assert "line 1, highlight 2: no highlight" in err


@pytest.mark.parametrize("count", [9, 10, 11, 40])
def test_lines_that_cannot_be_read_are_named(count: int, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Ten, and how many more; also when the file begins like one text over many lines."""
    file = tmp_path / "broken.jsonl"
    file.write_text("{\n" * count + json.dumps({"id": "h1"}))
    code, out, err = run(capsys, "profiles", "test", str(file))
    assert code == ExitCode.FAILED
    assert [number for number in range(1, 50) if f"line {number}: " in err] == list(range(1, min(count, 10) + 1))
    assert (f"... and {count - 10} more" in err) is (count > 10)
    assert f"{count} highlights" in err
    assert "h1" in out


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf", b"[]", b'{"highlights": []}'])
def test_a_file_without_a_highlight_is_bad_input(
    content: bytes, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """There is no document about nothing."""
    file = tmp_path / "empty.jsonl"
    file.write_bytes(content)
    code, out, err = run(capsys, "profiles", "test", str(file), "-p", "gaming")
    assert code == ExitCode.SETTINGS
    assert f"no highlight is in {file}" in " ".join(err.split("\n"))
    assert out == ""


def test_the_mark_that_some_editors_put_first_is_none_of_the_text(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A byte order mark, before lines and before one text over many."""
    file = tmp_path / "marked.jsonl"
    for indent in (None, 2):
        file.write_text(json.dumps({"id": "h1"}, indent=indent), encoding="utf-8-sig")
        code, out, err = run(capsys, "profiles", "test", str(file))
        assert (code, err) == (ExitCode.OK, "")
        assert "h1" in out


def test_a_request_decides_for_its_profile(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Unless the command does."""
    request, file = tmp_path / "request.json", tmp_path / "none.jsonl"
    request.write_text(
        json.dumps({"request_id": "r", "tenant": "t", "source_url": "https://example.com/v", "profile": "gaming"})
    )
    file.write_text('{"id": "h1"}')
    for words, label in ([], "gaming@1"), (["-p", "general"], "general@1"):
        _, out, _ = run(capsys, "profiles", "test", str(file), "-r", str(request), "-o", "json", *words)
        assert json.loads(out.splitlines()[-1])["profile"] == label


def _json(record: object) -> bytes:
    import msgspec  # noqa: PLC0415 - here alone

    return msgspec.json.encode(record)


def test_metadata_that_a_profile_cannot_use_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """By its field, before any line is read."""
    request = tmp_path / "request.json"
    request.write_text(
        json.dumps(
            {"request_id": "r", "tenant": "t", "source_url": "https://example.com/v.mp4", "metadata": {"players": 7}}
        )
    )
    words = ["profiles", "test", str(tmp_path / "none.jsonl"), "--profile", "gaming", "--request", str(request)]
    code, _, err = run(capsys, *words)
    assert code == ExitCode.SETTINGS
    assert "players" in err


def test_a_record_run_again_under_the_same_rules_is_the_same() -> None:
    """What the API showed is won back from a record."""
    trial = Trial(Gaming(), make_request())
    record = trial.see(seen_highlight("h1", title="Nyx aces", metadata={"a": 1}, extra={"b": 2}))
    assert trial.again(record) == record
    assert observed(record).metadata == {"a": 1}


def test_a_difference_names_tags_and_fields() -> None:
    """Added, removed, changed; nothing when nothing differs."""
    trial = Trial(Gaming(), make_request())
    before = trial.see(seen_highlight("h1", title="Nyx aces"))
    after = trial.see(seen_highlight("h1", title="Nyx wins the 1v3"))
    difference = replay_diff.of_highlight(before, after)
    assert difference is not None
    assert (difference.added, difference.removed) == (["tag:clutch"], ["tag:ace"])
    assert {"title", "events", "hype"} <= set(difference.changed)
    assert replay_diff.of_highlight(before, before) is None
    assert replay_diff.counted([difference])[0][2] == 1


@pytest.mark.parametrize(
    "words",
    [
        ["replay", "--profile", "cooking", "--all"],
        ["replay", "--profile", "gaming", "--since", "yesterday"],
        ["replay", "--profile", "gaming", "--since", "2h", "--from", "2026-11-01"],
        ["replay", "--profile", "gaming", "--from", "2026-11-02", "--to", "2026-11-01"],
        ["replay", "--profile", "gaming", "--to-topic", "other.tldr.ledger.v1", "--all"],
        ["replay", "--profile", "gaming", "--to-topic", "__consumer_offsets", "--all"],
        ["replay", "--profile", "gaming", "--to-topic", "tldr.highlights.v1", "--all"],
        ["replay", "--profile", "gaming", "--to-topic", "no topic", "--all"],
    ],
)
def test_a_replay_that_makes_no_sense_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Before Kafka is asked: an unknown profile, a range that is none, a topic of ours under any prefix."""
    code, _, err = run(capsys, *words)
    assert code == ExitCode.SETTINGS
    assert "KAFKA_BOOTSTRAP_SERVERS" not in err
    assert "fix:" in err


@pytest.mark.parametrize("name", ["../evil.md", "/evil.md", "a/b/evil.md", "..\\evil.md", "C:\\evil.md"])
def test_exported_files_stay_in_their_folder(name: str, tmp_path: Path) -> None:
    """Whatever their names say, by the rules of any system."""
    folder = tmp_path / "a"
    assert write_files(folder, {name: "x", "b.md": "1\r\n"}, force=False) == [folder / "evil.md", folder / "b.md"]
    assert sorted(path.name for path in folder.iterdir()) == ["b.md", "evil.md"]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (folder / "b.md").read_bytes() == b"1\r\n"


@pytest.mark.parametrize("files", [{"..": "x"}, {"": "x"}, {"a\n.md": "x"}, {"a/b.md": "x", "c/b.md": "y"}])
def test_a_name_that_is_none_is_refused(files: dict[str, str], tmp_path: Path) -> None:
    """As are two files with the same name: one of them would be lost. Nothing is written."""
    with pytest.raises(CommandError):
        write_files(tmp_path, files, force=True)
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_not_written_over_unasked(tmp_path: Path) -> None:
    """A link that leads out of the folder is replaced, and what it leads to left alone."""
    folder, outside = tmp_path / "a", tmp_path / "outside"
    folder.mkdir()
    (folder / "b.md").symlink_to(outside)
    with pytest.raises(CommandError, match="there already"):
        write_files(folder, {"b.md": "z"}, force=False)
    write_files(folder, {"b.md": "z"}, force=True)
    assert (folder / "b.md").read_text() == "z"
    assert not outside.exists()


def test_a_write_that_fails_leaves_nothing_half_done(tmp_path: Path) -> None:
    """A folder stands where the file should be."""
    (tmp_path / "b.md" / "c").mkdir(parents=True)
    with pytest.raises(CommandError, match="cannot write"):
        write_files(tmp_path, {"b.md": "z"}, force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["b.md"]


@pytest.mark.parametrize("below", ["", "b/c"])
def test_a_file_is_no_folder_to_write_to(below: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Said before Kafka is asked, with the file that stands in the way."""
    (tmp_path / "a").write_text("x")
    for words in (("export", "r-1"), ("tournaments", "export", "acme/cup")):
        code, _, err = run(capsys, *words, "--to", str(tmp_path / "a" / below))
        assert code == ExitCode.SETTINGS
        assert f"--to needs a folder, and {tmp_path / 'a'} is a file" in " ".join(err.split())
    with pytest.raises(CommandError, match="needs a folder"):
        write_files(tmp_path / "a" / below, {"b.md": "z"}, force=False)
