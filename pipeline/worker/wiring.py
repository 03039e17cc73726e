"""From settings to the parts of a worker. Builds and connects nothing else; :mod:`pipeline.worker.worker` runs them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any

import httpx

from pipeline.api import HighlightClient, open_http_client
from pipeline.effects.screened import ScreenedBackend
from pipeline.effects.transcripts import TranscriptFetcher
from pipeline.kafka.connection import KafkaConnection, KafkaSecurityError, NoKafkaError
from pipeline.ledger import LedgerConfig
from pipeline.settings import Settings
from pipeline.streaming.partitioner import partition_of
from pipeline.telemetry.metrics import Metrics
from pipeline.worker.exit_codes import ExitCode, Unrecoverable
from pipeline.worker.hand_over import HandOver
from schemas.catalogue import INPUTS, load


def connection_of(settings: Settings) -> KafkaConnection:
    """The way to the cluster.

    Raises:
        Unrecoverable: none is set, or its TLS files cannot be used.
    """
    try:
        return KafkaConnection.from_settings(settings.kafka)
    except (NoKafkaError, KafkaSecurityError) as error:
        raise Unrecoverable(ExitCode.SETTINGS, str(error)) from error


def http_client_of(settings: Settings) -> httpx.AsyncClient:
    """The pool of connections to the API."""
    api = settings.api
    return open_http_client(
        connect_timeout_s=api.connect_timeout_s,
        read_timeout_s=api.read_timeout_s,
        max_connections=api.max_connections,
        keepalive_connections=api.keepalive_connections,
    )


def api_client_of(settings: Settings, http: httpx.AsyncClient, metrics: Metrics) -> HighlightClient:
    """The API client on a pool."""
    return HighlightClient(
        http,
        base_url=settings.api.base_url,
        api_key=settings.api.key,
        signing_secret=settings.api.signing_secret,
        clock=time,
        sleep=asyncio.sleep,
        random=random.Random(),  # noqa: S311 - jitter
        observer=metrics,
    )


def transcripts_of(settings: Settings) -> TranscriptFetcher:
    """Fetches the transcripts that requests link; nothing of the API's client, its key least of all, is near it."""
    policy = settings.policy
    return TranscriptFetcher(ScreenedBackend(allowed=policy.allowed_hosts, blocked=policy.blocked_hosts))


def inputs_of(settings: Settings) -> dict[str, str]:
    """Short names of the consumed topics by their full names."""
    catalogue = load()
    return {catalogue.full_name(short, settings.topics.prefix): short for short in INPUTS}


def hand_over_of(settings: Settings, connection: KafkaConnection) -> HandOver:
    """Passes streams on to whoever owns their requests now."""
    spec = load()["observations"]
    place = partition_of(settings.topics.partitions)
    return HandOver(connection.aiokafka(), settings.topics.prefix + spec.name, spec.name, place)


def ledger_config(
    settings: Settings,
    connection: KafkaConnection,
    observer: Any,
    crash_point: Callable[[str], None] = lambda _name: None,
) -> LedgerConfig:
    """The configuration all ledgers of a worker share, from settings and the catalogue."""
    catalogue, prefix, worker = load(), settings.topics.prefix, settings.worker
    return LedgerConfig(
        client_options=connection.aiokafka(),
        topic=catalogue.full_name("ledger", prefix),
        topics={short: catalogue.full_name(short, prefix) for short in catalogue.topics if short != "ledger"},
        max_bytes={short: spec.max_message_bytes for short, spec in catalogue.topics.items()},
        linger=worker.flush_linger_ms / 1000,
        flush_records=worker.flush_records,
        max_pending_bytes=worker.flush_bytes,
        observer=observer,
        crash_point=crash_point,
    )
