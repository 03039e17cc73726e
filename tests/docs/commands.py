"""Checks of what the docs tell people to type: that it is a command, with options that exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Any

import typer

from pipeline.cli.main import build_app
from tests.docs.tables import make_targets

_UsageError: Any = typer.BadParameter.__mro__[1]
"""The parent of all that typer raises for wrong arguments; it has no public name."""


def problem(line: str) -> str | None:
    """Return what is wrong with a command line of ours; ``None`` when nothing is, or when it is not ours to judge."""
    for words in _simple_commands(line):
        if words[0] == "highlights":
            found = _problem_of_highlights(words[1:])
        elif words[0] == "make":
            targets = [word for word in words[1:] if "=" not in word]
            found = next((f"no make target {name}" for name in targets if name not in make_targets()), None)
        else:
            found = None
        if found is not None:
            return f"{line!r}: {found}"
    return None


def _simple_commands(line: str) -> Iterator[list[str]]:
    """Yield the commands of a line, without leading assignments."""
    words: list[str] = []
    for word in [*shlex.split(line), ";"]:
        if word in {"|", "||", "&&", ";"}:
            if words:
                yield words
            words = []
        elif words or not re.match(r"[A-Z_]+=", word):
            words.append(word)


def _problem_of_highlights(arguments: list[str]) -> str | None:
    command: Any = typer.main.get_command(build_app())
    name = "highlights"
    try:
        if arguments[:1] == ["--config"]:
            arguments = arguments[2:]
        while hasattr(command, "commands"):
            if not arguments or arguments[0].startswith("-"):
                return None if set(arguments) <= {"--help", "--version", "-h"} else f"{name}: {arguments}"
            name, arguments = arguments[0], arguments[1:]
            if name not in command.commands:
                return f"no command {name}"
            command = command.commands[name]
        if not {"--help", "-h"} & set(arguments):
            command.make_context(name, list(arguments))
    except _UsageError as error:
        return str(error.format_message())
    return None


def is_command(name: str) -> bool:
    """Whether ``highlights ...`` in running text names a command or a group, options aside."""
    command: Any = typer.main.get_command(build_app())
    for word in name.split()[1:]:
        commands = getattr(command, "commands", None)
        if commands is None or word.startswith("-"):
            return True
        if word not in commands:
            return False
        command = commands[word]
    return True
