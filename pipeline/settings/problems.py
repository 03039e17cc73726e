"""What is wrong with the settings: all of it at once, by key, with what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel, ValidationError

from pipeline.settings.keys import CROSS_CHECK, env_name, is_secret


class Problem(NamedTuple):
    """One thing that is wrong.

    Attributes:
        key: ``group.key``, as in the file.
        env: the environment variable of that key; empty when there is none.
        problem: what is wrong, without the value of a secret.
        fix: what to do.
    """

    key: str
    env: str
    problem: str
    fix: str


class SettingsError(ValueError):
    """The settings cannot be used. ``problems`` has all that is wrong."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        lines = [
            f"  {p.key}{f' ({p.env})' if p.env else ''}: {p.problem}. Fix: {p.fix.rstrip('.?')}." for p in self.problems
        ]
        count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
        super().__init__("\n".join([f"settings: {count}", *lines]))


def did_you_mean(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known name that is closest to a misspelt one; ``None`` when none is close."""
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return matches[0] if matches else None


def from_validation(
    error: ValidationError, groups: Mapping[str, type[BaseModel]], sources: Mapping[str, str]
) -> list[Problem]:
    """Turn pydantic's errors into problems by key. ``sources`` says for a key where its value came from."""
    return [problem for detail in error.errors(include_url=False) for problem in _problems(detail, groups, sources)]


def between_sound_keys(
    error: ValidationError, groups: Mapping[str, type[BaseModel]], values: Mapping[str, Any]
) -> Iterator[Problem]:
    """Yield what is wrong between the sound keys of a group; pydantic does not look while another one is unsound."""
    unsound: dict[str, set[str]] = {}
    for detail in error.errors(include_url=False):
        if len(detail["loc"]) > 1:  # shorter: an unknown group, or what is wrong between keys, which is told already
            group, key, *_ = map(str, detail["loc"])
            unsound.setdefault(group, set()).add(key)
    for group, keys in unsound.items():
        try:
            groups[group](**{key: value for key, value in values[group].items() if key not in keys})
        except ValidationError as again:
            for detail in again.errors(include_url=False):
                for found in detail["ctx"]["found"]:
                    if keys.isdisjoint({found["field"], *found["against"]}):
                        yield _between(group, found, groups)


def _problems(
    detail: Mapping[str, Any], groups: Mapping[str, type[BaseModel]], sources: Mapping[str, str]
) -> Iterator[Problem]:
    path = [str(part) for part in detail["loc"]]
    if detail["type"] == CROSS_CHECK:
        for found in detail["ctx"]["found"]:
            yield _between(path[0], found, groups)
        return
    key = ".".join(path[:2])
    if detail["type"] == "extra_forbidden":
        yield _unknown(path, groups)
        return
    env = _env(groups, key)
    text = _in_words(detail)
    where = sources.get(key)
    if env and not _is_secret(groups, key) and _may_be_shown(detail["input"]):
        text = f"{text} (is {detail['input']!r}{f', from {where}' if where else ''})"
    declared = _field(groups, key)
    if declared is None:
        yield Problem(
            key, env, text, "name the key under its table, as group.key" if len(path) == 1 else f"check {key}"
        )
        return
    yield Problem(key, env, text, f"set {env} to {_allowed(declared)} ({declared.description.rstrip('.')})")


def _between(group: str, found: Mapping[str, Any], groups: Mapping[str, type[BaseModel]]) -> Problem:
    key = f"{group}.{found['field']}"
    return Problem(key, _env(groups, key), found["problem"], found["fix"])


_KINDS = {"int_parsing": "not a whole number", "int_from_float": "not a whole number", "float_parsing": "not a number"}


def _in_words(detail: Mapping[str, Any]) -> str:
    text = str(detail["msg"]).replace("Input should be", "should be")
    return _KINDS.get(str(detail["type"]), text)


def _allowed(declared: Any) -> str:
    """Say what a key takes: its values, or its type with bounds; and the default where there is one."""
    kinds = [kind for kind in get_args(declared.annotation) if isinstance(kind, str)]
    bounds = {name: getattr(bound, name) for bound in declared.metadata for name in _BOUNDS if hasattr(bound, name)}
    if kinds:
        told = f"one of {', '.join(kinds)}"
    elif declared.annotation in {int, float}:
        told = "a whole number" if declared.annotation is int else "a number"
        told += "".join(f", {_BOUNDS[name]} {value:g}" for name, value in bounds.items())
    elif declared.annotation is bool:
        told = "true or false"
    elif is_secret(declared):
        told = "the secret alone"
    else:
        told = "a value that fits"
    default = declared.default
    return f"{told}; the default is {default}" if isinstance(default, str | int | float) and default != "" else told


_BOUNDS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def _may_be_shown(value: object) -> bool:
    # "@" stands between a password and a host in a URL
    return isinstance(value, str | int | float) and "@" not in str(value)


def _unknown(path: list[str], groups: Mapping[str, type[BaseModel]]) -> Problem:
    key = ".".join(path)
    if len(path) == 1:
        known = list(groups)
        close = did_you_mean(path[0], known)
    else:
        known = [f"{path[0]}.{field}" for field in groups[path[0]].model_fields]
        every = [f"{group}.{field}" for group, model in groups.items() for field in model.model_fields]
        close = did_you_mean(key, known, cutoff=0.75) or did_you_mean(key, every, cutoff=0.7)
    return Problem(
        key, "", "unknown key", f"did you mean {close}?" if close else f"remove it, or use {', '.join(known)}"
    )


def _field(groups: Mapping[str, type[BaseModel]], key: str) -> Any:
    group, _, name = key.partition(".")
    model = groups.get(group)
    return model.model_fields.get(name) if model else None


def _env(groups: Mapping[str, type[BaseModel]], key: str) -> str:
    field = _field(groups, key)
    return env_name(field) if field else ""


def _is_secret(groups: Mapping[str, type[BaseModel]], key: str) -> bool:
    field = _field(groups, key)
    return field is None or is_secret(field)
