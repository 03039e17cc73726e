"""Following requests on the output topics: what a person wants to know while they run."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import msgspec

from schemas.records import Highlight, Stream

FINAL_STATES = frozenset({"settled", "rejected"})
_RECENT = 60
_highlights = msgspec.json.Decoder(Highlight)
_streams = msgspec.json.Decoder(Stream)


@dataclass(slots=True)
class FollowedRequest:
    """What is known of one request.

    Attributes:
        stream: its latest stream record; None until the pipeline has accepted it.
        ids: highlights seen.
        records: highlight records seen, corrections included.
        reached_s: how far into the stream the latest highlight lies, in seconds.
    """

    request_id: str
    stream: Stream | None = None
    ids: set[str] = field(default_factory=set)
    records: int = 0
    reached_s: float = 0.0

    @property
    def state(self) -> str:
        """Where it stands; ``sent`` until the pipeline has accepted it."""
        return self.stream.state if self.stream else "sent"

    @property
    def is_final(self) -> bool:
        """Whether nothing more is to come."""
        return self.state in FINAL_STATES


class Following:
    """Folds records of the topics ``streams`` and ``highlights``.

    Args:
        only: request ids to follow; None follows all.

    Attributes:
        requests: by id, in the order they were named or met.
        recent: the latest highlight records.
        records: highlight records seen.
    """

    def __init__(self, only: list[str] | None = None) -> None:
        self.requests = {request_id: FollowedRequest(request_id) for request_id in only or ()}
        self.recent: deque[Highlight] = deque(maxlen=_RECENT)
        self.records = 0
        self._all = only is None

    def fold(self, topic: str, record: Any) -> Highlight | Stream | None:
        """Take in one Kafka record of a topic by its short name; return it decoded if it is followed."""
        if record.value is None:
            return None
        decoded: Highlight | Stream
        decoded = _highlights.decode(record.value) if topic == "highlights" else _streams.decode(record.value)
        request = self._request(decoded.request_id)
        if request is None:
            return None
        if isinstance(decoded, Stream):
            request.stream = decoded
        else:
            request.ids.add(decoded.highlight_id)
            request.records += 1
            request.reached_s = max(request.reached_s, decoded.end_s)
            self.recent.append(decoded)
            self.records += 1
        return decoded

    @property
    def finished(self) -> bool:
        """Whether every request is final."""
        return all(request.is_final for request in self.requests.values())

    def _request(self, request_id: str) -> FollowedRequest | None:
        if self._all and request_id not in self.requests:
            self.requests[request_id] = FollowedRequest(request_id)
        return self.requests.get(request_id)
