"""What leaves Kafka of a tournament: the report as Markdown, its moments as a table, everything as JSON. Pure."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import StringIO
from itertools import groupby
from types import MappingProxyType

import msgspec

from agents.profiles.writing import cell, clock, markdown
from agents.tournaments.standings import summary_of
from schemas.records.moment import Moment, PointOfView
from schemas.records.tournament import HypeCurve, MomentLine, Standing, Tournament

_LEADERS = 20
"""Players, and teams, that the report lists."""

_VIEWS = 12
"""Points of view that it lists of each moment."""

_COLUMNS = 60
"""Characters that a hype curve takes at most."""

_BARS = " ▁▂▃▄▅▆▇█"
_NOT_IN_A_LINK = {ord(letter): f"%{ord(letter):02X}" for letter in " \t\r\n<>()|"}


class TournamentExport(msgspec.Struct, frozen=True):
    """A form in which a tournament leaves Kafka.

    Attributes:
        about: one line for people.
        render: the files by name, as text, from the latest record and the latest revision of each moment.
    """

    about: str
    render: Callable[[Tournament, Sequence[Moment]], Mapping[str, str]]


def report_markdown(tournament: Tournament, moments: Sequence[Moment]) -> Mapping[str, str]:
    """The report for people, at the end or on the way there; which of them it is, it says first."""
    known = _standing(moments)
    lines = _lines(tournament, known)
    summary = tournament.summary or summary_of(lines)
    parts = [
        [
            f"# {markdown(tournament.name or tournament.tournament_id)}",
            "",
            _last_word(tournament),
            "",
            _totals(tournament),
        ],
        _matches(tournament),
        _streams(tournament, known),
        _top(tournament, known),
        _leaders("Teams", tournament.teams),
        _leaders("Players", tournament.players),
        _kinds(tournament),
        _timeline(summary.timeline),
        _hype(summary.hype),
    ]
    return {"report.md": "\n\n".join("\n".join(part) for part in parts if part) + "\n"}


def moments_csv(tournament: Tournament, moments: Sequence[Moment]) -> Mapping[str, str]:
    """All moments as a table; a cell that a spreadsheet would run as a formula is quoted."""
    known = _standing(moments)
    out = StringIO()
    table = csv.writer(out, lineterminator="\n")
    names = ("kinds", "players", "teams")
    table.writerow(
        ["match_id", "phase", "start_s", "end_s", "title", "score", *names, "views", "moment_id", "clip_url"]
    )
    for line in _lines(tournament, known):
        whole = known.get(line.moment_id)
        match_id, phase, title = map(cell, (line.match_id or "", line.phase, line.title))
        who = (cell(", ".join(getattr(line, name))) for name in names)
        clips = () if whole is None else (view.clip_url for view in whole.points_of_view if view.clip_url)
        end_s = "" if whole is None else whole.end_s
        table.writerow(
            [
                match_id,
                phase,
                line.start_s,
                end_s,
                title,
                line.score,
                *who,
                line.views,
                line.moment_id,
                next(iter(clips), ""),
            ]
        )
    return {"moments.csv": out.getvalue()}


def tournament_json(tournament: Tournament, moments: Sequence[Moment]) -> Mapping[str, str]:
    """The records as they are: the tournament, and the moments that stand with all their points of view."""
    whole = {"tournament": tournament, "moments": sorted(_standing(moments).values(), key=_in_time)}
    return {"tournament.json": msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"}


EXPORTS = MappingProxyType(
    {
        "report-md": TournamentExport("The report of a tournament as Markdown.", report_markdown),
        "moments-csv": TournamentExport("All moments of a tournament as a table.", moments_csv),
        "json": TournamentExport("The record of a tournament and its moments as JSON.", tournament_json),
    }
)


def _standing(moments: Sequence[Moment]) -> dict[str, Moment]:
    return {moment.moment_id: moment for moment in moments if not moment.withdrawn}


def _in_time(moment: Moment | MomentLine) -> tuple[str, float, str]:
    return moment.match_id or "", moment.start_s, moment.moment_id


def _lines(tournament: Tournament, known: Mapping[str, Moment]) -> list[MomentLine]:
    """All moments in short: the final record's where it has all of them, since the topic of moments forgets."""
    told = [] if tournament.summary is None else tournament.summary.timeline
    if tournament.summary is not None and len(told) == tournament.totals.moments:
        return told
    lines = {moment.moment_id: _line(moment) for moment in known.values()}
    lines |= {line.moment_id: line for line in told}
    return sorted(lines.values(), key=_in_time)


def _line(moment: Moment) -> MomentLine:
    return MomentLine(**{name: getattr(moment, name) for name in MomentLine.__struct_fields__})


def _last_word(tournament: Tournament) -> str:
    made = f"revision {tournament.revision}, {tournament.published_at:%Y-%m-%d %H:%M} UTC"
    if tournament.final:
        return f"**Ended**: all its streams have, and this is the last word ({made})."
    return f"**Live**: {tournament.totals.running} of its streams running, so all of this may change ({made})."


