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


GAMES = """
games:
  darts: {titel: Darts, options: {clip_duration: 20}}
  go: {title: 7}
"""

KINDS = """
kinds:
  ace:
    intensity: 2
    rules:
      - {id: mine, confidence: high, phrases: [bullseye]}
      - {id: other, confidence: 0.5, phrase: [bullseye]}
"""

RULES = """
kinds:
  ace:
    rules:
      - {id: mine, confidence: 0.5, phrases: [mates in <nosuch>]}
      - {id: mine, confidence: 0.5, phrases: [bullseye]}
      - {id: other, confidence: 0.5, phrases: ["...", "x*"]}
"""

OPTIONS = """
games:
  darts: {options: {clip_duration: 2}}
  go: {options: {clip_length: 20}}
"""


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            GAMES,
            [
                "games.darts: unknown key titel: perhaps title is meant",
                "games.go.title: Expected `str`, got `int`",
            ],
        ),
        (
            KINDS,
            [
                "kinds.ace.intensity: Expected `float` <= 1",
                "kinds.ace.rules[mine].confidence: Expected `float`, got `str`",
                "kinds.ace.rules[other]: unknown key phrase: perhaps phrases is meant",
            ],
        ),
        (
            RULES,
            [
                "kinds.ace: two rules are named mine",
                "kinds.ace.rules[mine]: 'mates in <nosuch>': no group nosuch",
                "kinds.ace.rules[other]: '...': begin and end with a word",
                "kinds.ace.rules[other]: 'x*': 'x*' needs 4 letters",
            ],
        ),
        (OPTIONS, ["games.darts.options: Expected `int` >= 10", "games.go.options: the API knows no clip_length"]),
    ],
)
def test_each_game_and_each_rule_that_is_wrong_is_named(text: str, told: list[str], tmp_path: Path) -> None:
    """All of one kind at once, once each, with the place and the nearest key."""
    (tmp_path / "gaming.yaml").write_text(text)
    with pytest.raises(SettingsError) as caught:
        profiles_of(load(TLDR_PROFILES_FOLDER=str(tmp_path)))
    found = [problem.problem for problem in caught.value.problems]
    assert len(found) == len(told)
    for line in told:
        assert sum(problem.startswith(f"gaming.yaml: {line}") for problem in found) == 1, (line, found)
