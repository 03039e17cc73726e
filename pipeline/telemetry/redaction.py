"""Keeps secrets out of log lines: by the name of a field, and by the actual values of the secrets that are set."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any
from urllib.parse import quote

REDACTED = "[redacted]"

_SHORTEST = 4
"""Characters. Replacing shorter values everywhere would only garble the lines."""

_DEEPEST = 6
"""Levels of a logged value that are looked through; what lies deeper is not logged."""

_SECRET_WORDS = re.compile(
    r"(?:^|[_\-.])(?:password|passwd|passphrase|secret|token|authorization|cookie|credentials?|signature"
    r"|api[_\-]?key|private[_\-]?key|signing[_\-]?key)s?$",
    re.IGNORECASE,
)


def redact_fields(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the values of fields whose name says that they are secret, at any level (a structlog processor)."""
    for name, value in event.items():
        event[name] = REDACTED if _is_secret(name) else _cleaned(value, _DEEPEST)
    return event


def _cleaned(value: Any, levels: int) -> Any:
    if not isinstance(value, Mapping | list | tuple):
        return value
    if levels == 0:
        return "[too deep]"
    if isinstance(value, Mapping):
        return {name: REDACTED if _is_secret(name) else _cleaned(inner, levels - 1) for name, inner in value.items()}
    if _is_secret_header(value):
        return [value[0], REDACTED]
    return [_cleaned(inner, levels - 1) for inner in value]


def _is_secret_header(value: list[Any] | tuple[Any, ...]) -> bool:
    return len(value) == 2 and isinstance(value[1], str | bytes) and _is_secret(value[0])


def _is_secret(name: object) -> bool:
    text = name.decode("latin-1") if isinstance(name, bytes) else name
    return isinstance(text, str) and _SECRET_WORDS.search(text) is not None


class SecretValues:
    """Replaces the given values wherever they stand in a finished line, also escaped as JSON, repr or URL would.

    Args:
        secrets: the values. Those shorter than 4 characters are left out.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
        # the longest first, so that a secret inside another leaves no rest of the longer one
        pattern = "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True))
        self._pattern = re.compile(pattern) if pattern else None

    def clean(self, line: str) -> str:
        """Return the line without the values."""
        return self._pattern.sub(REDACTED, line) if self._pattern else line


def _forms(secret: str) -> set[str]:
    as_json = json.dumps(secret)[1:-1]
    as_unicode_json = json.dumps(secret, ensure_ascii=False)[1:-1]
    as_repr, as_bytes_repr = repr(secret)[1:-1], repr(secret.encode())[2:-1]
    return {secret, as_json, as_unicode_json, as_repr, as_bytes_repr, quote(secret), quote(secret, safe="")}
