"""The command line as a whole: help, exit codes, and errors that say what to do."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from pathlib import Path
from typing import Any

import pytest
import typer.main

from agents.composition import build_domain
from pipeline.cli.context import CliContext
from pipeline.cli.dev_run import DevOptions, stack_config
from pipeline.cli.errors import CommandError, explain
from pipeline.cli.main import build_app, call
from pipeline.cli.running import Interrupted, run_async
from pipeline.kafka.errors import DistributionError, KafkaStartError
from pipeline.kafka.log_end import tail_of
from pipeline.settings import Settings
from pipeline.stack.errors import StackError
from pipeline.worker.exit_codes import ExitCode

GROUPS = ("streams", "dlq", "topics", "config", "kafka")


def no_domain(_settings: Settings, _observer: Any) -> Any:
    """Stands where the decisions are built; these tests run no worker."""
    raise AssertionError("no worker is run here")


def every_command() -> list[list[str]]:
    """The words of every command, groups included."""
    root: Any = typer.main.get_command(build_app())
    found = []
    for name, command in root.commands.items():
        inner = getattr(command, "commands", None)
        found += [[name, word] for word in inner] if inner else [[name]]
    return found


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the machine reaches a test."""
    import os  # noqa: PLC0415 - only to look at what is set

    for name in [name for name in os.environ if name.startswith(("TLDR_", "KAFKA_"))]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_command_has_help_with_an_example(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """--help ends with 0, and shows a line to paste."""
    assert call(no_domain, [*words, "--help"]) == 0
    assert f"$ highlights {words[0]}" in capsys.readouterr().out.replace("--config staging.toml ", "") or words == [
        "worker"
    ]


def test_the_help_documents_every_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    """Each code that a process of ours may end with is in --help."""
    assert call(no_domain, ["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"{int(code)} " in shown for code in ExitCode)


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """--version names program and version."""
    assert call(no_domain, ["--version"]) == 0
    assert capsys.readouterr().out.startswith("highlights 0.")


@pytest.mark.parametrize(
    "words", [["submit", "https://example.com/x"], ["watch"], ["streams", "ls"], ["topics", "plan"]]
)
def test_without_a_broker_the_error_lists_three_ways(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """No cluster set: exit code 2, and what can be done about it."""
    assert call(build_domain, words) == ExitCode.SETTINGS
    said = capsys.readouterr().err
    assert all(way in said for way in ("KAFKA_BOOTSTRAP_SERVERS", "highlights dev", "container"))


def test_a_broker_that_is_away_is_named_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody listens there: exit code 3, the address, and what to check."""
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    assert call(no_domain, ["streams", "ls"]) == ExitCode.KAFKA
    said = capsys.readouterr().err
    assert "cannot be reached at 127.0.0.1:1" in said
    assert "fix:" in said


def test_settings_that_are_wrong_are_named_all_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown variable and a bad value: exit code 2, both by name."""
    monkeypatch.setenv("TLDR_TOPIC_PREFX", "x.")
    monkeypatch.setenv("TLDR_PER_PAGE", "many")
    assert call(no_domain, ["config", "check"]) == ExitCode.SETTINGS
    said = capsys.readouterr().err
    assert "TLDR_TOPIC_PREFIX" in said
    assert "polling.per_page" in said


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a secret, config show says only that it is set."""
    monkeypatch.setenv("TLDR_API_KEY", "tldr-very-secret")
    assert call(no_domain, ["config", "show", "--output", "json"]) == 0
    assert "tldr-very-secret" not in capsys.readouterr().out


def test_a_bad_request_is_refused_before_kafka_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    """Values that the schema does not allow: exit code 2, and every option with what it takes."""
    assert call(no_domain, ["submit", "notaurl", "--clip-duration", "9", "--quality", "best"]) == ExitCode.SETTINGS
    said = capsys.readouterr().err
    assert "URL must begin with http:// or https://" in said
    assert "--clip-duration 9 must be 10 to 120" in said
    assert "--quality 'best' must be premium" in said


@pytest.mark.parametrize("name", ["gaming", "education", "meeting", "meetings"])
def test_the_demo_takes_the_names_that_requests_take(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The profile is called meetings; its singular is taken too."""
    gone = str(tmp_path / "gone.jsonl")
    assert call(build_domain, ["demo", "--profile", name, "--requests", gone]) == ExitCode.SETTINGS
    assert "gone.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "words", "told"),
    [
        ("[1]", ["--metadata-file", "FILE"], "holds no JSON object"),
        ("{", ["--metadata-file", "FILE"], "holds no JSON object"),
        ("{}", ["--metadata-file", "gone.json"], "gone.json cannot be read"),
        ("{}", ["--transcript", "gone.vtt"], "gone.vtt cannot be read"),
        ('{"topics": "algebra"}', ["--metadata-file", "FILE", "--profile", "education"], "metadata.topics"),
        ("hello there", ["--transcript", "FILE", "--profile", "meetings"], "--transcript"),
        ("{}", ["--metadata", "teams=Northwind", "--profile", "gaming"], "metadata.teams"),
    ],
)
def test_metadata_that_cannot_be_used_is_refused_before_kafka_is_asked(
    content: str, words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2: the file that cannot be read, or the field that would make a dead letter."""
    file = tmp_path / "given"
    file.write_text(content)
    given = [str(file) if word == "FILE" else word for word in words]
    assert call(build_domain, ["submit", "https://example.com/x", *given]) == ExitCode.SETTINGS
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["streams", "ls", "--state", "procesing"], "did you mean processing?"),
        (["streams", "ls", "--state", "foo"], "use one of accepted, scheduled, queued"),
        (["dlq", "ls", "--code", "invlid"], "did you mean invalid?"),
        (["dlq", "ls", "--code", "nope"], "use one of undecodable"),
    ],
)
def test_a_filter_that_can_find_nothing_is_refused(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A typing error in a filter is not an empty list, which would read as 'all clear': exit code 2, and the words."""
    assert call(no_domain, words) == ExitCode.SETTINGS
    assert told in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_told_before_the_demo_starts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A minute of work must not end without its figures: exit code 2, and the option."""
    (tmp_path / "file").touch()
    assert call(build_domain, ["demo", "--json-file", str(tmp_path / "file" / "x.json")]) == ExitCode.SETTINGS
    assert "--json-file" in capsys.readouterr().err


def test_dev_keeps_off_the_topics_and_the_group_of_a_cluster_that_is_set() -> None:
    """Simulated highlights never land on real topics, nor does dev take partitions from real workers."""
    settings = Settings.load(environ={"KAFKA_BOOTSTRAP_SERVERS": "broker:9092", "TLDR_TOPIC_PREFIX": "team."})
    overrides = stack_config(DevOptions(), settings).overrides
    assert overrides["topics.prefix"] == "team.dev."
    assert overrides["worker.group_id"] != settings.worker.group_id


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--persist", __file__], "--persist needs a folder"), (["--scenario", "nowhere.toml"], "nowhere.toml")],
)
def test_dev_refuses_what_it_cannot_use_at_once(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file in place of a folder, a scenario that is not there: exit code 2 before anything is put up."""
    assert call(no_domain, ["dev", *arguments]) == ExitCode.SETTINGS
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["dev", "--kafka-port", "80000"], ["dev", "--api-port", "-1"], ["simulate", "--port", "65536"]]
)
def test_a_port_that_cannot_be_one_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Ports go from 0 to 65535 in every command: exit code 2, and the option's name."""
    assert call(no_domain, words) == ExitCode.SETTINGS
    assert words[1] in capsys.readouterr().err


def test_a_demo_is_given_time_enough_to_show_anything(capsys: pytest.CaptureFixture[str]) -> None:
    """A timeout that no start fits into is refused: exit code 2, and the option's name."""
    assert call(no_domain, ["demo", "--timeout", "0"]) == ExitCode.SETTINGS
    assert "--timeout" in capsys.readouterr().err


def test_what_a_worker_needs_is_noted_when_it_is_not_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A note for each; exit code 2 as long as a worker would not start, and only what is whole is fine."""
    assert call(build_domain, ["config", "check"]) == ExitCode.SETTINGS
    shown = capsys.readouterr().out
    assert "note: KAFKA_BOOTSTRAP_SERVERS" in shown
    assert "note: TLDR_API_KEY" in shown
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "broker:9092")
    assert call(build_domain, ["config", "check"]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "note: TLDR_API_KEY" in shown
    assert "settings are fine" not in shown
    monkeypatch.setenv("TLDR_API_KEY", "x")
    assert call(build_domain, ["config", "check"]) == ExitCode.OK
    assert capsys.readouterr().out == "the settings are fine\n"


def test_a_scenario_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """The simulator does not start on a scenario it cannot read: exit code 2."""
    assert call(no_domain, ["simulate", "--scenario", "nowhere.toml"]) == ExitCode.SETTINGS
    assert "nowhere.toml" in capsys.readouterr().err


def test_an_error_inside_a_task_group_is_the_error() -> None:
    """People see what went wrong, not that it happened in a group of tasks."""
    inner = StackError("the simulator ended with exit code 2")
    explained = explain(ExceptionGroup("unhandled errors in a TaskGroup", [inner]))
    assert explained is not None
    assert explained.problem == inner.reason


def test_a_full_disk_is_said_to_be_one(tmp_path: Path) -> None:
    """The operating system's words, the file, and what to do."""
    explained = explain(OSError(28, "No space left on device", str(tmp_path / "x")))
    assert explained is not None
    assert "No space left" in explained.problem
    assert str(tmp_path / "x") in explained.problem
    assert explained.fix == ("free some space there, or write to another disk",)
    unnamed = explain(OSError(28, "No space left on device"))
    assert unnamed is not None
    assert unnamed.problem == "No space left on device for the output"


def test_a_full_disk_is_found_in_a_part_s_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part that ended far behind the line that says why: that line alone, and what to do about it."""
    told = "OSError: [Errno 28] No space left on device"
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    ours, theirs = "set TMPDIR to another disk", "name a folder on another disk: --persist FOLDER"
    for folder, hint in (("highlights-0a1b", ours), ("mine", theirs)):
        log = tmp_path / folder / "worker-1.log"
        log.parent.mkdir()
        log.write_text(f'{{"exception": "Traceback\\n\\tat x\\n{told}\\n\\tat y"}}\n' + "\tat line\n" * 100)
        for error in (StackError("worker 1 ended with exit code 1", log), failed_start(log)):
            explained = explain(error)
            assert explained is not None
            assert explained.details == told
            assert explained.fix == (f"free some space there, or {hint}", f"the whole log: {log}")


def failed_start(log: Path) -> KafkaStartError:
    """A broker that ended over what its log says."""
    return KafkaStartError("it ended with exit code 1", log, tail_of(log))


def test_a_full_disk_under_the_cache_folder_is_said_to_be_one() -> None:
    """Another variable moves that folder."""
    explained = explain(DistributionError("cannot write to the cache folder x: [Errno 28] No space left on device"))
    assert explained is not None
    assert explained.fix == ("free some space there, or set XDG_CACHE_HOME to another disk",)


def test_a_fault_of_ours_is_not_explained_away() -> None:
    """Only what a person can act on becomes a short error."""
    assert explain(KeyError("x")) is None


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (KeyboardInterrupt(), "interrupted\n"),
        (Interrupted(), "interrupted\n"),
        (Interrupted("the request goes on"), "interrupted; the request goes on\n"),
    ],
)
def test_ctrl_c_is_answered(
    raised: BaseException, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 130 and a word on stderr, wherever a command was, with what goes on without it."""

    def interrupted(*_: Any) -> None:
        raise raised

    monkeypatch.setattr(CliContext, "settings", interrupted)
    assert call(no_domain, ["config", "check"]) == ExitCode.INTERRUPTED
    assert capsys.readouterr().err == said


def test_a_command_that_is_interrupted_has_cleaned_up() -> None:
    """SIGINT cancels what runs, which may end in its own time; only then is it an interrupt."""
    cleaned = []

    async def work() -> None:
        signal.raise_signal(signal.SIGINT)
        try:
            await asyncio.sleep(60)
        finally:
            cleaned.append(True)

    with pytest.raises(Interrupted):
        run_async(work())
    assert cleaned


def test_a_command_error_passes_as_it_is() -> None:
    """What a command says itself is kept, empty fixes left out."""
    error = CommandError(ExitCode.TOPICS, "no topics", "", "highlights topics apply")
    assert explain(error) is error
    assert error.fix == ("highlights topics apply",)


def test_a_folder_that_another_dev_uses_is_named_with_the_way_out(tmp_path: Path) -> None:
    """The simulator's lock is held: exit code 2, whose folder it is, and how to go on."""
    error = StackError("simulator: cannot run python: another process holds x.lock", tmp_path / "simulator.log")
    explained = explain(error)
    assert explained is not None
    assert explained.exit_code == ExitCode.SETTINGS
    assert f"another `highlights dev` uses {tmp_path}" in explained.problem
    assert "--persist" in explained.fix[0]


def test_profiles_that_cannot_be_had_are_problems_of_the_settings(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``config check`` finds what would stop a worker's start, by key."""
    monkeypatch.setenv("TLDR_TENANT_PROFILES", "acme=cooking")
    assert call(build_domain, ["config", "check"]) == ExitCode.SETTINGS
    assert "profiles.by_tenant" in capsys.readouterr().err
