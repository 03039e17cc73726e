"""What would go wrong in silence is said at once: records too large, names nearly right, parts of a request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agents.composition import build_domain
from agents.profile_setup import OURS
from pipeline.cli.main import call
from pipeline.cli.words import misspelt
from pipeline.settings import Settings
from pipeline.stack.requests import example_requests
from pipeline.worker.exit_codes import ExitCode
from schemas.records.request import MAX_REQUEST_BYTES
from tests.unit.cli.commands import run

CAPTION = "00:01.000 --> 00:02.000\nAgreed.\n\n"
SUBMIT = ("submit", "https://example.com/x")


def tried(capsys: pytest.CaptureFixture[str], tmp_path: Path, line: Any, *words: str) -> tuple[int, str, str]:
    """Try a profile on one line."""
    file = tmp_path / "highlights.jsonl"
    file.write_text(line if isinstance(line, str) else json.dumps(line))
    return run(capsys, "profiles", "test", str(file), *words)


def test_a_transcript_too_large_for_a_request_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the exit code of bad input and the way out, also where no profile is named; a smaller one gets further."""
    file = tmp_path / "long.vtt"
    file.write_text("WEBVTT\n\n" + CAPTION * (MAX_REQUEST_BYTES // len(CAPTION)))
    code, _, err = run(capsys, *SUBMIT, "--transcript", str(file))
    assert code == ExitCode.SETTINGS
    assert str(MAX_REQUEST_BYTES) in err
    assert "--metadata transcript_url=" in err
    file.write_text("WEBVTT\n\n" + CAPTION)
    assert "KAFKA_BOOTSTRAP_SERVERS" in run(capsys, *SUBMIT, "--transcript", str(file))[2]


def test_other_metadata_too_large_for_a_request_is_refused_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no transcript to link, so none is spoken of."""
    file = tmp_path / "metadata.json"
    file.write_text(json.dumps({"notes": "x" * MAX_REQUEST_BYTES}))
    code, _, err = run(capsys, *SUBMIT, "--metadata-file", str(file))
    assert code == ExitCode.SETTINGS
    assert "transcript_url" not in err


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"id": "h1", "timestmp": 4.0}, "line 1: unknown field timestmp: did you mean timestamp?"),
        ({"id": "h1", "Duration": 4.0}, "line 1: unknown field Duration: did you mean duration?"),
        ({"highlights": [{"id": "h1"}, {"id": "h2", "duratoin": 4.0}]}, "line 1, highlight 2: unknown field duratoin"),
        ({"id": "h1", "confidence": 0.9}, "line 1: unknown field confidence: did you mean confidence_score?"),
        ({"id": "h1", "start_s": 4.0}, "line 1: unknown field start_s: there are "),
        ({"id": "h1", "timestamp": "4 s"}, "line 1: timestamp is of another type"),
    ],
)
def test_a_field_that_no_highlight_has_is_told(
    line: Any, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, with the nearest name; the highlight is tried all the same."""
    code, out, err = tried(capsys, tmp_path, line)
    assert code == ExitCode.OK
    assert told in err
    assert told not in out
    assert "h1" in out


def test_each_unknown_field_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A thousand lines with the same mistake are one mistake; what is known is never told."""
    shown = {"id": "h1", "title": "x", "timestamp": 1.0, "duration": 2.0, "tags": [], "created_at": None}
    lines = "\n".join(json.dumps({**shown, "timestmp": 1}) for _ in range(5))
    err = tried(capsys, tmp_path, lines)[2]
    assert err.count("timestmp") == 1
    assert tried(capsys, tmp_path, shown)[2] == ""


def test_a_part_of_a_request_is_enough_to_try_a_profile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the rules read; a misspelt field of it is told."""
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"profile": "gaming", "metadata": {"players": ["Nyx"]}, "platfrom": "x"}))
    words = ("--request", str(request), "-o", "json")
    code, out, err = tried(capsys, tmp_path, {"id": "h1", "title": "nyx aces"}, *words)
    assert code == ExitCode.OK
    assert json.loads(out.splitlines()[0])["enrichment"]["players"][0]["name"] == "Nyx"
    assert "unknown field platfrom: did you mean platform?" in err


