"""``python -m tests.docs.generate``: are the generated parts of the docs current? ``--write`` makes them so."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.docs import figures, record_tables, tables
from tests.docs.markdown import ROOT, with_sections


def sections() -> dict[str, dict[str, str]]:
    """Return what is generated, by file and section."""
    return {
        "README.md": {
            "commands": tables.commands(),
            "targets": tables.targets(),
            "example:read_highlights.py": tables.example("read_highlights.py"),
            "figures": figures.render(figures.snapshot()),
        },
        "docs/operations.md": {
            "settings": tables.settings(),
            "metrics": tables.metrics(),
            "exits": tables.exits(),
            "topics": tables.topics(),
        },
        "docs/records.md": {
            **record_tables.sections(),
            "example:submit_request.py": tables.example("submit_request.py"),
            "example:read_highlights_confluent.py": tables.example("read_highlights_confluent.py"),
        },
        "docs/decisions/README.md": {"decisions": tables.decisions()},
    }


def outdated(root: Path = ROOT) -> dict[Path, str]:
    """Return the files whose generated parts are not current, with the text they should have."""
    found = {}
    for name, parts in sections().items():
        path = root / name
        text = path.read_text("utf-8")
        current = with_sections(text, parts)
        if current != text:
            found[path] = current
    return found


def main(arguments: list[str]) -> int:
    """Check, or write with ``--write``. Returns 1 when something is not current and was not written."""
    stale = outdated()
    for path, text in stale.items():
        if "--write" in arguments:
            path.write_text(text, "utf-8")
        print(path.relative_to(ROOT), file=sys.stderr)
    return int(bool(stale) and "--write" not in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
