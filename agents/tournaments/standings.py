"""Leaderboards, totals and the summary of a tournament, from the moments that stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from heapq import nlargest, nsmallest

from agents.tournament_records import TournamentState
from agents.tournaments.tournament import Tournament
from schemas.records.tournament import (
    HypeCurve,
    MatchLine,
    MomentLine,
    Standing,
    Totals,
    TournamentSummary,
)
from schemas.records.tournament import (
    Tournament as TournamentRecord,
)

TOP, LEADERS, MATCHES, TIMELINE = 10, 100, 500, 1_000
"""How many moments, players or teams, matches, and moments in time a record lists."""

STEP_S = 60.0
"""Seconds from one point of a hype curve to the next; more where that would be too many points."""

MOST_POINTS = 240


def tournament_record(tournament: Tournament, state: TournamentState, revision: int, at: datetime) -> TournamentRecord:
    """Return where a tournament stands; with its summary when all streams that are known have ended."""
    lines = [moment.line for moment in tournament.standing]
    final = tournament.has_ended
    return TournamentRecord(
        tenant=tournament.tenant,
        tournament_id=tournament.tournament_id,
        name=state.name,
        revision=revision,
        final=final,
        totals=_totals(tournament, state, lines),
        players=_leaders(((name, line) for line in lines for name in line.players), _teams_of_players(tournament)),
        teams=_leaders(((name, line) for line in lines for name in line.teams), {}),
        matches=_matches(tournament, lines)[:MATCHES],
        top=_best(TOP, lines),
        summary=summary_of(lines) if final else None,
        published_at=at,
    )


def _totals(tournament: Tournament, state: TournamentState, lines: Sequence[MomentLine]) -> Totals:
    return Totals(
        streams=len(tournament.streams),
        running=sum(not place.ended for place in tournament.streams.values()),
        highlights=sum(len(found) for found in tournament.sightings.values()),
        moments=len(lines),
        kinds=_counted(kind for line in lines for kind in line.kinds),
        notified=state.notified,
        suppressed=state.suppressed,
    )


def _best(count: int, lines: Iterable[MomentLine]) -> list[MomentLine]:
    return nsmallest(count, lines, key=lambda line: (-line.score, line.match_id or "", line.start_s, line.moment_id))


def _counted(words: Iterable[str]) -> dict[str, int]:
    counts = Counter(words)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _sum(lines: Iterable[MomentLine]) -> float:
    return round(sum(sorted(line.score for line in lines)), 3)  # sorted: the sum of floats depends on their order


def _teams_of_players(tournament: Tournament) -> dict[str, str]:
    """The team of each player that a request names, whatever the order in which requests came."""
    streams = [place.stream for place in tournament.streams.values()]
    named = [(player.name, player.team) for stream in streams for player in stream.players if player.team]
    named += [(stream.player, stream.team) for stream in streams if stream.player and stream.team]
    return dict(sorted(named, reverse=True))


def _leaders(named: Iterable[tuple[str, MomentLine]], teams: Mapping[str, str]) -> list[Standing]:
    by_name: dict[str, list[MomentLine]] = defaultdict(list)
    for name, line in named:
        by_name[name].append(line)
    ranked = nsmallest(LEADERS, ((-_sum(lines), name) for name, lines in by_name.items()))
    return [_standing(name, teams.get(name, ""), by_name[name]) for _, name in ranked]


def _standing(name: str, team: str, lines: Sequence[MomentLine]) -> Standing:
    return Standing(
        name=name,
        team=team,
        moments=len(lines),
        score=_sum(lines),
        best=max(line.score for line in lines),
        kinds=_counted(kind for line in lines for kind in line.kinds),
    )


def _by_match(lines: Iterable[MomentLine]) -> dict[str | None, list[MomentLine]]:
    found: dict[str | None, list[MomentLine]] = defaultdict(list)
    for line in lines:
        found[line.match_id].append(line)
    return dict(sorted(found.items(), key=lambda item: (item[0] is None, item[0] or "")))


def _matches(tournament: Tournament, lines: Iterable[MomentLine]) -> list[MatchLine]:
    moments = _by_match(lines)
    streams = defaultdict(list)
    for _, place in sorted(tournament.streams.items()):
        streams[place.stream.match_id].append(place.stream)
    found = []
    for match_id in sorted(streams, key=lambda name: (name is None, name or "")):
        shown, of_match = streams[match_id], moments.get(match_id, ())
        found.append(
            MatchLine(
                match_id=match_id,
                phase=next((stream.phase for stream in shown if stream.phase), ""),
                teams=tuple(dict.fromkeys(team for stream in shown for team in stream.teams)),
                streams=len(shown),
                moments=len(of_match),
                score=_sum(of_match),
            )
        )
    return found


def summary_of(lines: Sequence[MomentLine]) -> TournamentSummary:
    """Return timeline and hype of the moments that stand; as long as streams run, it is what is known so far."""
    best = nlargest(TIMELINE, lines, key=lambda line: (line.score, line.moment_id))
    timeline = sorted(best, key=lambda line: (line.match_id or "", line.start_s, line.moment_id))
    hype = [_curve(match_id, of_match) for match_id, of_match in _by_match(lines).items() if match_id is not None]
    return TournamentSummary(timeline=timeline, hype=hype[:MATCHES])


def _curve(match_id: str, lines: Sequence[MomentLine]) -> HypeCurve:
    first, last = (edge(line.start_s for line in lines) for edge in (min, max))
    start = first // STEP_S * STEP_S
    step = max(STEP_S, (last - start) // MOST_POINTS + 1)
    steps: dict[int, list[MomentLine]] = defaultdict(list)
    for line in lines:
        steps[int((line.start_s - start) // step)].append(line)
    return HypeCurve(
        match_id=match_id,
        start_s=start,
        step_s=step,
        points=[_sum(steps.get(number, ())) for number in range(max(steps) + 1)],
    )
