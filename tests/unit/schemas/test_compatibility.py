"""The compatibility gate: optional fields may come and go, everything else is a break, told by the field's path."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from schemas import catalogue
from schemas.compatibility import breaks, fields, retired
from schemas.json_schema import generate

GENERATED = generate(catalogue.load())
OBSERVATION = GENERATED["tldr.observations.v1.schema.json"]
REQUEST = GENERATED["tldr.requests.v1.schema.json"]

Edit = Callable[[dict[str, Any]], Any]


def edited(schema: dict[str, Any], edit: Edit) -> dict[str, Any]:
    """Return a copy of a schema after an edit."""
    new = copy.deepcopy(schema)
    edit(new)
    return new


def _drop_required(schema: dict[str, Any]) -> None:
    del schema["properties"]["tenant"]
    schema["required"].remove("tenant")


def _add_required(schema: dict[str, Any]) -> None:
    schema["properties"]["region"] = {"type": "string"}
    schema["required"].append("region")


def _add_required_inside(schema: dict[str, Any]) -> None:
    schema["$defs"]["ObservedHighlight"]["properties"]["score"] = {"type": "number"}
    schema["$defs"]["ObservedHighlight"]["required"].append("score")


@pytest.mark.parametrize(
    ("schema", "edit", "expected"),
    [
        (REQUEST, _drop_required, "tenant: removed, but it is required"),
        (REQUEST, _add_required, "region: added as required"),
        (REQUEST, lambda s: s["required"].append("user_id"), "user_id: became required"),
        (REQUEST, lambda s: s["required"].remove("tenant"), "tenant: is no longer required"),
        (REQUEST, lambda s: s["properties"]["tenant"].update(type="integer"), "tenant: type was string, is integer"),
        (REQUEST, lambda s: s["properties"]["tenant"].update(maxLength=50), "tenant: maxLength was 200, is 50"),
        (REQUEST, lambda s: s["properties"]["tenant"].update(maxLength=500), "tenant: maxLength was 200, is 500"),
        (REQUEST, lambda s: s["properties"]["tenant"].pop("pattern"), "tenant: pattern was "),
        (REQUEST, lambda s: s["properties"]["platform"].update(default="twitch"), "platform: default was custom"),
        (REQUEST, lambda s: s["properties"]["user_id"]["anyOf"].pop(), "user_id: nullable was True, is unset"),
        (REQUEST, lambda s: s.update(additionalProperties=False), ": additionalProperties was unset, is False"),
        (
            REQUEST,
            lambda s: s["$defs"]["Options"]["properties"]["clip_duration"].update(maximum=60),
            "options.clip_duration: maximum was 120, is 60",
        ),
        (
            REQUEST,
            lambda s: s["$defs"]["Options"]["properties"]["sensitivity"]["enum"].remove("low"),
            "options.sensitivity: enum was ",
        ),
        (
            REQUEST,
            lambda s: s["$defs"]["Options"]["properties"]["custom_tags"]["items"].update(type="integer"),
            "options.custom_tags[]: type was string, is integer",
        ),
        (OBSERVATION, _add_required_inside, "highlights[].score: added as required"),
        (
            OBSERVATION,
            lambda s: s["$defs"]["ObservedStream"]["properties"]["status"].update(enum=["processing"]),
            "stream.status: enum was unset",
        ),
    ],
)
def test_a_break_is_reported_by_the_path_of_its_field(schema: dict[str, Any], edit: Edit, expected: str) -> None:
    """The gate sees each kind of break, also inside objects and lists, and reports that one only."""
    (found,) = breaks(schema, edited(schema, edit))
    assert found.startswith(expected)


def test_a_field_whose_name_has_dots_is_checked_too() -> None:
    """The dead letters' headers are named with dots; a new required one is a break all the same."""

    def add(schema: dict[str, Any]) -> None:
        schema["properties"]["__connect.errors.task.id"] = {"type": "string"}
        schema["required"].append("__connect.errors.task.id")

    headers = GENERATED["tldr.dead-letters.v1.headers.schema.json"]
    (found,) = breaks(headers, edited(headers, add))
    assert found.startswith("__connect.errors.task.id: added as required")


@pytest.mark.parametrize(
    ("schema", "edit"),
    [
        (REQUEST, lambda s: s["properties"].update(region={"type": "string"})),
        (REQUEST, lambda s: s["properties"].pop("user_id")),
        (REQUEST, lambda s: s["properties"].pop("options")),
        (REQUEST, lambda s: s["properties"]["tenant"].update(description="Other words.", title="Tenant")),
        (REQUEST, lambda s: s["$defs"]["Options"]["properties"]["sensitivity"]["enum"].reverse()),
        (
            REQUEST,
            lambda s: s["properties"].update(
                place={"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}
            ),
        ),
    ],
    ids=["optional added", "optional removed", "object removed", "words", "order", "object with required parts"],
)
def test_what_every_reader_and_writer_bears_is_no_break(schema: dict[str, Any], edit: Edit) -> None:
    """Optional fields come and go, and words change, in both directions."""
    other = edited(schema, edit)
    assert breaks(schema, other) == []
    assert breaks(other, schema) == []


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_a_schema_is_compatible_with_itself(name: str) -> None:
    """The gate raises no false alarm."""
    assert breaks(GENERATED[name], GENERATED[name]) == []


def test_what_went_is_remembered_with_what_is_inside() -> None:
    """A removed object is remembered with its parts, by path."""
    gone = retired(REQUEST, edited(REQUEST, lambda s: s["properties"].pop("options")))
    assert gone["options.clip_duration"] == {"type": "integer", "minimum": 10, "maximum": 120, "default": 30}


def test_every_field_is_found() -> None:
    """The walk sees top level, objects, optional objects, lists and their elements."""
    assert {"request_id", "stream.total_s", "highlights[].tags[]", "total"} <= fields(OBSERVATION).keys()
