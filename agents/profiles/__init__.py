"""Profiles: the rules of a domain, chosen by a request's field ``profile``. An explicit list, no scanning."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from agents.profiles.general import General
from agents.profiles.profile import Enriched, Profile

__all__ = ["Enriched", "General", "Profile", "Profiles"]


class Profiles:
    """Finds profiles by name. ``gaming@2`` asks for a version; without it (or without that one) ``gaming`` serves."""

    def __init__(self, profiles: Iterable[Profile] = (General(),)) -> None:
        self._by_name: Mapping[str, Profile] = MappingProxyType({profile.name: profile for profile in profiles})
        self._fallback: Profile = General()

    @property
    def names(self) -> tuple[str, ...]:
        """The names a request may use."""
        return tuple(self._by_name)

    def find(self, name: str) -> Profile | None:
        """Return the profile, or ``None`` when there is none of that name."""
        return self._by_name.get(name) or self._by_name.get(name.partition("@")[0])

    def get(self, name: str) -> Profile:
        """Return the profile of an accepted request: the general one if it has been taken away since."""
        return self.find(name) or self._fallback
