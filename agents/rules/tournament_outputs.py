"""Publishes what is known of tournaments: moments, notifications, leaderboards."""

from __future__ import annotations

from datetime import datetime

import msgspec

from agents.tournaments.tournament import Tournament
from pipeline.domain import Stage
from schemas import cloudevents
from schemas.catalogue import Catalogue
from schemas.records import Moment, Notification, RecordError, encode
from schemas.records import Tournament as TournamentRecord

SOURCE = "/tldr-highlight/pipeline"


class TournamentOutputs:
    """Publishes records of the topics of tournaments. The partition is ours, since their keys are the input's."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._headers = {
            short: cloudevents.EventHeaders(catalogue[short].name, SOURCE)
            for short in ("moments", "notifications", "tournaments")
        }

    def moment(self, stage: Stage, tournament: Tournament, record: Moment) -> None:
        """Publish one revision of a moment."""
        self._publish(
            "moments", stage, tournament, record, f"{record.moment_id}/{record.revision}", record.published_at
        )

    def notification(self, stage: Stage, tournament: Tournament, record: Notification) -> None:
        """Publish a notification."""
        self._publish(
            "notifications", stage, tournament, record, f"{record.moment_id}/notification", record.published_at
        )

    def tournament(self, stage: Stage, tournament: Tournament, record: TournamentRecord) -> None:
        """Publish where a tournament stands. Too large, it goes without most of its lists."""
        event, at = str(record.revision), record.published_at
        try:
            self._publish("tournaments", stage, tournament, record, event, at)
        except RecordError:
            self._publish("tournaments", stage, tournament, _trimmed(record), event, at)

    def _publish(
        self, topic: str, stage: Stage, tournament: Tournament, record: msgspec.Struct, event: str, at: datetime
    ) -> None:
        time = at.isoformat(timespec="milliseconds")
        headers = self._headers[topic].make(f"{tournament.key}/{event}", time, tournament.key)
        stage.publish(topic, tournament.key.encode(), encode(record), headers)


def _trimmed(record: TournamentRecord) -> TournamentRecord:
    summary = record.summary
    if summary is not None:
        summary = msgspec.structs.replace(summary, timeline=summary.timeline[:50], hype=summary.hype[:20])
    return msgspec.structs.replace(
        record,
        players=record.players[:20],
        teams=record.teams[:20],
        matches=record.matches[:20],
        summary=summary,
    )
