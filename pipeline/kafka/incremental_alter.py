"""IncrementalAlterConfigs (KIP-339), which aiokafka 0.14 lacks: it sets single topic settings and leaves the others.

aiokafka has the older AlterConfigs only, which resets every setting that it is not given.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import Array, Boolean, Int8, Int16, Int32, Schema, String

TOPIC = 2
_SET = 0


class IncrementalAlterConfigsResponse_v0(Response):  # type: ignore[misc]  # noqa: N801  # untyped; aiokafka's naming
    """One error code for each resource; 0 is success."""

    API_KEY = 44
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "responses",
            Array(
                ("error_code", Int16),
                ("error_message", String("utf-8")),
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
            ),
        ),
    )


class IncrementalAlterConfigsRequest_v0(RequestStruct):  # type: ignore[misc]  # noqa: N801  # as above
    """What to set, by resource."""

    API_KEY = 44
    API_VERSION = 0
    RESPONSE_TYPE = IncrementalAlterConfigsResponse_v0
    SCHEMA = Schema(
        (
            "resources",
            Array(
                ("resource_type", Int8),
                ("resource_name", String("utf-8")),
                ("configs", Array(("name", String("utf-8")), ("operation", Int8), ("value", String("utf-8")))),
            ),
        ),
        ("validate_only", Boolean),
    )


class IncrementalAlterConfigsRequest(Request[IncrementalAlterConfigsRequest_v0]):  # type: ignore[misc]  # untyped
    """Sets topic settings: for each topic name, the values to set."""

    API_KEY = 44

    def __init__(self, topics: Mapping[str, Mapping[str, str]]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[IncrementalAlterConfigsRequest_v0]) -> IncrementalAlterConfigsRequest_v0:
        """Fill the wire form."""
        resources: list[Any] = [
            (TOPIC, name, [(key, _SET, value) for key, value in config.items()])
            for name, config in self._topics.items()
        ]
        return request_struct_class(resources, False)  # noqa: FBT003  # positional by aiokafka's design
