"""The compatibility gate: within a version only optional fields may come or go. Anything else is a new ``.v2`` topic.

It compares two JSON Schemas field by field, so readers and writers of either can be upgraded first. A field that went
is remembered in the schema (``x-retired``), so that its name cannot come back with another shape.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

RETIRED = "x-retired"

_WORDS = {"title", "description", "$defs", "$schema", "$id", RETIRED}
"""Keywords that change nothing about which records are valid."""

_STRUCTURE = {"properties", "required", "anyOf", "$ref"}
_ELEMENTS = (("items", "[]"), ("additionalProperties", "{}"))


class Field(NamedTuple):
    """One field: the path it is in, whether it must be there, and what it may hold (JSON Schema keywords)."""

    parent: str | None
    required: bool
    shape: dict[str, Any]


def breaks(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what in ``new`` breaks the version that ``old`` described, each starting with the field's path."""
    before, after = fields(old), fields(new)
    found: list[str] = []
    for path in sorted(before.keys() | after.keys()):
        if path not in after:
            if before[path].required and before[path].parent in after:
                found.append(f"{path}: removed, but it is required")
        elif path not in before:
            if after[path].required and after[path].parent in before:
                found.append(f"{path}: added as required; a new field must be optional")
        else:
            found += [f"{path}: {what}" for what in _differences(before[path], after[path])]
    for path, shape in old.get(RETIRED, {}).items():
        if path in after and after[path].shape != shape:
            found.append(f"{path}: was here before with another shape; take a new name")
    return found


def retired(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return the shapes, by path, of the fields that ``old`` has or remembers and ``new`` does not have."""
    after = fields(new)
    known = {path: field.shape for path, field in fields(old).items()} | old.get(RETIRED, {})
    return {path: known[path] for path in sorted(known) if path not in after}


def fields(schema: Mapping[str, Any]) -> dict[str, Field]:
    """Return every field of a schema by path: ``options.clip_duration``, ``highlights[].id``, ``metadata{}``."""
    return dict(_walk(schema, schema.get("$defs", {}), "", Field(None, required=True, shape={})))


def _walk(part: Mapping[str, Any], defs: Mapping[str, Any], path: str, place: Field) -> Iterator[tuple[str, Field]]:
    resolved, nullable = _resolve(part, defs)
    elements = {key: resolved.pop(key) for key, _ in _ELEMENTS if isinstance(resolved.get(key), dict)}
    yield path, place._replace(shape=_shape(resolved, defs, nullable=nullable))
    needed = set(resolved.get("required", ()))
    for name, child in resolved.get("properties", {}).items():
        yield from _walk(child, defs, f"{path}.{name}" if path else name, Field(path, name in needed, {}))
    for keyword, mark in _ELEMENTS:
        if keyword in elements:
            yield from _walk(elements[keyword], defs, path + mark, Field(path, required=False, shape={}))


def _shape(resolved: Mapping[str, Any], defs: Mapping[str, Any], *, nullable: bool) -> dict[str, Any]:
    shape = {key: value for key, value in resolved.items() if key not in _WORDS | _STRUCTURE}
    if "enum" in shape:
        shape["enum"] = sorted(shape["enum"], key=str)
    if "anyOf" in resolved:  # a real choice, not just "or null": compared as a whole
        shape["anyOf"] = [_resolve(option, defs)[0] for option in resolved["anyOf"]]
    return shape | ({"nullable": True} if nullable else {})


def _resolve(part: Mapping[str, Any], defs: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Follow references and take "or null" apart; keywords beside a reference (a default) are kept."""
    resolved, nullable = dict(part), False
    while True:
        if "$ref" in resolved:
            reference = resolved.pop("$ref")
            resolved = {**defs[reference.rsplit("/", 1)[1]], **resolved}
        options = [option for option in resolved.get("anyOf", ()) if option != {"type": "null"}]
        if len(options) != 1:
            return resolved, nullable
        nullable = nullable or len(resolved.pop("anyOf")) > 1
        resolved = {**options[0], **resolved}


def _differences(before: Field, after: Field) -> Iterator[str]:
    if before.required != after.required:
        yield "became required" if after.required else "is no longer required"
    for keyword in sorted(before.shape.keys() | after.shape.keys()):
        was, now = before.shape.get(keyword, "unset"), after.shape.get(keyword, "unset")
        if was != now:
            yield f"{keyword} was {was}, is {now}"
