"""The documents of a demo: those of this run, and of no other; nothing of anybody else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.composition import build_domain
from pipeline.cli.demo.documents import forget_former, show_documents
from pipeline.cli.output import Output
from pipeline.settings import Settings
from pipeline.stack.published import Published
from schemas.records import Request, Summary
from tests.unit.cli.world import summary


def shown(folder: Path, request_id: str) -> None:
    """Show the document of one request with gaming's forms."""
    request = Request(request_id=request_id, tenant="t", source_url="https://example.com/v", profile="gaming")
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
