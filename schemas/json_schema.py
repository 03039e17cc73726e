"""JSON Schemas (2020-12) of the records, generated from the models and committed in ``schemas/json``.

``python -m schemas.json_schema`` checks that the committed files are what the models say; ``--write`` writes them,
unless that would break readers or writers of a version (:mod:`schemas.compatibility`).
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from schemas.catalogue import Catalogue, load
from schemas.cloudevents import schema_uri
from schemas.compatibility import RETIRED, breaks, retired
from schemas.records import (
    Command,
    FollowUp,
    Highlight,
    Moment,
    Notification,
    Observation,
    Request,
    Stream,
    Summary,
    Tournament,
    TournamentSighting,
)
from schemas.records.base import NO_LAST_NEWLINE
from schemas.records.dead_letter import DeadLetterHeaders

FOLDER = Path(__file__).parent / "json"

MODELS: Mapping[str, type[msgspec.Struct]] = {
    "command": Command,
    "follow_up": FollowUp,
    "highlight": Highlight,
    "moment": Moment,
    "notification": Notification,
    "observation": Observation,
    "request": Request,
    "stream": Stream,
    "summary": Summary,
    "tournament": Tournament,
    "tournament_sighting": TournamentSighting,
}
"""By the ``record`` of a topic file."""

_ATTRIBUTE = re.compile(r"^    (\w+): (.+(?:\n        .+)*)", re.MULTILINE)


class UndescribedField(ValueError):
    """A model has a field that its docstring does not describe, or describes one that it does not have."""


def generate(catalogue: Catalogue) -> dict[str, dict[str, Any]]:
    """Return the schemas by file name: one for each topic with a record, and one for the dead letters' headers."""
    schemas = {
        f"{spec.name}.schema.json": schema_of(MODELS[spec.record], schema_uri(spec.name))
        for spec in catalogue.topics.values()
        if spec.record is not None
    }
    dead_letters = f"{catalogue['dead-letters'].name}.headers"
    return schemas | {f"{dead_letters}.schema.json": schema_of(DeadLetterHeaders, schema_uri(dead_letters))}


def schema_of(model: type[msgspec.Struct], uri: str) -> dict[str, Any]:
    """Return the schema of one model. Unknown fields are allowed: an older reader accepts a newer record.

    Raises:
        UndescribedField: the docstring of the model, or of one inside it, does not match its fields.
    """
    (root,), found = msgspec.json.schema_components([model], ref_template="#/$defs/{name}")
    structs = {cls.__name__: cls for cls in _structs(model)}
    parts = {name: _described(part, structs[name]) for name, part in found.items()}
    own = parts.pop(root["$ref"].rsplit("/", 1)[1])
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": uri, **own}
    return schema | ({"$defs": parts} if parts else {})


def _structs(model: type[msgspec.Struct]) -> set[type[msgspec.Struct]]:
    infos = [msgspec.inspect.type_info(model)]
    found: set[type[msgspec.Struct]] = set()
    while infos:
        info = infos.pop()
        if isinstance(info, msgspec.inspect.StructType):
            found.add(info.cls)
            infos += [field.type for field in info.fields]
        infos += getattr(info, "types", ())
        infos += [part for name in ("item_type", "value_type") if (part := getattr(info, name, None)) is not None]
    return found


def _described(part: dict[str, Any], model: type[msgspec.Struct]) -> dict[str, Any]:
    """Put the docstring's field texts where JSON Schema has them."""
    text = inspect.cleandoc(model.__doc__ or "")
    summary, _, attributes = text.partition("\n\nAttributes:\n")
    texts = {name: " ".join(words.split()) for name, words in _ATTRIBUTE.findall(attributes)}
    names = {field.encode_name: field.name for field in msgspec.structs.fields(model)}
    if set(texts) != set(names.values()):
        raise UndescribedField(f"{model.__name__}: {sorted(set(texts) ^ set(names.values()))}")
    properties = {
        name: {"description": texts[names[name]], **_portable(shape)} for name, shape in part["properties"].items()
    }
    return part | {"description": " ".join(summary.replace("``", "").split()), "properties": properties}


def _portable(shape: Any) -> Any:
    """Take Python's guard against a last newline out of patterns: JSON Schema's "$" needs none, and RE2 refuses it."""
    if isinstance(shape, dict):
        return {
            key: value.removesuffix(NO_LAST_NEWLINE) if key == "pattern" else _portable(value)
            for key, value in shape.items()
        }
    return [_portable(part) for part in shape] if isinstance(shape, list | tuple) else shape


def render(schema: Mapping[str, Any]) -> str:
    """Return a schema as the text of its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def committed(folder: Path = FOLDER) -> dict[str, dict[str, Any]]:
    """Return the schemas in a folder by file name."""
    return {path.name: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.schema.json"))}


def with_history(new: dict[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a schema that remembers the shapes of the optional fields that went, so that none returns as another."""
    gone = retired(old, new) if old is not None else {}
    return new | ({RETIRED: gone} if gone else {})


def broken(generated: Mapping[str, dict[str, Any]], stored: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return what breaks a version, as file name, field path and difference."""
    both = sorted(generated.keys() & stored.keys())
    return [f"{name}: {what}" for name in both for what in breaks(stored[name], generated[name])]


def problems(generated: Mapping[str, dict[str, Any]], stored: Mapping[str, dict[str, Any]]) -> list[str]:
    """Return what keeps the stored schemas from being those of the models: breaks first, then what is out of date."""
    found = broken(generated, stored)
    if found:
        return found
    for name in sorted(generated.keys() | stored.keys()):
        if name not in stored:
            found.append(f"{name}: not written yet; run python -m schemas.json_schema --write")
        elif name not in generated:
            found.append(f"{name}: no topic has this record; a version that was public stays in the catalogue")
        elif with_history(generated[name], stored[name]) != stored[name]:
            found.append(f"{name}: not what the models say; run python -m schemas.json_schema --write")
    return found


def write(folder: Path, generated: Mapping[str, dict[str, Any]]) -> list[str]:
    """Write the schemas, unless one breaks its version; return the breaks."""
    stored = committed(folder)
    found = broken(generated, stored)
    if not found:
        for name, schema in generated.items():
            (folder / name).write_text(render(with_history(schema, stored.get(name))), "utf-8")
    return found


def main(arguments: list[str]) -> int:
    """Check, or write with ``--write``. Returns 1 and says why when there is something wrong."""
    generated = generate(load())
    found = write(FOLDER, generated) if arguments == ["--write"] else problems(generated, committed())
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
