"""The API's objects around an account: keys, webhooks, usage. Secrets in them are `SecretStr`."""

from typing import Any, Self

import msgspec
from pydantic import SecretStr

from pipeline.api.tolerant import Model
from schemas.records.observation import ApiId


class ApiKey(Model, kw_only=True):
    """An API key; `key` itself is shown by the API only once, when the key is made."""

    id: ApiId
    name: str | None = None
    key: SecretStr | None = None
    scopes: list[str] = msgspec.field(default_factory=list)
    created_at: str | None = None


class Account(Model, kw_only=True):
    """What register and login answer; no field of it is documented beyond the first API key."""

    id: str | None = None
    email: str | None = None
    api_key: SecretStr | None = None
    token: SecretStr | None = None

    @classmethod
    def read(cls, raw: object) -> Self:
        """Read an account; a key that comes as an object is taken out of it, and the rest of that is carried aside.

        Raises:
            WrongShapeError: it is no object.
        """
        if not isinstance(raw, dict) or not isinstance(raw.get("api_key"), dict):
            return super().read(raw)
        about = dict(raw["api_key"])
        account = super().read({**raw, "api_key": about.pop("key", None)})
        account.extra["api_key"] = about
        return account


class Webhook(Model, kw_only=True):
    """A registered webhook; `secret` signs its deliveries."""

    id: ApiId
    url: str | None = None
    events: list[str] = msgspec.field(default_factory=list)
    secret: SecretStr | None = None
    created_at: str | None = None


class Usage(Model, kw_only=True):
    """Usage of a period: counters, costs in US dollars, limits of the plan, as sent."""

    period: Any = None
    usage: dict[str, Any] = msgspec.field(default_factory=dict)
    costs: dict[str, Any] = msgspec.field(default_factory=dict)
    limits: dict[str, Any] = msgspec.field(default_factory=dict)
