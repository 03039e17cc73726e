"""The pictures in the README show what the profiles make today."""

import shutil
from pathlib import Path

from tests.docs import pictures
from tests.docs.markdown import ROOT


def test_pictures_are_current() -> None:
    """If this fails: ``.venv/bin/python -m tests.docs.pictures --write``."""
    assert [path.name for path in pictures.outdated()] == []


def test_an_outdated_picture_is_found(tmp_path: Path) -> None:
    """The check above can fail: a picture of another document, or one that is not there, is named."""
    folder = tmp_path / pictures.FOLDER
    shutil.copytree(ROOT / pictures.FOLDER, folder)
    (folder / "gaming.svg").write_text("<svg/>", "utf-8")
    (folder / "meetings.svg").unlink()
    assert sorted(path.name for path in pictures.outdated(tmp_path)) == ["gaming.svg", "meetings.svg"]
