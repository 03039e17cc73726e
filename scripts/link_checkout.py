"""Make the checkout importable in the environment that runs this, and put the ``highlights`` command beside its python.

What ``pip install -e .`` does, without a build backend to download: an unlocked step in a locked install.
"""

from __future__ import annotations

import stat
import sys
import sysconfig
from pathlib import Path


def main() -> None:
    """Write the path file and the command."""
    checkout = Path(__file__).resolve().parent.parent
    Path(sysconfig.get_path("purelib"), "tldr_highlight_pipeline.pth").write_text(f"{checkout}\n", encoding="utf-8")
    command = Path(sysconfig.get_path("scripts"), "highlights")
    command.write_text(f"#!{sys.executable}\nfrom agents.__main__ import main\n\nmain()\n", encoding="utf-8")
    command.chmod(command.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


if __name__ == "__main__":
    main()