@pytest.mark.parametrize("content", ["[1]", "{", "7", "[" * 100_000, '{"metadata": 7}'])
def test_a_file_that_is_no_request_is_named(content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever is in it."""
    request = tmp_path / "request.json"
    request.write_text(content)
    code, _, err = tried(capsys, tmp_path, {"id": "h1"}, "--request", str(request))
    assert code == ExitCode.SETTINGS
    assert "request.json" in err


def test_a_misspelt_key_of_metadata_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By both commands, with the nearest key that the profile reads; other keys are the producer's own."""
    metadata = {"attendes": ["Ann"], "Title": "Board", "room": "4.12"}
    file, request = tmp_path / "metadata.json", tmp_path / "request.json"
    file.write_text(json.dumps(metadata))
    request.write_text(json.dumps({"metadata": metadata}))
    _, _, submitted = run(capsys, *SUBMIT, "--profile", "meetings", "--metadata-file", str(file))
    _, _, tested = tried(capsys, tmp_path, {"id": "h1"}, "-p", "meetings", "--request", str(request))
    for err in (submitted, tested):
        assert "metadata.attendes is not read by meetings@1: did you mean attendees?" in err
        assert "metadata.Title is not read by meetings@1: did you mean title?" in err
        assert "room" not in err


def test_metadata_is_checked_by_the_profile_that_the_tenant_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the request names none: what would become a dead letter is refused at once."""
    monkeypatch.setenv("TLDR_TENANT_PROFILES", "acme=meetings")
    file = tmp_path / "board.json"
    file.write_text(json.dumps({"attendees": 3}))
    code, _, err = run(capsys, *SUBMIT, "--tenant", "acme", "--metadata-file", str(file))
    assert code == ExitCode.SETTINGS
    assert "metadata.attendees" in err
    assert "metadata.attendees" not in run(capsys, *SUBMIT, "--tenant", "other", "--metadata-file", str(file))[2]


def test_a_profile_that_declares_no_keys_warns_of_none() -> None:
    """It may read any; nor is a key misspelt where the right one stands beside it."""
    assert misspelt({"attendes": 1}, ()) == {}
    assert misspelt({"player_id": 1, "player": 1}, ["player"]) == {}


def test_the_examples_misspell_nothing() -> None:
    """The declared keys are those that requests use: no warning is wrong where we wrote the metadata ourselves."""
    desk = build_domain(Settings()).desk
    for request in example_requests():
        info = desk.find(request.profile)
        assert info is not None
        assert misspelt(request.metadata, info.metadata) == {}


@pytest.mark.parametrize("name", sorted(OURS))
def test_the_keys_of_a_profile_are_declared_once_and_documented(name: str) -> None:
    """What warnings know, what ``profiles show`` prints and what the documents name is the same."""
    desk = build_domain(Settings()).desk
    info = desk.find(name)
    assert info is not None
    assert list(info.metadata) == desk.describe(name)["metadata"]
    page = (Path(__file__).parents[3] / "docs" / "profiles.md").read_text("utf-8")
    (row,) = [line for line in page.split("What comes out")[0].splitlines() if line.startswith(f"| `{name}` |")]
    assert [key for key in info.metadata if f"`{key}`" not in row] == []


@pytest.mark.parametrize("words", [[], ["--dry-run"], ["--all", "--since", "2h"], ["--all", "--request-id", "r"]])
def test_a_replay_of_everything_is_asked_for(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Without a range it is no accident only if --all says so; with one, --all contradicts it."""
    assert call(build_domain, ["replay", "--profile", "gaming", *words]) == ExitCode.SETTINGS
    err = capsys.readouterr().err
    assert "KAFKA_BOOTSTRAP_SERVERS" not in err
    assert "--all" in err


@pytest.mark.parametrize(
    "words", [["--all"], ["--since", "2h"], ["--to", "2026-11-01"], ["--from", "2026-11-01"], ["--request-id", "r"]]
)
def test_a_replay_of_a_range_needs_no_more(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Any of them gets as far as Kafka."""
    call(build_domain, ["replay", "--profile", "gaming", "--dry-run", *words])
    assert "KAFKA_BOOTSTRAP_SERVERS" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--request-id", "--tenant", "--platform", "--profile"])
def test_an_unset_variable_names_nothing(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty id would be another request each time: refused, by the option's name."""
    code, _, err = run(capsys, *SUBMIT, option, "")
    assert code == ExitCode.SETTINGS
    assert f"{option} '' must be" in err


def test_a_transcript_that_is_none_is_named_by_its_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And the way out is one for files."""
    file = tmp_path / "board.vtt"
    file.write_text("hello there")
    _, _, err = run(capsys, *SUBMIT, "--profile", "meetings", "--transcript", str(file))
    assert f"--transcript {file}: " in err
    assert "WebVTT" in err
    assert "--metadata-file" not in err


@pytest.mark.parametrize(("words", "told"), [([], True), (["--profile", "gaming"], True), (["-p", "meetings"], False)])
def test_a_transcript_that_nobody_reads_is_told(
    *, words: list[str], told: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, with the profiles that read one."""
    file = tmp_path / "board.vtt"
    file.write_text("WEBVTT\n\n" + CAPTION)
    words = ["--profile" if word == "-p" else word for word in words]
    _, _, err = run(capsys, *SUBMIT, "--transcript", str(file), *words)
    assert ("--profile takes education, meetings" in err) is told
    assert "KAFKA_BOOTSTRAP_SERVERS" in err


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://localhost/x", []),
        ("http://10.0.0.1/a", ["--profile", "gaming"]),
        ("http://10.0.0.1/a", ["--profile", "of-a-plugin"]),
        ("https://example.com/x", ["--profile", "meetings", "--metadata", "transcript_url=http://192.168.0.1/a.vtt"]),
    ],
)
def test_a_url_that_workers_refuse_is_refused_at_once(
    url: str, words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would become a dead letter; hosts that the settings allow pass."""
    code, _, err = run(capsys, "submit", url, *words)
    assert code == ExitCode.SETTINGS
    assert "workers would refuse the URL" in err
    monkeypatch.setenv("TLDR_ALLOWED_HOSTS", "localhost,10.0.0.1,192.168.0.1")
    assert "KAFKA_BOOTSTRAP_SERVERS" in run(capsys, "submit", url, *words)[2]
