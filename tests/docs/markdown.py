"""Just enough of Markdown to check it: fenced blocks, inline code, links, anchors, and sections that are generated."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]\n]+\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)


class Block(NamedTuple):
    """A fenced block."""

    language: str
    text: str


def documents() -> list[Path]:
    """Return every document of the project."""
    folders = ("docs", "deploy", "examples")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.md")]
    return sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *found])


def blocks(text: str, *languages: str) -> list[Block]:
    """Return the fenced blocks of a text, all or those of some languages."""
    found = [Block(*match.groups()) for match in _FENCE.finditer(text)]
    return [block for block in found if not languages or block.language in languages]


def inline_code(text: str) -> list[str]:
    """Return what stands between single backticks, outside of fenced blocks."""
    return _INLINE.findall(_FENCE.sub("", text))


def shell_lines(text: str) -> Iterator[str]:
    """Yield the command lines of ``bash`` blocks (every line) and ``console`` blocks (those after "$ ")."""
    for block in blocks(text, "bash", "console"):
        joined = block.text.replace("\\\n", " ")
        for line in joined.splitlines():
            command = line.removeprefix("$ ") if line.startswith("$ ") else line
            if block.language == "console" and command is line:
                continue  # output
            command = command.partition(" # ")[0].strip()
            if command and not command.startswith("#"):
                yield command


def anchors(text: str) -> set[str]:
    """Return the anchors that GitHub gives the headings of a text."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        number = sum(1 for known in found if re.fullmatch(rf"{re.escape(slug)}(-\d+)?", known))
        found.add(f"{slug}-{number}" if number else slug)
    return found


def broken_links(path: Path) -> list[str]:
    """Return the links of a document that lead nowhere inside the project. Links to the web are not followed."""
    text = path.read_text("utf-8")
    broken = []
    for target in _LINK.findall(_FENCE.sub("", text)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        there = (path.parent / name).resolve() if name else path
        if not there.exists() or (anchor and anchor not in anchors(there.read_text("utf-8"))):
            broken.append(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name}: {target}")
    return broken


def with_sections(text: str, sections: dict[str, str], *, partial: bool = False) -> str:
    """Return a text whose generated sections have this content.

    Args:
        text: the document.
        sections: content by section name.
        partial: leave other sections of the text alone.

    Raises:
        ValueError: a section is not in the text, or one of the text is not among them.
    """
    for name, content in sections.items():
        begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"not one section {name}")
        before, _, rest = text.partition(begin)
        text = f"{before}{begin}\n{content.strip()}\n{end}{rest.partition(end)[2]}"
    unknown = set(re.findall(r"<!-- ([\w:.-]+):begin -->", text)) - set(sections)
    if unknown and not partial:
        raise ValueError(f"nobody generates {', '.join(sorted(unknown))}")
    return text
