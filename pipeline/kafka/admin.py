"""What we ask of a cluster about topics: look, create, set. It never creates a topic by looking."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code
from aiokafka.protocol.admin import CreateTopicsRequest, DescribeConfigsRequest
from aiokafka.protocol.metadata import MetadataRequest

from pipeline.kafka.connection import KafkaConnection
from pipeline.kafka.incremental_alter import TOPIC, IncrementalAlterConfigsRequest
from pipeline.kafka.topic_plan import FoundTopic, NewTopic

_CLOSE_WITHIN_S = 2.0


class TopicAdminError(RuntimeError):
    """The cluster refused. The text names the topic, the error and the cluster's words."""


class TopicAdmin:
    """An open connection for topic administration; an async context manager.

    Raises:
        KafkaConnectionError: no broker answers.
    """

    def __init__(self, connection: KafkaConnection, request_timeout_s: float = 30.0) -> None:
        self._connection = connection
        self._timeout_ms = int(request_timeout_s * 1000)
        self._client: Any = None

    async def __aenter__(self) -> Self:
        self._client = AIOKafkaClient(**self._connection.aiokafka(), request_timeout_ms=self._timeout_ms)
        try:
            await self._client.bootstrap()
        except BaseException:
            await self._client.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(TimeoutError):  # now and then a TLS connection takes 30 s to close
            async with asyncio.timeout(_CLOSE_WITHIN_S):
                await self._client.close()

    async def find(self, names: Iterable[str]) -> dict[str, FoundTopic]:
        """Return those of the named topics that exist.

        Raises:
            TopicAdminError: the cluster does not let us look.
        """
        layouts = await self._layouts(names)
        configs = await self._configs(layouts)
        return {name: _found(partitions, configs[name]) for name, partitions in layouts.items() if name in configs}

    async def partition_counts(self, names: Iterable[str]) -> dict[str, int]:
        """Return how many partitions each of the named topics has that exist. Asks for no right but to describe them.

        Raises:
            TopicAdminError: the cluster does not let us look.
        """
        return {name: len(partitions) for name, partitions in (await self._layouts(names)).items()}

    async def create(self, topics: Iterable[NewTopic]) -> None:
        """Create topics. One that another program created meanwhile is no error.

        Raises:
            TopicAdminError: the cluster refused one.
        """
        wanted: list[Any] = [(t.name, t.partitions, t.replication, [], list(t.config.items())) for t in topics]
        if wanted:
            answer = await self._send(CreateTopicsRequest(wanted, self._timeout_ms, validate_only=False))
            for topic in answer.to_object()["topic_errors"]:
                if topic["error_code"] != TopicAlreadyExistsError.errno:
                    _check(topic["error_code"], topic["topic"], topic.get("error_message"))

    async def set_config(self, topics: Mapping[str, Mapping[str, str]]) -> None:
        """Set single settings of topics; all others stay as they are.

        Raises:
            TopicAdminError: the cluster refused one.
        """
        if topics:
            answer = await self._send(IncrementalAlterConfigsRequest(topics))
            for response in answer.to_object()["responses"]:
                _check(response["error_code"], response["resource_name"], response["error_message"])

    async def _layouts(self, names: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        answer = await self._send(MetadataRequest(list(names), allow_auto_topic_creation=False))
        layouts = {}
        for topic in answer.to_object()["topics"]:
            if topic["error_code"] != UnknownTopicOrPartitionError.errno:
                _check(topic["error_code"], topic["topic"], retriable_ok=True)
                layouts[topic["topic"]] = topic["partitions"]
        return layouts

    async def _configs(self, names: Iterable[str]) -> dict[str, dict[str, str]]:
        resources: list[Any] = [(TOPIC, name, None) for name in names]
        if not resources:
            return {}
        answer = await self._send(DescribeConfigsRequest(resources))
        found = {}
        for resource in answer.to_object()["resources"]:
            if resource["error_code"] != UnknownTopicOrPartitionError.errno:  # deleted since we asked
                _check(resource["error_code"], resource["resource_name"], resource["error_message"])
                entries = resource["config_entries"]
                found[resource["resource_name"]] = {
                    entry["config_names"]: entry["config_value"] for entry in entries if not entry["is_sensitive"]
                }
        return found

    async def _send(self, request: Any) -> Any:
        return await self._client.send(self._client.get_random_node(), request)


def _found(partitions: list[dict[str, Any]], config: Mapping[str, str]) -> FoundTopic:
    return FoundTopic(
        partitions=len(partitions),
        replication=min((len(partition["replicas"]) for partition in partitions), default=0),
        leaders=sum(partition["leader"] >= 0 for partition in partitions),
        config=config,
    )


def _check(code: int, topic: str, message: str | None = None, *, retriable_ok: bool = False) -> None:
    if code == 0:
        return
    error: type[KafkaError] = for_code(code)
    if not (retriable_ok and error.retriable):
        raise TopicAdminError(f"topic {topic}: {error.__name__} ({code}) {message or error.description or ''}".rstrip())
