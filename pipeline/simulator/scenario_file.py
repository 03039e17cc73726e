"""Reading scenarios: TOML files, or the ones that come with the package by name."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from pipeline.simulator.scenario import FaultSpec, Scenario

BUILTIN = Path(__file__).parent / "scenarios"


class ScenarioError(ValueError):
    """A scenario cannot be used.

    Attributes:
        source: the file or name that was asked for.
        problems: one line each, starting with the key; all of them, not only the first.
    """

    def __init__(self, source: str, problems: list[str]) -> None:
        self.source = source
        self.problems = problems
        super().__init__(f"scenario {source}: " + "; ".join(problems))


def builtin_names() -> list[str]:
    """Return the names of the scenarios that come with the package."""
    return sorted(path.stem for path in BUILTIN.glob("*.toml"))


def load_scenario(path_or_name: str | Path) -> Scenario:
    """Read and check a scenario.

    Args:
        path_or_name: a TOML file, or the name of a built-in scenario such as "demo".

    Raises:
        ScenarioError: not found, not TOML, or with wrong keys; all problems together.
    """
    source = str(path_or_name)
    path = BUILTIN / f"{source}.toml" if source in builtin_names() else Path(path_or_name)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        hint = f"cannot be read ({error.strerror}); built in are: {', '.join(builtin_names())}"
        raise ScenarioError(source, [hint]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(source, [f"is not TOML: {error}"]) from error
    return scenario_from(table, source)


def scenario_from(table: Mapping[str, Any], source: str = "given") -> Scenario:
    """Check a scenario that is already a mapping.

    Raises:
        ScenarioError: with every problem, by key.
    """
    try:
        return Scenario.model_validate(dict(table))
    except ValidationError as error:
        raise ScenarioError(source, problems_of(error)) from error


def faults_from(items: Any) -> tuple[FaultSpec, ...]:
    """Check a list of faults, as `POST /_sim/faults` sends it.

    Raises:
        ScenarioError: with every problem, by key.
    """
    try:
        return TypeAdapter(tuple[FaultSpec, ...]).validate_python(items)
    except ValidationError as error:
        raise ScenarioError("faults", problems_of(error)) from error


def problems_of(error: ValidationError) -> list[str]:
    """Return one line per problem. Values are left out: some of them are secrets."""
    return [
        f"{'.'.join(str(step) for step in item['loc']) or 'scenario'}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    ]
