"""The composition root: where decisions and machinery meet. Also the command line on top of them."""

from __future__ import annotations

from agents.domain import HighlightDomain
from agents.policy import DAY_S, Policy
from agents.profile_setup import profiles_of
from pipeline.domain import HighlightObserver
from pipeline.settings import Settings
from pipeline.streaming.partitioner import partition_of


def policy_of(settings: Settings) -> Policy:
    """What the pipeline may decide on its own, as settings say."""
    polling, policy, tournaments = settings.polling, settings.policy, settings.tournaments
    return Policy(
        poll_min_s=polling.min_s,
        poll_max_s=polling.max_s,
        jitter=polling.jitter,
        sweep_max=polling.sweep_max,
        submit_window_s=settings.api.submit_timeout_s + 5.0,
        mark_in_tags=policy.mark_in_tags,
        in_doubt=policy.in_doubt,
        max_submissions=policy.max_submissions,
        doubt_wait_s=policy.doubt_wait_s,
        locate_pause_s=policy.locate_pause_s,
        locate_tries=policy.locate_tries,
        gone_after_s=policy.gone_after_s,
        retain_s=policy.retain_days * DAY_S,
        transcript_tries=policy.transcript_tries,
        transcript_pause_s=policy.transcript_pause_s,
        remind_before_s=policy.remind_before_s,
        allowed_hosts=policy.allowed_hosts,
        blocked_hosts=policy.blocked_hosts,
        tournament_every_s=tournaments.every_s,
        notify_above=tournaments.notify_above,
        notify_per_s=tournaments.notify_per_minute / 60,
        notify_burst=tournaments.notify_burst,
        publish_signed_urls=policy.publish_signed_urls,
    )


def build_domain(settings: Settings, observer: HighlightObserver | None = None) -> HighlightDomain:
    """The decisions, tuned by settings. ``observer`` is told of each highlight on its way out.

    Raises:
        SettingsError: the profiles that the settings name cannot be had.
    """
    return HighlightDomain(
        policy_of(settings),
        profiles=profiles_of(settings),
        topic_prefix=settings.topics.prefix,
        observer=observer,
        place=partition_of(settings.topics.partitions),
    )


def main() -> None:
    """Run the command line."""
    from pipeline.cli.main import run  # noqa: PLC0415 - the command line is not needed by those who only build a domain

    run(build_domain)
