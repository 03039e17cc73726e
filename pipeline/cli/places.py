"""What options name, looked at before any work starts: files, folders, scenarios."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline.cli.errors import CommandError
from pipeline.worker.exit_codes import ExitCode


def check_writable(file: Path, option: str) -> None:
    """Make sure that a file can be written later; it is neither made nor changed, its folder may be made.

    Raises:
        CommandError: it cannot; the text names the option.
    """
    way_out = f"name another file: {option} FILE"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(ExitCode.SETTINGS, f"{option} {file}: {error.strerror}", way_out) from error
    if file.is_dir():
        raise CommandError(ExitCode.SETTINGS, f"{option} {file} is a folder", way_out)
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise CommandError(ExitCode.SETTINGS, f"{option} {file} cannot be written", way_out)


def check_folder(folder: Path, option: str) -> None:
    """Make a folder if it is not there, and make sure that files can be put into it.

    Raises:
        CommandError: it is a file, or cannot be made or written; the text names the option.
    """
    way_out = f"name another folder: {option} FOLDER"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        problem = f"{option} needs a folder, and {error.filename or folder} is a file"
        raise CommandError(ExitCode.SETTINGS, problem, way_out) from error
    except OSError as error:
        raise CommandError(ExitCode.SETTINGS, f"{option} {folder}: {error.strerror}", way_out) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise CommandError(ExitCode.SETTINGS, f"{option} {folder} cannot be written", way_out)


def check_scenario(scenario: str) -> None:
    """Read a scenario as the simulator will, so that a wrong one fails before anything is put up.

    Raises:
        ScenarioError: it cannot be used.
    """
    from pipeline.simulator.scenario_file import load_scenario

    load_scenario(scenario)
