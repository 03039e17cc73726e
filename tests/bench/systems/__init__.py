"""The rivals, each a program of its own, told what to do by an :class:`Assignment`. Ours is ``highlights worker``."""

from __future__ import annotations

import os
from typing import Self

import msgspec

ENV = "BENCH_ASSIGNMENT"


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """What a system is to do.

    Attributes:
        servers: the broker, host:port.
        group: consumer group.
        source: full name of the topic to read.
        sink: full name of the topic to write.
        requests: how many requests are known.
        folder: where it may keep files; removed afterwards.
    """

    servers: str
    group: str
    source: str
    sink: str
    requests: int
    folder: str

    def environment(self) -> dict[str, str]:
        """Return it as an environment variable."""
        return {ENV: msgspec.json.encode(self).decode()}

    @classmethod
    def from_environment(cls) -> Self:
        """Read it in the program that was started."""
        return msgspec.json.decode(os.environ[ENV], type=cls)
