"""Typed objects over a vendor's JSON that never lose or choke on what the vendor adds or changes."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import msgspec
from pydantic import SecretStr


class WrongShapeError(ValueError):
    """A value is not of the shape its place asks for."""


class Model(msgspec.Struct, kw_only=True):
    """Base of the API's objects.

    `extra` holds, by name, the fields we do not know and the optional ones whose value has another type than
    documented: carried, never dropped, never a crash. A null counts as absent.
    """

    extra: dict[str, Any] = msgspec.field(default_factory=dict)

    parts: ClassVar[Mapping[str, type["Model"]]] = {}
    """Fields that hold a model of their own."""

    @classmethod
    def read(cls, raw: object) -> Self:
        """Read one decoded JSON value.

        Raises:
            WrongShapeError: it is no object, or a required field is missing or not of its type.
        """
        if not isinstance(raw, dict):
            raise WrongShapeError(f"{cls.__name__}: an object was expected, not {type(raw).__name__}")
        names = _known_names(cls)
        known = {name: value for name, value in raw.items() if name in names and value is not None}
        extra = {name: value for name, value in raw.items() if name not in names}
        for name, part in cls.parts.items():
            if isinstance(known.get(name), dict):
                known[name] = part.read(known[name])
        try:
            return msgspec.convert({**known, "extra": extra}, cls, dec_hook=_convert_secret)
        except msgspec.ValidationError:
            return cls._read_field_by_field(known, extra)

    @classmethod
    def _read_field_by_field(cls, known: dict[str, Any], extra: dict[str, Any]) -> Self:
        good: dict[str, Any] = {}
        for field in msgspec.structs.fields(cls):
            if field.name == "extra":
                continue
            if field.name in known:
                try:
                    good[field.name] = _convert_field(known[field.name], field.type)
                    continue
                except msgspec.ValidationError:
                    extra[field.name] = known[field.name]
            if field.required:
                raise WrongShapeError(f"{cls.__name__}: {field.name} is missing or of another type")
        return cls(**good, extra=extra)

    def to_dict(self) -> dict[str, Any]:
        """Return the object as the API writes it: unknown fields in place; absent, empty and secret ones left out."""
        known: dict[str, Any] = {}
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if name == "extra" or isinstance(value, SecretStr):
                continue
            plain = value.to_dict() if isinstance(value, Model) else value
            if plain is not None and plain not in ({}, []):
                known[name] = plain
        return {**known, **self.extra}

    def __repr__(self) -> str:
        # ids and status only: URLs carry signatures, options carry headers, and vendors may add a secret at any time
        shown = [f"{name}={getattr(self, name)!r}" for name in ("id", "stream_id", "status") if hasattr(self, name)]
        return f"{type(self).__name__}({', '.join(shown)})"


def _known_names(cls: type[Model]) -> frozenset[str]:
    return frozenset(cls.__struct_fields__) - {"extra"}


def _convert_field(value: object, target: Any) -> Any:
    try:
        return msgspec.convert(value, target, dec_hook=_convert_secret)
    except msgspec.ValidationError:
        # "0.9" for 0.9 is tolerated, but only here: everywhere, it would turn a title "null" into no title
        return msgspec.convert(value, target, strict=False, dec_hook=_convert_secret)


def _convert_secret(target: type, value: object) -> object:
    if target is SecretStr and isinstance(value, str):
        return SecretStr(value)
    raise msgspec.ValidationError(f"{target.__name__} was expected")
