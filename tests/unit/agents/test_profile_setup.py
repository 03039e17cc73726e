"""Which profiles there are, as settings say."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents.profile_setup import profiles_of
from pipeline.settings import Settings, SettingsError


def load(**environ: str) -> Settings:
    """Settings from variables."""
    return Settings.load(environ=environ)


def test_a_tenants_requests_get_its_profile() -> None:
    """Those that name none, that is; other tenants' get the general one."""
    profiles = profiles_of(load(TLDR_TENANT_PROFILES="acme=general@1"))
    assert profiles.of_tenant("acme") == "general@1"
    assert profiles.of_tenant("other") == "general"


def test_everything_that_is_wrong_is_named_at_once(tmp_path: Path) -> None:
    """A profile that is not there, a plugin that is not installed, data that belongs to nothing or is no YAML."""
    (tmp_path / "cooking.yaml").write_text("a: 1")
    (tmp_path / "gaming.yml").write_text("a: 1")
    with pytest.raises(SettingsError) as caught:
        profiles_of(
            load(
                TLDR_TENANT_PROFILES="acme=cooking",
                TLDR_PROFILE_PLUGINS="recipes",
                TLDR_PROFILES_FOLDER=str(tmp_path),
            )
        )
    text = str(caught.value)
    assert [problem.key for problem in caught.value.problems] == [
        "profiles.folder",
        "profiles.folder",
        "profiles.plugins",
        "profiles.by_tenant",
    ]
    assert all(word in text for word in ("cooking.yaml", "gaming.yml", "recipes", "acme"))


@pytest.mark.parametrize("value", ["acme", "=gaming", "acme=", "acme=general,acme=general"])
def test_a_tenants_profile_is_a_pair(value: str) -> None:
    """Anything else is refused under its key."""
    with pytest.raises(SettingsError, match="by_tenant"):
        load(TLDR_TENANT_PROFILES=value)
