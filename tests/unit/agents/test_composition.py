"""What operators set is what the rules go by."""

from __future__ import annotations

import pytest

from agents.composition import policy_of
from agents.policy import DAY_S, Policy
from pipeline.settings import Settings, SettingsError
from schemas import catalogue


def test_retention_and_patience_come_from_settings() -> None:
    """How long a request is remembered, and a stream missed, is what was set; by default what the rules say."""
    policy = policy_of(Settings.load(environ={"TLDR_RETAIN_DAYS": "30", "TLDR_GONE_AFTER_S": "5"}))
    assert (policy.retain_s, policy.gone_after_s) == (30 * DAY_S, 5.0)
    default = policy_of(Settings.load(environ={}))
    assert (default.retain_s, default.gone_after_s) == (Policy().retain_s, Policy().gone_after_s)


def test_what_is_told_of_tournaments_comes_from_settings() -> None:
    """By default what the rules say; a budget a minute is one a second."""
    policy = policy_of(Settings.load(environ={"TLDR_NOTIFY_PER_MINUTE": "30", "TLDR_TOURNAMENT_EVERY_S": "1"}))
    assert (policy.notify_per_s, policy.tournament_every_s) == (0.5, 1.0)
    default, rules = policy_of(Settings.load(environ={})), Policy()
    names = ("tournament_every_s", "notify_above", "notify_per_s", "notify_burst")
    assert [getattr(default, name) for name in names] == [getattr(rules, name) for name in names]


def test_a_request_is_remembered_longer_than_input_is_kept() -> None:
    """A retention that would let a replay outlive what deduplicates it is refused."""
    topics = catalogue.load()
    longest_s = max((topics[name].retention_ms or 0) / 1000 for name in catalogue.INPUTS)
    with pytest.raises(SettingsError):
        Settings.load(environ={"TLDR_RETAIN_DAYS": f"{longest_s / DAY_S:g}"})
