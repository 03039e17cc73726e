"""The settings object: load it once, pass it on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, Field, PrivateAttr, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from pipeline.settings.groups import (
    ApiSettings,
    KafkaSettings,
    LogSettings,
    PolicySettings,
    PollingSettings,
    ProfileSettings,
    TopicSettings,
    TournamentSettings,
    WorkerSettings,
)
from pipeline.settings.keys import env_name, is_hidden, is_secret
from pipeline.settings.problems import Problem, SettingsError, between_sound_keys, from_validation
from pipeline.settings.sources import CONFIG_ENV, FlatEnvironment, misspelt, read_file


class Row(NamedTuple):
    """One key as ``config show`` prints it. ``value`` of a secret says only whether it is set."""

    key: str
    env: str
    value: str
    source: str
    doc: str


class Settings(BaseSettings):
    """All settings. ``Settings()`` is the defaults alone; :meth:`load` is what programs use."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    kafka: KafkaSettings = Field(default_factory=KafkaSettings)
    topics: TopicSettings = Field(default_factory=TopicSettings)
    api: ApiSettings = Field(default_factory=ApiSettings)
    polling: PollingSettings = Field(default_factory=PollingSettings)
    worker: WorkerSettings = Field(default_factory=WorkerSettings)
    policy: PolicySettings = Field(default_factory=PolicySettings)
    profiles: ProfileSettings = Field(default_factory=ProfileSettings)
    tournaments: TournamentSettings = Field(default_factory=TournamentSettings)
    log: LogSettings = Field(default_factory=LogSettings)

    _sources: Mapping[str, str] = PrivateAttr(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read nothing implicitly: :meth:`load` names its sources, so that tests and embedding programs can."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @classmethod
    def load(
        cls,
        config_file: Path | None = None,
        environ: Mapping[str, str] | None = None,
        overrides: Mapping[str, Any] | None = None,
    ) -> Self:
        """Read the settings. An argument wins over the environment, the environment over the file.

        Args:
            config_file: a TOML file; ``None``: the one that ``TLDR_CONFIG`` names, if any.
            environ: variables to read instead of the process's.
            overrides: values by ``group.key``, such as command line options.

        Raises:
            SettingsError: with all that is wrong.
        """
        environ = os.environ if environ is None else environ
        named = config_file or environ.get(CONFIG_ENV)
        layers = [
            ("file", read_file(Path(named)) if named else {}),
            ("environment", FlatEnvironment(cls, environ)()),
            ("argument", _nest(overrides or {})),
        ]
        values, sources = _merge(layers)
        problems = list(misspelt(environ, {env_name(field) for _, _, field in cls.declarations()}))
        settings = None
        try:
            settings = cls(**values)
        except ValidationError as error:
            problems += from_validation(error, cls.groups(), sources)
            problems += between_sound_keys(error, cls.groups(), values)
        if problems or settings is None:
            raise SettingsError(problems)
        settings._sources = MappingProxyType(sources)
        return settings

    @classmethod
    def groups(cls) -> dict[str, type[BaseModel]]:
        """The group models by name."""
        return {
            name: field.annotation for name, field in cls.model_fields.items() if isinstance(field.annotation, type)
        }

    @classmethod
    def declarations(cls) -> Iterator[tuple[str, str, Any]]:
        """Yield group, key and declaration of every key."""
        for group, model in cls.groups().items():
            for name, field in model.model_fields.items():
                yield group, name, field

    def describe(self) -> list[Row]:
        """Every key with value (secrets masked), source and doc line, for people. Hidden keys only when set."""
        rows = []
        for group, name, field in self.declarations():
            path, value = f"{group}.{name}", getattr(getattr(self, group), name)
            if is_hidden(field) and value is None:
                continue
            shown = _secret_text(value) if is_secret(field) else _text(value)
            rows.append(Row(path, env_name(field), shown, self._sources.get(path, "default"), field.description or ""))
        return rows

    def secrets(self) -> list[str]:
        """The values that must never be shown, for the log redaction."""
        values = (getattr(getattr(self, group), name) for group, name, _ in self.declarations())
        return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]


def _nest(overrides: Mapping[str, Any]) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for path, value in overrides.items():
        group, _, name = path.partition(".")
        if not name:
            raise SettingsError([Problem(path, "", "not group.key", "name an override as group.key")])
        nested.setdefault(group, {})[name] = value
    return nested


def _merge(layers: list[tuple[str, dict[str, Any]]]) -> tuple[dict[str, Any], dict[str, str]]:
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, layer in layers:
        for group, found in layer.items():
            if not isinstance(found, dict):
                values[group] = found
                continue
            values.setdefault(group, {}).update(found)
            sources.update({f"{group}.{name}": source for name in found})
    return values, sources


def _secret_text(value: SecretStr | None) -> str:
    return "(unset)" if value is None else "(set)"


def _text(value: object) -> str:
    if isinstance(value, tuple):
        value = ",".join(value)
    return "(unset)" if value is None or value == "" else str(value)
