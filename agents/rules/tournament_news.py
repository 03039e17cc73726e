"""What a stream tells the tournament it belongs to: from its partition to the tournament's, in the same transaction."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from agents.profiles import Sighted
from agents.rules.context import Context
from pipeline.domain import Stage
from schemas import cloudevents
from schemas.catalogue import Catalogue
from schemas.records import Highlight, SightedHighlight, Stream, TournamentSighting, TournamentStream, encode

TOPIC = "tournament-sightings"

SOURCE = "/tldr-highlight/pipeline"

_LONGEST_TITLE = 120
_LONGEST_URL = 2_048
_LONGEST_NAME = 60
_MOST_NAMES = 20


class TournamentNews:
    """Publishes on the topic of sightings.

    Args:
        catalogue: the topics' names.
        place: the partition of a key.
    """

    def __init__(self, catalogue: Catalogue, place: Callable[[bytes], int]) -> None:
        self._place = place
        self._headers = cloudevents.EventHeaders(catalogue[TOPIC].name, SOURCE)

    def stream(self, stage: Stage, context: Context, record: Stream) -> None:
        """Tell that a stream began or ended, if its request's change of state says so."""
        if context.tournament is None:
            return
        ended = record.state in {"settled", "rejected"}
        if not ended and record.state != "accepted" and record.previous != "rejected":
            return
        news = TournamentSighting(
            tenant=record.tenant,
            request_id=record.request_id,
            epoch=context.epoch,
            kind="ended" if ended else "started",
            stream=context.tournament,
            published_at=record.changed_at,
        )
        at = record.changed_at.timestamp()
        self._publish(stage, context, context.tournament, news, f"{context.events}/{news.kind}/{at:.3f}")

    def highlight(
        self, stage: Stage, context: Context, record: Highlight, sighted: Sighted, published_at: datetime
    ) -> None:
        """Tell one revision of a highlight, which goes out with the same transaction."""
        if context.tournament is None:
            return
        news = TournamentSighting(
            tenant=record.tenant,
            request_id=record.request_id,
            epoch=context.epoch,
            kind="highlight",
            stream=context.tournament,
            highlight=SightedHighlight(
                highlight_id=record.highlight_id,
                revision=record.revision,
                title=record.title[:_LONGEST_TITLE],
                start_s=record.start_s,
                end_s=record.end_s,
                score=min(1.0, max(0.0, sighted.score)),
                kinds=_short(sighted.kinds),
                players=_short(sighted.players),
                teams=_short(sighted.teams),
                clip_url=_url(record.clip_url),
                moment_url=_url(record.moment_url),
            ),
            published_at=published_at,
        )
        event = f"{context.events}/{record.highlight_id}/{record.revision}"
        self._publish(stage, context, context.tournament, news, event)

    def _publish(
        self, stage: Stage, context: Context, stream: TournamentStream, news: TournamentSighting, event: str
    ) -> None:
        key = key_of(news.tenant, stream.tournament_id)
        time = news.published_at.isoformat(timespec="milliseconds")
        headers = self._headers.make(event, time, key.decode(), context.traceparent)
        stage.publish(TOPIC, key, encode(news), headers, partition=self._place(key))


def key_of(tenant: str, tournament_id: str) -> bytes:
    """Return the Kafka key of all records of a tournament."""
    return f"{tenant}/{tournament_id}".encode()


def _short(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name[:_LONGEST_NAME] for name in names[:_MOST_NAMES])


def _url(url: str | None) -> str | None:
    return url if url is None or len(url) <= _LONGEST_URL else None
