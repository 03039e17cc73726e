"""What a profile declares as data: YAML beside its code, and a customer's own words over it.

A customer's file has the same form: objects are joined key by key, lists get its entries added, ``null`` takes a key
away, and any other value takes the place of ours. So a game, a keyword or a weight is added without code.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
import yaml
from msgspec.inspect import is_struct_type
from msgspec.structs import fields

from pipeline.settings.problems import did_you_mean

T = TypeVar("T")

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
"""A confidence or an intensity, as data declares it."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, in C where that was built: it runs at each start of a worker."""

_AT = re.compile(r" - at `\$[^`]*`\Z")
"""Where in a value something is wrong, as msgspec ends its text; we say it in a person's words."""


class ProfileDataError(ValueError):
    """A customer's data cannot be used. The text names the profile and, a line for each problem, the key."""


def load(package: str, name: str) -> dict[str, Any]:
    """Read a YAML file that ships beside a profile's code; ``package`` is its dotted name."""
    loaded: dict[str, Any] = yaml.load((files(package) / name).read_text("utf-8"), Loader=_LOADER)  # noqa: S506 - safe
    return loaded


def joined(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Return our data with a customer's over it; neither is changed."""
    result = dict(ours)
    for key, value in theirs.items():
        known = result.get(key)
        if value is None:
            result.pop(key, None)
        elif isinstance(known, dict) and isinstance(value, dict):
            result[key] = joined(known, value)
        elif isinstance(known, list) and isinstance(value, list):
            result[key] = [*known, *(one for one in value if one not in known)]
        else:
            result[key] = value
    return result


def checked(profile: str, data: Mapping[str, Any], form: type[T]) -> T:
    """Return data in its typed form.

    Raises:
        ProfileDataError: keys are unknown, missing or of the wrong kind; the text says of each which.
    """
    try:
        return msgspec.convert(data, form)
    except msgspec.ValidationError as error:
        raise ProfileDataError(f"{profile}: " + "\n".join(_problems(data, form, ""))) from error


def _problems(value: Any, form: Any, path: str) -> list[str]:
    """Return what keeps a value out of its form, as deep in it as can be said; nothing when it fits."""
    try:
        msgspec.convert(value, form)
    except msgspec.ValidationError as error:
        within = [problem for key, one, kind in _parts(value, form) for problem in _problems(one, kind, path + key)]
        within += [f"{path.removeprefix('.')}: {problem}".removeprefix(": ") for problem in _unknown(value, form)]
        told = _AT.sub("", str(error))
        return within or [f"{path.removeprefix('.')}: {told}".removeprefix(": ")]
    return []


def _parts(value: Any, form: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield what a value is made of: how the part is called, the part, and its form."""
    if isinstance(value, dict) and is_struct_type(form):
        known = {field.encode_name: field.type for field in fields(form)}
        yield from ((f".{key}", one, known[key]) for key, one in value.items() if key in known)
    elif isinstance(value, dict) and get_origin(form) is dict:
        yield from ((f".{key}", one, get_args(form)[1]) for key, one in value.items())
    elif isinstance(value, list) and get_origin(form) is list:
        for place, one in enumerate(value):
            name = one.get("id", place) if isinstance(one, dict) else place
            yield f"[{name}]", one, get_args(form)[0]


def _unknown(value: Any, form: Any) -> list[str]:
    if not (isinstance(value, dict) and is_struct_type(form) and form.__struct_config__.forbid_unknown_fields):
        return []
    known = [field.encode_name for field in fields(form)]
    close = {key: did_you_mean(str(key), known) for key in value if key not in known}
    return [
        f"unknown key {key}: " + (f"perhaps {meant} is meant" if meant else f"there are {', '.join(known)}")
        for key, meant in close.items()
    ]


def label(name: str, version: int, theirs: Mapping[str, Any] | None) -> str:
    """Return ``gaming@1``, or ``gaming@1+3fa9c1`` when a customer's data is over ours: other results, another label."""
    if not theirs:
        return f"{name}@{version}"
    text = msgspec.json.encode(theirs, order="deterministic")
    return f"{name}@{version}+{hashlib.sha256(text).hexdigest()[:6]}"
