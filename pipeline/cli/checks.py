"""The doctor's checks. Each looks at one thing and says what it found; one that cannot look says why."""

from __future__ import annotations

import asyncio
import platform
import random
import shutil
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal, NamedTuple

import httpx

from pipeline.api import ApiError, CredentialsRejected, HighlightClient, open_http_client
from pipeline.cli.context import CliContext
from pipeline.cli.errors import CommandError, explain
from pipeline.cli.kafka_access import topics_of
from pipeline.kafka import topics as kafka_topics
from pipeline.kafka.admin import TopicAdminError
from pipeline.kafka.connection import KafkaConnection, KafkaSecurityError, NoKafkaError
from pipeline.kafka.distribution import user_cache_dir
from pipeline.kafka.jars import JarFolder, read_lock
from pipeline.settings import Settings, SettingsError
from pipeline.stack.topics import layout_of
from schemas.catalogue import load

Result = Literal["ok", "warning", "failed", "skipped"]

MAX_SKEW_S = 60.0
"""Signed requests are refused when our clock is off by more than some minutes; a minute off deserves a look."""

_LEAST_FREE = 500 * 1024 * 1024
_TIMEOUT_S = 6.0


class Finding(NamedTuple):
    """What a check found. ``fixes`` are commands or sentences, the first one first."""

    check: str
    result: Result
    found: str
    fixes: tuple[str, ...] = ()


async def run_checks(context: CliContext, said: Sequence[str]) -> list[Finding]:
    """Run all checks; those that need the settings are skipped while the settings are wrong.

    Args:
        context: where the settings come from.
        said: what the Kafka client logs meanwhile.
    """
    findings = [check_python(sys.version_info[:3]), *check_disk(user_cache_dir(context.environ))]
    try:
        settings = context.settings()
    except SettingsError as error:
        wrong = [
            Finding("settings", "failed", f"{problem.key}: {problem.problem}", (problem.fix, "highlights config check"))
            for problem in error.problems
        ]
        skipped = [Finding(name, "skipped", "needs sound settings") for name in ("kafka", "topics", "api")]
        return [*findings, *wrong, *skipped]
    findings.append(Finding("settings", "ok", "every value is allowed"))
    kafka, api = await asyncio.gather(check_kafka(settings, said), check_api(settings))
    return [*findings, *kafka, *api]


def check_python(version: tuple[int, ...]) -> Finding:
    """Check the interpreter's version."""
    text = f"{platform.python_implementation()} {'.'.join(map(str, version))}"
    if (3, 11) <= version[:2] < (3, 14):
        return Finding("python", "ok", text)
    return Finding("python", "failed", f"{text} is not supported", ("use Python 3.11, 3.12 or 3.13",))


