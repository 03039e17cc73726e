"""The committed JSON Schemas: they are what the models say, and they judge records as the models do."""

import copy
from pathlib import Path

import jsonschema_rs
import msgspec
import pytest

from schemas import catalogue, json_schema
from schemas.json_schema import MODELS, UndescribedField, committed, generate, problems, schema_of, write

GENERATED = generate(catalogue.load())


def test_the_committed_schemas_are_those_of_the_models() -> None:
    """Nobody changed a record without writing its schema anew."""
    assert problems(GENERATED, committed()) == []


def test_every_public_topic_has_a_schema_and_every_model_a_topic() -> None:
    """No record is unpublished, no schema is an orphan."""
    topics = catalogue.load().topics.values()
    assert {spec.record for spec in topics if spec.record} == set(MODELS)
    assert {spec.short for spec in topics if spec.record is None} == {"ledger", "dead-letters"}


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_a_schema_is_valid_json_schema_2020_12(name: str) -> None:
    """Standard tools can use it: the meta-schema accepts it."""
    schema = GENERATED[name]
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"] == f"urn:tldr-highlight:schema:{name.removesuffix('.schema.json')}"
    jsonschema_rs.meta.validate(schema)


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_patterns_need_no_look_around(name: str) -> None:
    """Readers with RE2 (Go, ClickHouse, DuckDB) can compile them."""
    assert "(?" not in json_schema.render(GENERATED[name])


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_every_field_is_described(name: str) -> None:
    """A person who reads the schema learns what each field means."""
    schema = GENERATED[name]
    for part in [schema, *schema.get("$defs", {}).values()]:
        assert part["description"]
        assert all(field["description"] for field in part["properties"].values())


def test_an_undescribed_field_is_refused() -> None:
    """The checker fails on a model with a field that its docstring leaves out."""

    class Model(msgspec.Struct):
        """A model.

        Attributes:
            told: Something.
        """

        told: int
        forgotten: int

    with pytest.raises(UndescribedField, match="forgotten"):
        schema_of(Model, "urn:x")


def test_a_description_of_a_field_that_is_gone_is_refused() -> None:
    """The checker fails on a docstring that is older than the model."""

    class Model(msgspec.Struct):
        """A model.

        Attributes:
            told: Something.
            gone: Something that was.
        """

        told: int

    with pytest.raises(UndescribedField, match="gone"):
        schema_of(Model, "urn:x")


def test_a_stale_schema_is_seen() -> None:
    """The check fails when a description or an optional field differs, and says what to run."""
    stored = copy.deepcopy(GENERATED)
    stored["tldr.requests.v1.schema.json"]["properties"]["tenant"]["description"] = "Something else."
    (found,) = problems(GENERATED, stored)
    assert found.startswith("tldr.requests.v1.schema.json: not what the models say")
    assert "--write" in found


def test_a_missing_schema_and_an_orphan_are_seen() -> None:
    """The check fails on a topic without a file and on a file without a topic."""
    stored = copy.deepcopy(GENERATED)
    stored["tldr.old.v1.schema.json"] = stored.pop("tldr.requests.v1.schema.json")
    missing, orphan = sorted(problems(GENERATED, stored), reverse=True)
    assert missing.startswith("tldr.requests.v1.schema.json: not written yet")
    assert orphan.startswith("tldr.old.v1.schema.json: no topic has this record")


def test_writing_makes_the_check_pass(tmp_path: Path) -> None:
    """The folder that ``--write`` filled is the folder that the check accepts."""
    assert write(tmp_path, GENERATED) == []
    assert problems(GENERATED, committed(tmp_path)) == []


def test_writing_refuses_a_break_and_leaves_the_files_alone(tmp_path: Path) -> None:
    """A break is not made official by running the generator."""
    write(tmp_path, GENERATED)
    broken = copy.deepcopy(GENERATED)
    del broken["tldr.requests.v1.schema.json"]["properties"]["tenant"]
    broken["tldr.requests.v1.schema.json"]["required"].remove("tenant")
    assert write(tmp_path, broken) == ["tldr.requests.v1.schema.json: tenant: removed, but it is required"]
    assert committed(tmp_path) == GENERATED


def test_a_removed_optional_field_is_remembered_for_good(tmp_path: Path) -> None:
    """After the field went, and after further writes, its name still cannot come back with another shape."""
    name = "tldr.requests.v1.schema.json"
    write(tmp_path, GENERATED)
    without = copy.deepcopy(GENERATED)
    del without[name]["properties"]["user_id"]
    assert write(tmp_path, without) == []
    assert write(tmp_path, without) == []
    assert problems(without, committed(tmp_path)) == []
    back = copy.deepcopy(without)
    back[name]["properties"]["user_id"] = {"description": "A number now.", "type": "integer"}
    assert write(tmp_path, back) == [f"{name}: user_id: was here before with another shape; take a new name"]
    assert write(tmp_path, GENERATED) == []
