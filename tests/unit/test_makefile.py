"""What ``make`` does before any program of ours runs: the environment in ``.venv``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_an_environment_left_half_made_is_made_anew(tmp_path: Path) -> None:
    """Ctrl-C while .venv is made leaves a python without pip there; the next make mends it, and the one after rests."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements/base.txt", "pyproject.toml", "scripts/link_checkout.py"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", ".venv"], cwd=tmp_path, check=True)

    assert "installing" in made(tmp_path)
    assert subprocess.run([tmp_path / ".venv/bin/python", "-m", "pip", "--version"], check=False).returncode == 0
    assert "installing" not in made(tmp_path)


def made(folder: Path) -> str:
    """What make says while it brings the environment up to date."""
    command = ["make", ".venv/.base", f"PYTHON={sys.executable}"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
