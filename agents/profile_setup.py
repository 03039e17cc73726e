"""Which profiles there are, as settings say: ours, a customer's data over them, and those of installed packages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from agents.profiles import General, Profile, Profiles
from agents.profiles.data import ProfileDataError
from agents.profiles.education import Education
from agents.profiles.gaming import Gaming
from agents.profiles.meetings import Meetings
from pipeline.settings import Problem, Settings, SettingsError

PLUGINS = "tldr_highlight.profiles"
"""Entry points of this group make a profile; they are loaded by name, never by scanning."""

OURS: Mapping[str, Callable[[Mapping[str, Any] | None], Profile]] = MappingProxyType(
    {"gaming": Gaming, "education": Education, "meetings": Meetings}
)
"""Our profiles by name; each takes a customer's data, or none."""

_FOLDER = ("profiles.folder", "TLDR_PROFILES_FOLDER")
_PLUGINS = ("profiles.plugins", "TLDR_PROFILE_PLUGINS")


def profiles_of(settings: Settings) -> Profiles:
    """Build all profiles.

    Raises:
        SettingsError: with all that is wrong: data that cannot be used, plugins that cannot be loaded, tenants whose
            profile is not there.
    """
    problems: list[Problem] = []
    found: list[Profile] = [General(), *_ours(settings.profiles.folder, problems)]
    found += _plugins(settings.profiles.plugins, {profile.name for profile in found}, problems)
    by_tenant = settings.profiles.profile_by_tenant()
    known = Profiles(found)
    for tenant, name in by_tenant.items():
        if known.find(name) is None:
            fix = f"name one of {', '.join(known.names)}"
            problems.append(Problem("profiles.by_tenant", "TLDR_TENANT_PROFILES", f"{tenant}: no profile {name}", fix))
    if problems:
        raise SettingsError(problems)
    return Profiles(found, by_tenant)


def _ours(folder: Path | None, problems: list[Problem]) -> list[Profile]:
    theirs = {} if folder is None else _read(folder, problems)
    profiles = []
    for name, make in OURS.items():
        try:
            profiles.append(make(theirs.get(name)))
        except ProfileDataError as error:
            told = str(error).removeprefix(f"{name}: ")  # the file's name says it
            fix = "mend the key, or remove the file"
            problems += [Problem(*_FOLDER, f"{name}.yaml: {line}", fix) for line in told.splitlines()]
            profiles.append(make(None))
    return profiles


def _read(folder: Path, problems: list[Problem]) -> dict[str, dict[str, Any]]:
    data = {}
    for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        if path.stem not in OURS or path.suffix != ".yaml":
            fix = f"name it {', '.join(f'{name}.yaml' for name in OURS)}"
            problems.append(Problem(*_FOLDER, f"{path.name} belongs to no profile", fix))
            continue
        try:
            value = yaml.safe_load(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
            reason = " ".join(str(error).split())[:200]
            problems.append(Problem(*_FOLDER, f"{path.name} cannot be read: {reason}", "mend the file"))
            continue
        if isinstance(value, dict):
            data[path.stem] = value
        elif value is not None:
            problems.append(Problem(*_FOLDER, f"{path.name} holds no keys", "write key: value lines"))
    return data


def _plugins(names: tuple[str, ...], taken: set[str], problems: list[Problem]) -> list[Profile]:
    installed = {point.name: point for point in entry_points(group=PLUGINS)}
    profiles = []
    for name in names:
        point = installed.get(name)
        if point is None:
            there = ", ".join(sorted(installed)) or "none"
            fix = f"install the package with it; installed are: {there}"
            problems.append(Problem(*_PLUGINS, f"no installed package has an entry point {name} in {PLUGINS}", fix))
            continue
        try:
            profile: Profile = point.load()()
            fits = profile.name not in taken and callable(profile.prepare) and profile.label.startswith(profile.name)
        except Exception as error:  # noqa: BLE001 - a stranger's code, at start: whatever it is stops the start, named
            problems.append(Problem(*_PLUGINS, f"{name} cannot be loaded: {error!r}", "mend or remove it"))
            continue
        if fits:
            taken.add(profile.name)
            profiles.append(profile)
        else:
            problems.append(Problem(*_PLUGINS, f"{name}: its name {profile.name} is taken", "give it one of its own"))
    return profiles
