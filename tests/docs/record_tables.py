"""The fields of every public record, from its committed JSON Schema."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from schemas.catalogue import load
from schemas.json_schema import committed
from tests.docs.tables import table


def sections() -> dict[str, str]:
    """Return the tables by section name, one a topic."""
    schemas = committed()
    found = {}
    for short, spec in load().topics.items():
        name = f"{spec.name}.schema.json" if spec.record else f"{spec.name}.headers.schema.json"
        if name in schemas:
            found[f"record:{short}"] = fields_of(schemas[name])
    return found


def fields_of(schema: Mapping[str, Any]) -> str:
    """Return the fields of a schema, and below them those of the objects inside it."""
    parts = [_fields(schema)]
    for name, inner in schema.get("$defs", {}).items():
        parts.append(f"**{name}**: {inner['description']}\n\n{_fields(inner)}")
    return "\n\n".join(parts)


def _fields(schema: Mapping[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = [
        (f"`{name}`", type_of(shape), "required" if name in required else _default(shape), shape.get("description", ""))
        for name, shape in schema["properties"].items()
    ]
    return table(["field", "type", "default", "meaning"], rows)


def _default(shape: Mapping[str, Any]) -> str:
    if "default" in shape:
        return f"`{json.dumps(shape['default'])}`"
    return "its own defaults" if "$ref" in shape else "left out"


def type_of(shape: Mapping[str, Any]) -> str:
    """Say in a few words what a value looks like."""
    if "anyOf" in shape:
        return " or ".join(type_of(one) for one in shape["anyOf"])
    if "$ref" in shape:
        return str(shape["$ref"]).rsplit("/", 1)[1]
    if "enum" in shape:
        return ", ".join("null" if one is None else f"`{one}`" for one in shape["enum"])
    kind = str(shape.get("type", "any"))
    if kind == "array":
        return f"list of {type_of(shape['items'])}" if shape.get("items") else "list"
    if shape.get("format") == "date-time":
        return "time (RFC 3339, with offset)"
    return f"{kind}{_bounds(shape)}"


def _bounds(shape: Mapping[str, Any]) -> str:
    low, high = shape.get("minimum"), shape.get("maximum")
    if "exclusiveMinimum" in shape:
        return f" > {shape['exclusiveMinimum']}"
    if low is not None and high is not None:
        return f" {low} to {high}" if low != high else f" {low}"
    if low is not None:
        return f" ≥ {low}"
    if "maxLength" in shape:
        return f", at most {shape['maxLength']} characters"
    return ""
