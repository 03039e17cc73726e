"""Getting at the cluster before a command relies on it: who is there, within seconds, and with our topics."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.cli.errors import CommandError
from pipeline.kafka.connection import KafkaConnection
from pipeline.worker.exit_codes import ExitCode
from schemas.catalogue import load

if TYPE_CHECKING:
    from pipeline.settings import Settings

REACH_TIMEOUT_S = 8.0
_WHY_TIMEOUT_S = 3.0
_OF_A_LOGIN = ("authentication", "Authentication", "Sasl")
"""In the text or the name of each error that speaks of a login; hosts, which the reason names too, are lower case."""


async def reach(settings: Settings, topics: Sequence[str] = (), *, said: Sequence[str] = ()) -> KafkaConnection:
    """Return the connection to the cluster that is set, once it has answered and shown our topics.

    Args:
        settings: the user's.
        topics: short names that the command needs.
        said: what the client library logs meanwhile (see :func:`pipeline.cli.running.quiet`).

    Raises:
        NoKafkaError, KafkaSecurityError: nothing usable is set.
        CommandError: no broker lets us in within ``REACH_TIMEOUT_S`` seconds, or a topic is missing.
    """
    connection = KafkaConnection.from_settings(settings.kafka)
    names = [load().full_name(short, settings.topics.prefix) for short in topics]
    there = await topics_of(connection, said=said)
    missing = [name for name in names if name not in there]
    if missing:
        prefix = f" with the prefix {settings.topics.prefix!r}" if settings.topics.prefix else ""
        raise CommandError(
            ExitCode.TOPICS,
            f"{', '.join(missing)}: not on {', '.join(connection.bootstrap_servers)}{prefix}",
            "highlights topics apply",
        )
    return connection


async def topics_of(connection: KafkaConnection, *, said: Sequence[str] = ()) -> set[str]:
    """Return the names of the topics that we may see.

    Raises:
        CommandError: no broker lets us in within ``REACH_TIMEOUT_S`` seconds.
    """
    from aiokafka import AIOKafkaConsumer
    from aiokafka.errors import KafkaConnectionError, KafkaError

    from pipeline.kafka.refusal import in_words, why_refused

    options = connection.aiokafka()
    consumer = AIOKafkaConsumer(**options, request_timeout_ms=int(REACH_TIMEOUT_S * 1000))
    try:
        async with asyncio.timeout(REACH_TIMEOUT_S):
            await consumer.start()
            return set(await consumer.topics())
    except KafkaConnectionError as error:  # no broker let us in; each has its reason, which the client tells its log
        reasons = await why_refused(options, _WHY_TIMEOUT_S)
        raise unreachable(connection, reasons or "no broker answers", () if reasons else said) from error
    except TimeoutError as error:
        raise unreachable(connection, f"no answer within {REACH_TIMEOUT_S:g} s", said) from error
    except (KafkaError, OSError) as error:
        raise unreachable(connection, in_words(error), said) from error
    finally:
        await consumer.stop()


def unreachable(connection: KafkaConnection, reason: str, said: Sequence[str] = ()) -> CommandError:
    """Return the error for a cluster that does not let us in, with what most likely helps first."""
    servers = ", ".join(connection.bootstrap_servers)
    where = "check KAFKA_BOOTSTRAP_SERVERS, and that this machine may reach it"
    if connection.sasl_mechanism and any(word in reason for word in _OF_A_LOGIN):
        problem = f"Kafka at {servers} refuses the login of {connection.sasl_username!r}: {reason}"
        login = "check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM: highlights config show"
        return CommandError(ExitCode.KAFKA, problem, login, where, details="\n".join(said))
    if connection.security_protocol == "PLAINTEXT":
        security = (
            "a cluster with TLS or a login needs KAFKA_SECURITY_PROTOCOL and its settings: highlights config show"
        )
    else:
        security = "check KAFKA_SECURITY_PROTOCOL, KAFKA_SASL_* and KAFKA_SSL_*: highlights config show"
    problem = f"Kafka cannot be reached at {servers} ({connection.security_protocol}): {reason}"
    return CommandError(ExitCode.KAFKA, problem, where, security, details="\n".join(said))
