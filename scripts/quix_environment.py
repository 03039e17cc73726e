"""Make ``build/quix-venv``: Quix Streams, locked, in an environment of its own. Only ``make bench`` needs it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
LOCKED = CHECKOUT / "requirements" / "quix.txt"
FOLDER = CHECKOUT / "build" / "quix-venv"
PYTHON = FOLDER / "bin" / "python"


class QuixEnvironmentError(RuntimeError):
    """It could not be made; the text ends with what pip said."""


def ensure() -> Path:
    """Return the environment's interpreter, after making the environment or making it anew when the lock changed.

    Raises:
        QuixEnvironmentError: pip failed.
    """
    stamp = FOLDER / ".locked"
    wanted = hashlib.sha256(LOCKED.read_bytes()).hexdigest()
    if PYTHON.exists() and stamp.exists() and stamp.read_text("utf-8") == wanted:
        return PYTHON
    venv.create(FOLDER, with_pip=True, clear=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
    done = subprocess.run([*pip, "-r", str(LOCKED)], capture_output=True, text=True, check=False)  # noqa: S603 - our own lock
    if done.returncode != 0:
        raise QuixEnvironmentError(f"Quix Streams could not be installed from {LOCKED.name}:\n{done.stderr[-1_000:]}")
    stamp.write_text(wanted, "utf-8")
    return PYTHON


if __name__ == "__main__":
    sys.stdout.write(f"{ensure()}\n")
