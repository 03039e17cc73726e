"""The examples: each is valid by schema and by model, none is an orphan, and the checks fail on a broken one."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

import schemas
from pipeline.domain import Headers
from pipeline.streaming.dead_letter import error_headers, without_content
from schemas import catalogue
from schemas.json_schema import MODELS, committed
from schemas.records import RecordError, encode
from schemas.records.dead_letter import DeadLetterHeaders

FOLDER = Path(schemas.__file__).parent / "examples"
EXAMPLES = sorted(FOLDER.rglob("*.json"))


def validator(short: str) -> jsonschema_rs.Draft202012Validator:
    """Return the validator of a topic's committed schema; formats are checked too."""
    suffix = ".headers" if short == "dead-letters" else ""
    schema = committed()[f"{catalogue.full_name(short)}{suffix}.schema.json"]
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def model(short: str) -> type[msgspec.Struct]:
    """Return the model of a topic's records, or of the dead letters' headers."""
    record = catalogue.load()[short].record
    return DeadLetterHeaders if record is None else MODELS[record]


def name_of(path: Path) -> str:
    """Return folder and file name."""
    return f"{path.parent.name}/{path.name}"


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_an_example_is_valid_by_its_schema(path: Path) -> None:
    """A producer that follows the example follows the schema."""
    validator(path.parent.name).validate(json.loads(path.read_text("utf-8")))


@pytest.mark.parametrize("path", EXAMPLES, ids=name_of)
def test_an_example_is_accepted_by_its_model_and_survives_it(path: Path) -> None:
    """The worker reads the example, and writes nothing that the schema would refuse or that was changed."""
    record = msgspec.json.decode(path.read_bytes(), type=model(path.parent.name))
    written = json.loads(encode(record))
    validator(path.parent.name).validate(written)
    assert msgspec.convert(written, model(path.parent.name)) == record


def test_every_topic_that_others_use_has_two_examples_of_each_version() -> None:
    """No public record is without examples, and no folder is an orphan."""
    public = {short for short, spec in catalogue.load().topics.items() if not spec.internal}
    assert {path.parent.name for path in EXAMPLES} == public
    for short in public:
        version = catalogue.full_name(short).rsplit(".", 1)[1]
        assert len(list((FOLDER / short).glob(f"*.{version}.json"))) >= 2, short


def test_every_example_says_its_version() -> None:
    """The file name ends with a version that the topic has."""
    for path in EXAMPLES:
        assert path.name.endswith("." + catalogue.full_name(path.parent.name).rsplit(".", 1)[1] + ".json"), path


@pytest.mark.parametrize(
    ("short", "name", "change"),
    [
        ("requests", "smallest", {"tenant": None}),
        ("requests", "smallest", {"request_id": "a b"}),
        ("requests", "gaming", {"not_before": "soon"}),
        ("requests", "gaming", {"options": {"clip_duration": 5}}),
        ("commands", "stop", {"command": "explode"}),
        ("observations", "poll-page", {"highlights": [{"title": "no id"}]}),
        ("highlights", "plain", {"confidence": 1.5}),
        ("streams", "accepted", {"state": "sleeping"}),
        ("summaries", "completed", {"counts": None}),
        ("moments", "three-views", {"views": -1}),
        ("tournaments", "live", {"totals": {"streams": 1}}),
        ("notifications", "ace", {"score": 1.5}),
        ("dead-letters", "invalid", {"tldr-error-attempt": "first"}),
    ],
)
def test_a_broken_example_is_refused_by_schema_and_by_model(short: str, name: str, change: dict[str, Any]) -> None:
    """Both checks can fail, and they agree."""
    broken = json.loads((FOLDER / short / f"{name}.v1.json").read_text("utf-8")) | change
    assert not validator(short).is_valid(broken)
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(json.dumps(broken).encode(), type=model(short))


@dataclass
class Read:
    """A record as read from Kafka."""

    topic: str = "tldr.requests.v1"
    partition: int = 4
    offset: int = 1093
    timestamp: int = 1_795_341_600_000
    key: bytes | None = b"req-1"
    value: bytes | None = b"{"
    headers: Headers = ()


def test_dead_letters_carry_the_headers_that_the_schema_promises() -> None:
    """What the pipeline writes is what the committed schema describes, for a record kept whole and one too large."""
    error = RecordError("undecodable", "not JSON")
    whole = error_headers(Read(), error, 1_795_341_600.0)
    large = without_content(Read(), whole)[2]
    for headers in (whole, large):
        validator("dead-letters").validate({name: value.decode() for name, value in headers})
    schema = committed()["tldr.dead-letters.v1.headers.schema.json"]
    assert {name for name, _ in whole} == set(schema["required"])
    assert {name for name, _ in large} == set(schema["properties"])
