"""What a profile declares as data: YAML beside its code, and a customer's own words over it.

A customer's file has the same form: objects are joined key by key, lists get its entries added, ``null`` takes a key
away, and any other value takes the place of ours. So a game, a keyword or a weight is added without code.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Annotated, Any, TypeVar

import msgspec
import yaml

T = TypeVar("T")

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
"""A confidence or an intensity, as data declares it."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, in C where that was built: it runs at each start of a worker."""


class ProfileDataError(ValueError):
    """A customer's data cannot be used. The text names the profile and the key."""


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
        ProfileDataError: a key is unknown, missing or of the wrong kind; the text says which.
    """
    try:
        return msgspec.convert(data, form)
    except msgspec.ValidationError as error:
        raise ProfileDataError(f"{profile}: {error}") from error


def label(name: str, version: int, theirs: Mapping[str, Any] | None) -> str:
    """Return ``gaming@1``, or ``gaming@1+3fa9c1`` when a customer's data is over ours: other results, another label."""
    if not theirs:
        return f"{name}@{version}"
    text = msgspec.json.encode(theirs, order="deterministic")
    return f"{name}@{version}+{hashlib.sha256(text).hexdigest()[:6]}"
