"""A tournament's partition without those of its streams, and a profile that makes sightings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from agents.ledger_records import HighlightState, LinkedTranscript
from agents.profiles import Enriched, General, Prepared, Profiles, Sighted
from agents.profiles.gaming.place import place_of
from pipeline.domain import Outcome
from pipeline.simulator.scripts import find_script
from schemas.records import Moment, SightedHighlight, TournamentSighting, TournamentStream
from schemas.records.observation import ObservedHighlight
from schemas.records.request import Request
from schemas.records.tournament import Tournament
from tests.unit.agents.support import START, Bench, seen_highlight

KEY = "acme/cup"


class PlayProfile(General):
    """Says of each highlight what its metadata says: kinds and players."""

    name = "play"
    label = "play@1"

    def prepare(self, asked: Request, linked: LinkedTranscript | None) -> Prepared:  # type: ignore[override]  # noqa: ARG002 - the port
        """Parse where the stream belongs."""
        return PlayRules(asked)


class PlayRules:
    """The rules of one request."""

    def __init__(self, asked: Request) -> None:
        self.tournament = place_of(asked).stream

    def enrich(self, seen: ObservedHighlight, tags: list[str]) -> Enriched:
        """Take kinds and players from the highlight's metadata."""
        kinds, players = (tuple(seen.metadata.get(name, ())) for name in ("kinds", "players"))
        return Enriched(
            tags, {}, sighting=Sighted(kinds, seen.confidence_score, players, ("North",) if players else ())
        )

    def document(self, highlights: Mapping[str, HighlightState]) -> dict[str, Any]:  # noqa: ARG002 - the port
        """Say nothing."""
        return {}


def profiles() -> Profiles:
    """The general profile and that one."""
    return Profiles((General(), PlayProfile()))


def stream(**fields: Any) -> TournamentStream:
    """Where a stream belongs."""
    return TournamentStream(**{"tournament_id": "cup", "tournament_name": "Cup", "match_id": "m1", **fields})


def told(kind: str, request_id: str, place: TournamentStream | None = None, **fields: Any) -> TournamentSighting:
    """A stream's start or end."""
    return TournamentSighting(
        tenant="acme",
        request_id=request_id,
        kind=kind,  # type: ignore[arg-type]  # given by tests
        stream=place or stream(),
        published_at=datetime.fromtimestamp(START, UTC),
        **fields,
    )


def play(
    request_id: str,
    highlight_id: str,
    start_s: float,
    *,
    place: TournamentStream | None = None,
    revision: int = 1,
    epoch: int = 1,
    **fields: Any,
) -> TournamentSighting:
    """A highlight of a stream: 30 s, an ace of score 0.5."""
    highlight = SightedHighlight(
        **{
            "highlight_id": highlight_id,
            "revision": revision,
            "title": f"Title of {highlight_id}",
            "start_s": start_s,
            "end_s": start_s + 30.0,
            "score": 0.5,
            "kinds": ("ace",),
            "clip_url": f"https://cdn.example.com/{highlight_id}.mp4",
            **fields,
        }
    )
    return told("highlight", request_id, place, highlight=highlight, epoch=epoch)


def of_script(name: str, prefix: str, added: str = "") -> list[ObservedHighlight]:
    """The highlights of one of the simulator's scripts, numbered behind a prefix, with words added to each title."""
    script = find_script(name)
    assert script is not None
    return [
        seen_highlight(
            f"{prefix}-{number}",
            title=point.title + added,
            description=point.description,
            timestamp=point.start_s,
            duration=point.duration_s,
            confidence_score=point.confidence,
            tags=[],
        )
        for number, point in enumerate(script.moments)
    ]


class Arena(Bench):
    """The partition of a tournament."""

    def tell(self, *news: TournamentSighting) -> list[Outcome]:
        """Feed sightings."""
        return [self.feed("tournament-sightings", one, key=f"{one.tenant}/{one.stream.tournament_id}") for one in news]

    @property
    def moments(self) -> dict[str, Moment]:
        """The latest revision of each moment that is not withdrawn, by id; revisions count up from 1."""
        latest: dict[str, Moment] = {}
        for record in self.of("moments"):
            assert record.revision == (latest[record.moment_id].revision + 1 if record.moment_id in latest else 1)
            latest[record.moment_id] = record
        return {moment_id: record for moment_id, record in latest.items() if not record.withdrawn}

    def groups(self) -> set[frozenset[tuple[str, str]]]:
        """The moments that stand, as sets of highlights."""
        return {
            frozenset((view.request_id, view.highlight_id) for view in record.points_of_view)
            for record in self.moments.values()
        }

    def boards(self) -> list[Tournament]:
        """Run what is due until now, and return the tournament's records."""
        assert self.begin() is None
        records: list[Tournament] = self.of("tournaments")
        assert [record.revision for record in records] == list(range(1, len(records) + 1))
        return records
