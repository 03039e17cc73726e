"""The environment of a child process: what every program needs, and our settings, rendered; nothing else leaks in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from pipeline.settings import Settings
from pipeline.settings.keys import env_name

_PASSED_ON = (
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "PYTHONPATH",
    "PYTHONWARNINGS",
    "VIRTUAL_ENV",
    "XDG_CACHE_HOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)


def bare_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what any child may know of our environment: no setting, no secret."""
    return {name: environ[name] for name in _PASSED_ON if name in environ} | {"PYTHONUNBUFFERED": "1"}


def settings_environment(settings: Settings) -> dict[str, str]:
    """Render settings as variables, so that a child has the same whatever file or option they came from.

    Secrets are among them: the result is for a child's environment and for nothing else.
    """
    rendered: dict[str, str] = {}
    defaults = Settings()
    for group, name, field in Settings.declarations():
        value = getattr(getattr(settings, group), name)
        if value != getattr(getattr(defaults, group), name):
            rendered[env_name(field)] = _text(value)
    return rendered


def _text(value: Any) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
