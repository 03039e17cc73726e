"""Where values come from: the environment under flat names, and a TOML file with a table for each group."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from pipeline.settings.keys import env_name
from pipeline.settings.problems import Problem, SettingsError, did_you_mean

CONFIG_ENV = "TLDR_CONFIG"
"""Names the TOML file when ``--config`` does not."""

_SERVICE_LINK = re.compile(r".*_(SERVICE_(HOST|PORT)(_.*)?|PORT(_\d+_(TCP|UDP).*)?)$")
"""Variables that Kubernetes adds for a Service beside ours, such as ``TLDR_API_PORT``."""


class FlatEnvironment(PydanticBaseSettingsSource):
    """Reads each key of each group from the variable that its declaration names. Empty means unset."""

    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str]) -> None:
        super().__init__(settings_cls)
        self._environ = environ

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return a group's values (pydantic-settings asks by top-level field)."""
        group = field.annotation
        if not (isinstance(group, type) and issubclass(group, BaseModel)):
            raise TypeError(f"{field_name} is not a group")
        values = {name: self._environ.get(env_name(key), "") for name, key in group.model_fields.items()}
        return {name: value for name, value in values.items() if value != ""}, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the values by group and key."""
        groups = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: values for name, values in groups.items() if values}


def misspelt(environ: Mapping[str, str], known: set[str]) -> Iterator[Problem]:
    """Yield each of our variables that is set, unknown, and close to a name we know: a typing error, not a stranger."""
    for name in sorted(environ):
        if not name.startswith(("TLDR_", "KAFKA_")) or name in known | {CONFIG_ENV} or _SERVICE_LINK.match(name):
            continue
        close = did_you_mean(name, known, cutoff=0.88)
        if close:
            yield Problem(name, name, "unknown variable", f"did you mean {close}?")


def read_file(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        SettingsError: it is not there, not readable or not TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = f"is not TOML: {error}"  # the text names line and column
    raise SettingsError(
        [
            Problem(
                "config file",
                CONFIG_ENV,
                f"{path} {reason}",
                "correct the file, or name another; --config and TLDR_CONFIG may be left out",
            )
        ]
    )
