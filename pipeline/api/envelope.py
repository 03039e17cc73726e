"""Find what was asked for inside the envelopes an answer may wear.

Seen or to be expected: the object itself, `{"stream": {...}}`, `{"data": {...}}`, and one inside the other; lists as
`{"highlights": [...], "pagination": {...}}`, `{"data": [...]}` or bare. Each reader here makes the `read` of a call.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from pipeline.api.models import HighlightPage, Pagination
from pipeline.api.protocol import Answer, BrokenBodyError, json_of
from pipeline.api.tolerant import Model, WrongShapeError

M = TypeVar("M", bound=Model)
_DEEPEST = 3
_PAGE_FIELDS = ("total", "page", "per_page")


def unwrap(payload: Any, *, wrapper: str, mark: str = "id") -> Any:
    """Return the object inside its envelopes: the first one that has the field `mark`; else the innermost found."""
    for _ in range(_DEEPEST):
        if not isinstance(payload, dict) or mark in payload:
            break
        inner = [payload[name] for name in (wrapper, "data") if isinstance(payload.get(name), dict)]
        if not inner:
            break
        payload = inner[0]
    return payload


def one(model: type[M], *, wrapper: str, mark: str = "id") -> Callable[[Answer], M]:
    """Return a reader of one object that may be wrapped as `wrapper` or `data`."""
    return lambda answer: model.read(unwrap(json_of(answer), wrapper=wrapper, mark=mark))


def one_if_told(model: type[M], *, wrapper: str) -> Callable[[Answer], M | None]:
    """Return a reader for calls whose status says it all: the object if the body has it, else None."""

    def read(answer: Answer) -> M | None:
        try:
            return model.read(unwrap(json_of(answer), wrapper=wrapper))
        except (BrokenBodyError, WrongShapeError):
            return None

    return read


def many(model: type[M], *, wrapper: str) -> Callable[[Answer], list[M]]:
    """Return a reader of a list of objects."""
    return lambda answer: [model.read(entry) for entry in _entries(json_of(answer), wrapper)[0]]


def highlight_page(answer: Answer) -> HighlightPage:
    """Read a page of highlights.

    Raises:
        WrongShapeError: there is no list of highlights in it.
        BrokenBodyError: it is no JSON.
    """
    entries, around = _entries(json_of(answer), "highlights")
    told = around.get("pagination")
    if not isinstance(told, dict):
        told = {name: around[name] for name in _PAGE_FIELDS if name in around}
    return HighlightPage.read(entries, Pagination.read(told))


def document(answer: Answer) -> dict[str, Any]:
    """Read an object whose fields are not documented, without an envelope `data`.

    Raises:
        WrongShapeError: it is no object.
        BrokenBodyError: it is no JSON.
    """
    payload = json_of(answer)
    if isinstance(payload, dict) and set(payload) == {"data"}:
        payload = payload["data"]
    if not isinstance(payload, dict):
        raise WrongShapeError(f"an object was expected, not {type(payload).__name__}")
    return payload


def documents(*names: str) -> Callable[[Answer], list[dict[str, Any]]]:
    """Return a reader of a list of undocumented objects that stands under one of `names`, under `data`, or bare."""

    def read(answer: Answer) -> list[dict[str, Any]]:
        payload = json_of(answer)
        name = next((name for name in names if isinstance(payload, dict) and name in payload), names[0])
        entries, _ = _entries(payload, name)
        if not all(isinstance(entry, dict) for entry in entries):
            raise WrongShapeError("a list of objects was expected")
        return entries

    return read


def nothing(_: Answer) -> None:
    """Read an answer whose 2xx status says it all."""


def _entries(payload: Any, wrapper: str) -> tuple[list[Any], dict[str, Any]]:
    """Return the list inside its envelopes, and the fields found around it, the inner ones first."""
    around: dict[str, Any] = {}
    for _ in range(_DEEPEST):
        if isinstance(payload, list):
            return payload, around
        if not isinstance(payload, dict):
            break
        around = {**around, **payload}
        inner = payload.get(wrapper)
        if inner is None:
            # some encoders write an empty list as null
            inner = payload.get("data", [] if wrapper in payload else None)
        payload = inner
    if isinstance(payload, list):
        return payload, around
    raise WrongShapeError(f"a list {wrapper} was expected")
