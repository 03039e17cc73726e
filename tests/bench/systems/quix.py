"""Quix Streams with deduplication (RocksDB state with a changelog topic) and its exactly-once guarantee.

Runs from an environment of its own (``scripts/quix_environment.py``). State: by request, highlight id to digest and
revision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from quixstreams import Application, State

from tests.bench.enrichment import Enrichment, Output
from tests.bench.requested import requests
from tests.bench.systems import Assignment

COMMIT_INTERVAL_S = 0.5
"""Its default of 5 s would add a wait to a run of a few seconds; 0.25 s to 2 s make no difference beyond the noise."""


def create_app(assignment: Assignment) -> Application:
    """Build the application."""
    enrichment = Enrichment(requests(assignment.requests))
    app = Application(
        broker_address=assignment.servers,
        consumer_group=assignment.group,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once",
        commit_interval=COMMIT_INTERVAL_S,
        state_dir=assignment.folder,
        auto_create_topics=True,  # its changelog topic
        loglevel="WARNING",
    )
    source = app.topic(assignment.source, key_deserializer="bytes", value_deserializer="bytes")
    sink = app.topic(assignment.sink, key_serializer="bytes", value_serializer="bytes")

    def news(value: bytes, state: State) -> Iterator[Output]:
        seen = enrichment.observation(value)
        for highlight in seen.highlights:
            digest, parts = enrichment.digest(highlight)
            known = state.get(highlight.id)
            if known is not None and known[0] == digest:
                continue
            revision = 1 if known is None else known[1] + 1
            state.set(highlight.id, (digest, revision))
            yield enrichment.output(seen, highlight, revision, parts)

    def headers(output: Output, *_rest: Any) -> list[tuple[str, bytes]]:
        return output.headers

    frame = app.dataframe(source)
    frame = frame.apply(news, stateful=True, expand=True)
    frame = frame.set_headers(headers).apply(lambda output: output.value)
    frame.to_topic(sink)
    return app


if __name__ == "__main__":
    create_app(Assignment.from_environment()).run()
