"""Profiles: the rules of a domain, chosen by a request's field ``profile``. An explicit list, no scanning."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from agents.profiles.general import General
from agents.profiles.profile import Enriched, Export, InTournament, Prepared, Profile, ProfileInputError, Shown, Sighted

__all__ = [
    "Enriched",
    "Export",
    "General",
    "InTournament",
    "Prepared",
    "Profile",
    "ProfileInputError",
    "Profiles",
    "Shown",
    "Sighted",
]


class Profiles:
    """Finds profiles. ``gaming`` is the newest version there is, ``gaming@2`` that version and no other.

    Args:
        profiles: all that requests may name, several versions of one among them.
        by_tenant: the profile of requests that name none, by tenant.

    Raises:
        ValueError: ``by_tenant`` names a profile that is not there; the text lists all such tenants.
    """

    def __init__(self, profiles: Iterable[Profile] = (General(),), by_tenant: Mapping[str, str] | None = None) -> None:
        found: dict[str, Profile] = {}
        for profile in sorted(profiles, key=lambda profile: (profile.name, profile.version)):
            found[f"{profile.name}@{profile.version}"] = profile
            found[profile.name] = profile
        self._by_name: Mapping[str, Profile] = MappingProxyType(found)
        self._by_tenant = dict(by_tenant or {})
        self._fallback: Profile = General()
        lost = {tenant: name for tenant, name in self._by_tenant.items() if name not in found}
        if lost:
            raise ValueError("no such profile: " + ", ".join(f"{name} (of {tenant})" for tenant, name in lost.items()))

    @property
    def names(self) -> tuple[str, ...]:
        """The names a request may use, without versions."""
        return tuple(name for name in self._by_name if "@" not in name)

    def __iter__(self) -> Iterator[Profile]:
        """All profiles, each version once."""
        return iter([profile for name, profile in self._by_name.items() if "@" in name])

    def of_tenant(self, tenant: str) -> str:
        """The profile of a tenant's requests that name none."""
        return self._by_tenant.get(tenant, self._fallback.name)

    def find(self, name: str) -> Profile | None:
        """Return the profile of a new request, or ``None`` when there is none of that name and version."""
        return self._by_name.get(name)

    def get(self, name: str) -> Profile:
        """Return the profile of an accepted request: its version taken away since, the newest; all, the general one."""
        return self._by_name.get(name) or self._by_name.get(name.partition("@")[0]) or self._fallback
