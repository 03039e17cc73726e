"""What the pipeline may decide on its own, as numbers. The composition root fills it from settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas.records.request import MAX_REQUEST_BYTES

DAY_S = 86_400.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Every knob of the rules. Times are seconds.

    Attributes:
        poll_min_s: shortest time between two polls of a stream.
        poll_max_s: longest time between two polls of a stream.
        jitter: random share by which a delay may differ.
        clock_skew_s: how far the API's clock and ours may be apart, its whole seconds included.
        full_read_every: every so many polls read all pages, so that revisions are seen while a stream runs.
        sweep_max: final passes before a stream is settled as incomplete.
        sweep_pause_s: time between two passes.
        submit_window_s: a submission not sent within it is not sent.
        doubt_wait_s: after ``not_after``, how long a submission may still turn up; longer than a POST takes.
        locate_tries: searches before an ambiguous submission counts as not found.
        locate_pause_s: before the first search; each later pause is twice as long.
        doubt_for_s: how long a submission given up on is looked for beside its successor.
        in_doubt: what becomes of an ambiguous submission that was not found.
        max_submissions: POSTs for one request at most; then it is held for a person.
        backoff_min_s: first pause after a failed call.
        backoff_max_s: longest such pause.
        credentials_retry_s: pause after the API refused our key: the fault is ours, so nothing is given up. What is not
            allowed for one request (403) waits longer each time, up to ``backoff_max_s``.
        slot_retry_s: between two submissions of a worker while all streams of the plan are in use.
        gone_after: 404s in a row that end a stream, if they went on for ``gone_after_s`` and it was submitted as long
            ago: an API that copies its data lazily may not know a young stream everywhere.
        gone_after_s: see there; until then a stop that is answered with 404 is tried again too.
        stop_tries: failed stops of a surplus stream before it is left alone.
        max_request_bytes: largest request record, headers included; the ledger keeps it until retention forgets it.
        parked_per_request: early records kept for one unknown request.
        parked_per_partition: early records kept in all.
        parked_for_s: how long they are kept.
        retain_s: how long a settled request is known; longer than input topics are kept.
        closed_for_s: how long its id is remembered after that.
        command_memory: command ids remembered for one request.
        mark_in_tags: mark a submission by one more custom tag; without, and without webhooks, one whose reply was lost
            cannot be found. The mark is never published.
        webhook_url: template with ``{request_id}`` and ``{nonce}``; ``None``: the API sends no webhooks.
        transcript_tries: how often a transcript is fetched before the request goes on without it.
        transcript_pause_s: after the first try that failed; each later pause is twice as long.
        remind_before_s: how long before an item is due its reminder is sent.
        allowed_hosts: hosts that pass the screens of URLs and addresses unseen (tests and private networks).
        blocked_hosts: hosts refused, with their subdomains.
        tournament_every_s: shortest time between two live records of one tournament.
        notify_above: score from which a moment is notified.
        notify_per_s: notifications of one tournament, over time; ``notify_burst``: at once.
        notify_burst: see there.
        publish_signed_urls: publish URLs of the API with their signatures. Off: a signature is a credential.
    """

    poll_min_s: float = 2.0
    poll_max_s: float = 60.0
    jitter: float = 0.1
    clock_skew_s: float = 5.0
    full_read_every: int = 10
    sweep_max: int = 10
    sweep_pause_s: float = 1.0
    submit_window_s: float = 30.0
    doubt_wait_s: float = 25.0
    locate_tries: int = 4
    locate_pause_s: float = 5.0
    doubt_for_s: float = 3_600.0
    in_doubt: Literal["resubmit", "hold", "dead_letter"] = "resubmit"
    max_submissions: int = 3
    backoff_min_s: float = 1.0
    backoff_max_s: float = 300.0
    credentials_retry_s: float = 5.0
    slot_retry_s: float = 2.0
    gone_after: int = 2
    gone_after_s: float = 120.0
    stop_tries: int = 10
    max_request_bytes: int = MAX_REQUEST_BYTES
    parked_per_request: int = 100
    parked_per_partition: int = 10_000
    parked_for_s: float = DAY_S
    retain_s: float = 14 * DAY_S
    closed_for_s: float = 90 * DAY_S
    command_memory: int = 100
    mark_in_tags: bool = True
    webhook_url: str | None = None
    transcript_tries: int = 4
    transcript_pause_s: float = 2.0
    remind_before_s: float = DAY_S
    allowed_hosts: tuple[str, ...] = ()
    blocked_hosts: tuple[str, ...] = ()
    tournament_every_s: float = 5.0
    notify_above: float = 0.8
    notify_per_s: float = 0.1
    notify_burst: int = 5
    publish_signed_urls: bool = False
