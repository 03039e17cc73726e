"""Checks over all files of the repository."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

LONGEST = 500
"""Lines of a Python file at most; it is split before."""

_SKIPPED = {".venv", ".git", "build", "dist", "__pycache__", ".mypy_cache", ".ruff_cache", ".hypothesis"}
_MACHINE_PATH = re.compile(r"(?<![\w.:/~-])/(?:work|root|home|Users|mnt|tmp)/[A-Za-z0-9_.-]+")
_REGISTRY = re.compile(
    r"[\w.-]*(?:py" r"pi\.org|python" r"hosted\.org|npm" r"js\.org|maven\.apa" r"che\.org|maven\." r"org"
    r"|proxy\.gol" r"ang\.org|artif" r"actory|jfrog\." r"io)|--(?:extra-)?index-url[ =]h" r"ttp",
    re.IGNORECASE,
)  # fmt: skip


def tracked_files(root: Path) -> list[Path]:
    """Return the files that belong to the repository; without git, all but what is built."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        found: Iterable[Path] = (root / name for name in listed.stdout.split("\0") if name)
    else:
        found = (path for path in root.rglob("*") if not _SKIPPED & set(path.relative_to(root).parts))
    return sorted(path for path in found if path.is_file())


def traces_of_a_machine(files: Iterable[Path]) -> Iterator[str]:
    """Yield each place that names a folder of somebody's machine or a package registry."""
    for path in files:
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            found = _MACHINE_PATH.search(line) or _REGISTRY.search(line)
            if found:
                yield f"{path}:{number}: {found[0]}"


def too_long(files: Iterable[Path], limit: int = LONGEST) -> list[str]:
    """Return the Python files with more lines than the limit."""
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in files if path.suffix == ".py"}
    return [f"{path}: {lines} lines" for path, lines in lengths.items() if lines > limit]