def check_disk(cache: Path) -> list[Finding]:
    """Check the cache of the embedded Kafka, and the room on its disk."""
    lock = read_lock()
    folder = JarFolder(cache / f"kafka-{lock.kafka}", lock)
    unfit = folder.unfit()
    existing = next(path for path in (cache, *cache.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    room = f"{free / 1e9:.1f} GB free at {existing}"
    findings = []
    if free < _LEAST_FREE:
        fixes = ("free some space there, or set XDG_CACHE_HOME and TMPDIR to another disk",)
        findings.append(Finding("disk", "failed", f"only {room}", fixes))
    else:
        findings.append(Finding("disk", "ok", room))
    if unfit:
        found = f"{len(unfit)} of {len(lock.jars)} jars are not in {folder.path}; the first start needs the network"
        findings.append(Finding("embedded", "warning", found, ("highlights kafka prefetch",)))
    else:
        findings.append(Finding("embedded", "ok", f"Apache Kafka {lock.kafka} in {folder.path}"))
    return findings


async def check_kafka(settings: Settings, said: Sequence[str]) -> list[Finding]:
    """Check that the cluster answers, and that its topics are what the catalogue says."""
    try:
        connection = KafkaConnection.from_settings(settings.kafka)
        names = await topics_of(connection, said=said)
    except NoKafkaError as error:
        first, *ways = str(error).splitlines()
        skipped = Finding("topics", "skipped", "no Kafka to look at")
        return [Finding("kafka", "failed", first, tuple(way.strip() for way in ways)), skipped]
    except (CommandError, KafkaSecurityError) as error:
        explained = explain(error)
        fixes, details = (explained.fix, explained.details) if explained else ((), "")
        skipped = Finding("topics", "skipped", "no Kafka to look at")
        return [Finding("kafka", "failed", "; ".join([str(error), *details.splitlines()[-1:]]), fixes), skipped]
    servers = ", ".join(connection.bootstrap_servers)
    reached = Finding("kafka", "ok", f"{servers} answers ({connection.security_protocol}, {len(names)} topics)")
    return [reached, await _check_topics(connection, settings)]


async def _check_topics(connection: KafkaConnection, settings: Settings) -> Finding:
    try:
        planned = await kafka_topics.plan(connection, load(), layout_of(settings.topics))
    except TopicAdminError as error:
        return Finding(
            "topics", "failed", str(error), ("ask for the right to describe these topics and their settings",)
        )
    if planned.is_done:
        return Finding("topics", "ok", f"{len(planned.wanted)} topics are as the catalogue says")
    first, *more = planned.lines()
    found = f"{first}, and {len(more)} more" if more else first
    command = "highlights topics plan" if planned.refusals else "highlights topics apply"
    return Finding("topics", "failed", found, (command,))


async def check_api(settings: Settings) -> list[Finding]:
    """Check that the API answers, takes our key, and has the same time as we."""
    url = settings.api.base_url
    async with open_http_client() as http:
        client = HighlightClient(
            http,
            base_url=url,
            api_key=settings.api.key,
            signing_secret=settings.api.signing_secret,
            clock=time,
            sleep=asyncio.sleep,
            random=random.Random(),  # noqa: S311 - jitter
        )
        try:
            await client.check_health(timeout_s=_TIMEOUT_S)
        except ApiError as error:
            fixes = ("check TLDR_API_BASE_URL, proxies and firewalls", "no API at hand? highlights simulate")
            return [Finding("api", "failed", f"{url}: {error}", fixes), Finding("api key", "skipped", "no API to ask")]
        return [Finding("api", "ok", f"{url} is up"), await _check_key(client, settings), await _check_clock(http, url)]


async def _check_key(client: HighlightClient, settings: Settings) -> Finding:
    if settings.api.key is None:
        return Finding("api key", "failed", "api.key is not set", ("set TLDR_API_KEY",))
    try:
        await client.list_highlights(per_page=1, deadline_s=_TIMEOUT_S)
    except CredentialsRejected as error:
        fixes = ("check TLDR_API_KEY (and TLDR_API_SIGNING_SECRET, if requests must be signed)",)
        return Finding("api key", "failed", f"the API refuses our key: {error}", fixes)
    except ApiError as error:
        return Finding("api key", "warning", f"not told: {error}", ("try again in a while",))
    return Finding("api key", "ok", "the API takes our key")


async def _check_clock(http: httpx.AsyncClient, url: str) -> Finding:
    try:
        answer = await http.get(url, timeout=_TIMEOUT_S)
        theirs = parsedate_to_datetime(answer.headers["date"])
    except (httpx.HTTPError, KeyError, ValueError):
        return Finding("clock", "skipped", "the API sends no time to compare with")
    skew = (datetime.now(UTC) - theirs).total_seconds()
    if abs(skew) > MAX_SKEW_S:
        found = f"our clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} the API's"
        return Finding(
            "clock", "failed", found, ("let this machine set its clock by NTP: signed requests will be refused",)
        )
    return Finding("clock", "ok", f"within {max(1, round(abs(skew)))} s of the API's")
