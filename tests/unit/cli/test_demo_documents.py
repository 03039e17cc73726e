"""The documents of a demo: those of this run, and of no other; nothing of anybody else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.composition import build_domain
from pipeline.cli.demo.documents import check_documents, forget_former, show_documents
from pipeline.cli.errors import CommandError
from pipeline.cli.main import call
from pipeline.cli.output import Output
from pipeline.settings import Settings
from pipeline.stack.published import Published
from pipeline.worker.exit_codes import ExitCode
from schemas.records import Request, Summary
from tests.unit.cli.world import summary


def asked(request_id: str) -> Request:
    """A request of gaming."""
    return Request(request_id=request_id, tenant="t", source_url="https://example.com/v", profile="gaming")


def shown(folder: Path, request_id: str) -> None:
    """Show the document of one request with gaming's forms."""
    request = asked(request_id)
    ended: Summary = summary([], request_id=request_id, profile="gaming@1")
    published = Published(summaries={request_id: ended})
    show_documents(Output(), build_domain(Settings()).desk, [request], published, folder)


def test_documents_of_a_former_run_are_taken_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What lies in the folder is of this run, as what is shown."""
    folder = tmp_path / "documents"
    forget_former(folder)
    shown(folder, "first")
    forget_former(folder)
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    shown(folder, "second")
    assert sorted(path.name for path in folder.iterdir() if path.is_dir()) == ["second"]
    assert (folder / "second" / "report.md").is_file()
    assert "first" not in capsys.readouterr().out.partition("--- second")[2]


def test_what_the_demo_did_not_write_stays(tmp_path: Path) -> None:
    """A person's own notes beside them, and whatever a list that somebody changed points at."""
    folder, outside = tmp_path / "documents", tmp_path / "outside.md"
    outside.touch()
    shown(folder, "first")
    (folder / "first" / "mine.md").touch()
    (folder / "other").mkdir()
    (folder / "other" / "report.md").touch()
    with next(path for path in folder.iterdir() if path.is_file()).open("a") as listed:
        listed.write("../outside.md\nfirst/../../outside.md\n/etc/passwd\n")
    forget_former(folder)
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert left == ["first/mine.md", "other/report.md"]
    assert outside.exists()


def test_a_demo_refuses_to_take_the_place_of_a_persons_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything starts or is taken away, with the file's name and the way out."""
    mine = tmp_path / "documents" / "board-2026-11" / "minutes.md"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    words = ["demo", "--profile", "meeting", "--json-file", str(tmp_path / "demo.json")]
    assert call(build_domain, words) == ExitCode.SETTINGS
    err = capsys.readouterr().err
    assert "minutes.md is there" in err
    assert "--json-file" in err
    assert mine.read_text() == "mine"


def test_what_a_demo_wrote_itself_stands_in_no_demos_way(tmp_path: Path) -> None:
    """Nor do files of requests that it does not show."""
    shown(tmp_path, "first")
    check_documents(tmp_path, [asked("first")])
    (tmp_path / "first" / "mine.md").touch()
    check_documents(tmp_path, [asked("second")])
    with pytest.raises(CommandError, match=r"mine\.md is there"):
        check_documents(tmp_path, [asked("first")])


def test_a_file_that_came_while_the_demo_ran_stays(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told, and the next demo does not take it for its own."""
    mine = tmp_path / "first" / "report.md"
    mine.parent.mkdir()
    mine.write_text("mine")
    shown(tmp_path, "first")
    assert "report.md is there" in capsys.readouterr().err
    forget_former(tmp_path)
    assert mine.read_text() == "mine"