def _totals(tournament: Tournament) -> str:
    totals = tournament.totals
    merged = f"{_counted(totals.highlights, 'highlight')} of {_counted(totals.streams, 'stream')}"
    sent = f"{_counted(totals.notified, 'notification')} sent, {totals.suppressed} held back"
    return f"{merged}, merged to {_counted(totals.moments, 'moment')}; {sent}."


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'s' * (count != 1)}"


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    if not rows:
        return []
    head = [f"## {title}", "", f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    return head + [f"| {' | '.join(markdown(str(value)) for value in row)} |" for row in rows]


def _matches(tournament: Tournament) -> list[str]:
    rows = [
        (line.match_id or "(none)", line.phase, ", ".join(line.teams), line.streams, line.moments, f"{line.score:.2f}")
        for line in tournament.matches
    ]
    return _table("Matches", ("match", "phase", "teams", "streams", "moments", "score"), rows)


def _streams(tournament: Tournament, known: Mapping[str, Moment]) -> list[str]:
    """The streams that moments were seen in: no record names one in which nothing was."""
    shows: dict[str, tuple[str, str]] = {}
    seen: Counter[str] = Counter()
    for moment in known.values():
        for view in moment.points_of_view:
            seen[view.request_id] += 1
            shows[view.request_id] = (moment.match_id or "(none)", _role(view))
    rows = [(request_id, *shows[request_id], seen[request_id]) for request_id in sorted(seen)]
    table = _table("Streams", ("stream", "match", "what it shows", "moments"), rows)
    unseen = tournament.totals.streams - len(rows)
    if table and unseen > 0:
        table += ["", f"{_counted(unseen, 'more stream')} without a moment on the topic."]
    return table


def _role(view: PointOfView) -> str:
    if view.role == "pov":
        return f"view of {view.player}" if view.player else "view of a player"
    return f"broadcast ({view.language})" if view.language else "broadcast"


def _top(tournament: Tournament, known: Mapping[str, Moment]) -> list[str]:
    lines = []
    for place, line in enumerate(tournament.top, start=1):
        where = "".join(f"{markdown(name)}, " for name in (line.match_id, line.phase) if name)
        lines.append(
            f"{place}. {_at(line.start_s)} **{markdown(line.title)}** ({where}{_what(line)}score {line.score:.2f})"
        )
        views = known[line.moment_id].points_of_view if line.moment_id in known else []
        lines += [f"    - {_view(view)}" for view in views[:_VIEWS]]
        if views and line.views > len(views[:_VIEWS]):
            lines.append(f"    - and {line.views - len(views[:_VIEWS])} more")
    return ["## Top moments", "", *lines] if lines else []


def _view(view: PointOfView) -> str:
    url = view.moment_url or view.clip_url
    name = markdown(view.request_id)
    linked = f"[{name}]({url.translate(_NOT_IN_A_LINK)})" if url else name
    return f"{markdown(_role(view))}: {linked} {_at(view.start_s)} to {_at(view.end_s)}"


def _at(seconds: float) -> str:
    """A time on the clock of a match; before its start it is negative."""
    return f"-{clock(-seconds)}" if seconds < 0 else clock(seconds)


def _what(line: MomentLine) -> str:
    """What happened and who did it, each with a comma behind it."""
    return "".join(f"{markdown(name)}, " for name in (*line.kinds, *line.players))


def _leaders(title: str, standings: Sequence[Standing]) -> list[str]:
    rows = [
        (place, _named(line), line.moments, f"{line.score:.2f}", f"{line.best:.2f}", _counts(line.kinds))
        for place, line in enumerate(standings[:_LEADERS], start=1)
    ]
    return _table(title, ("place", "name", "moments", "score", "best", "what"), rows)


def _named(line: Standing) -> str:
    return f"{line.name} ({line.team})" if line.team else line.name


def _counts(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items())


def _kinds(tournament: Tournament) -> list[str]:
    return _table("What happened", ("kind", "moments"), list(tournament.totals.kinds.items()))


def _timeline(lines: Sequence[MomentLine]) -> list[str]:
    found: list[str] = []
    for match_id, of_match in groupby(lines, key=lambda line: line.match_id):
        found += ["", f"### {markdown(match_id or 'Without a match')}", ""]
        found += [
            f"- {_at(line.start_s)} {markdown(line.title)} ({_what(line)}score {line.score:.2f})" for line in of_match
        ]
    return ["## Timeline", *found] if found else []


def _hype(curves: Sequence[HypeCurve]) -> list[str]:
    if not curves:
        return []
    return ["## Hype", "", "```text", *(line for curve in curves for line in _chart(curve)), "```"]


def _chart(curve: HypeCurve) -> Iterator[str]:
    """A curve as one line of bars, the highest of them full; several points are one bar where there are many."""
    points = curve.points
    together = -(-len(points) // _COLUMNS) or 1
    sums = [sum(points[place : place + together]) for place in range(0, len(points), together)]
    highest, step = max(sums, default=0.0), curve.step_s * together
    bars = "".join(_BARS[-(-round(8000 * value / (highest or 1.0)) // 1000)] for value in sums)
    yield f"{curve.match_id or 'without a match'}, {clock(step)} a bar, the highest is {highest:.2f}"
    yield f"  {_at(curve.start_s)} {bars} {_at(curve.start_s + step * len(sums))}"
