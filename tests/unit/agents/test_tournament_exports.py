"""What people read of a tournament: the report, the table, the records as JSON."""

from __future__ import annotations

import csv
import json
from io import StringIO

import msgspec
import pytest

from agents.composition import build_domain
from agents.tournaments.exports import EXPORTS
from pipeline.settings import Settings
from schemas.records import Moment, Tournament
from schemas.records.tournament import HypeCurve
from tests.unit.agents.test_tournaments import MAIN, POV, final
from tests.unit.agents.tournament_support import Arena, play, stream, told


def played(arena: Arena) -> tuple[Tournament, list[Moment]]:
    """The latest records of an arena, moments that are withdrawn among them."""
    latest = {record.moment_id: record for record in arena.of("moments")}
    return arena.boards()[-1], list(latest.values())


def report(tournament: Tournament, moments: list[Moment]) -> str:
    """Its Markdown."""
    return EXPORTS["report-md"].render(tournament, moments)["report.md"]


def test_the_report_of_a_tournament_that_ended_is_the_last_word() -> None:
    """Name, totals, matches, streams, top moments with their points of view, leaders, timeline and hype."""
    text = report(*played(final()))
    assert text.startswith("# Cup\n\n**Ended**: all its streams have, and this is the last word (revision 1, ")
    assert "3 highlights of 2 streams, merged to 2 moments; 1 notification sent, 0 held back." in text
    assert "| m1 | final | North, Delta | 2 | 2 | 1.30 |" in text
    assert "| main | m1 | broadcast | 1 |\n| pov | m1 | view of Jonas | 2 |" in text
    first = text.index("1. 1:40 **Title of a** (m1, final, ace, Mira, score 0.80)")
    assert text.index("    - broadcast: [main](https://cdn.example.com/a.mp4) 1:40 to 2:10", first) > first
    assert "    - view of Jonas: [pov](https://cdn.example.com/b.mp4) 1:41 to 2:11" in text
    assert "| 1 | Mira (North) | 1 | 0.80 | 0.80 | 1 ace |" in text
    assert "- 11:40 Title of c (clutch, Jonas, score 0.50)" in text
    assert "m1, 1:00 a bar, the highest is 0.80\n  1:00 █         ▅ 12:00" in text


def test_the_report_of_one_that_runs_says_that_it_may_change() -> None:
    """Timeline and hype are those of the moments so far; what was withdrawn is in none of it."""
    arena = Arena()
    early = stream(offset_s=-30.0)
    arena.tell(told("started", "main", early), told("started", "pov", POV))
    arena.tell(play("main", "a", 10.0, place=early), play("pov", "b", 700.0, place=POV))
    record, moments = played(arena)
    gone = msgspec.structs.replace(moments[0], moment_id="m-gone", title="Gone", withdrawn=True)
    text = report(record, [*moments, gone])
    assert "**Live**: 2 of its streams running, so all of this may change" in text
    assert "- -0:20 Title of a (ace, score 0.50)" in text
    assert "  -1:00 █" in text
    assert "Gone" not in text


def test_text_of_the_api_stays_text() -> None:
    """Markup in titles and links is shown, not obeyed; a formula is no formula in a table of moments."""
    arena = Arena()
    arena.tell(told("started", "main", MAIN))
    evil = "=1+1 [x](http://evil.example) | y"
    arena.tell(play("main", "a", 1.0, place=MAIN, title=evil, clip_url="https://cdn.example.com/a) b|c"))
    record, moments = played(arena)
    text = report(record, moments)
    assert r"=1+1 \[x\](http://evil.example) \| y" in text
    assert "(https://cdn.example.com/a%29%20b%7Cc)" in text
    (row,) = csv.DictReader(StringIO(EXPORTS["moments-csv"].render(record, moments)["moments.csv"]))
    assert row["title"] == f"'{evil}"


def test_the_table_has_all_moments_also_those_the_topic_has_forgotten() -> None:
    """The final record tells of them in short; ends and clips are then not known."""
    record, moments = played(final())
    for kept, ends in ((moments, ["131.0", "730.0"]), ([], ["", ""])):
        rows = list(csv.DictReader(StringIO(EXPORTS["moments-csv"].render(record, kept)["moments.csv"])))
        assert [(row["start_s"], row["kinds"], row["players"]) for row in rows] == [
            ("100.0", "ace", "Mira"),
            ("700.0", "clutch", "Jonas"),
        ]
        assert [row["end_s"] for row in rows] == ends
    assert "2 more streams" not in report(record, moments)


def test_the_json_holds_the_records_as_they_are() -> None:
    """They can be read again."""
    record, moments = played(final())
    whole = json.loads(EXPORTS["json"].render(record, moments)["tournament.json"])
    assert msgspec.convert(whole["tournament"], Tournament) == record
    assert msgspec.convert(whole["moments"], list[Moment]) == sorted(moments, key=lambda moment: moment.start_s)


def test_a_long_match_is_a_short_chart() -> None:
    """Several points are one bar where there are more of them than fit in a line; an empty curve is no fault."""
    record, moments = played(final())
    assert record.summary is not None
    for points, bars in (([1.0] * 240, "█" * 60), ([0.0, 0.0], "  "), ([], "")):
        curve = HypeCurve(match_id="m1", start_s=0.0, step_s=60.0, points=points)
        summary = msgspec.structs.replace(record.summary, hype=[curve])
        assert f"  0:00 {bars} " in report(msgspec.structs.replace(record, summary=summary), moments)


def test_the_desk_names_the_forms_there_are() -> None:
    """An unknown one lists them."""
    desk = build_domain(Settings()).desk
    assert list(desk.tournament_exports) == ["report-md", "moments-csv", "json"]
    with pytest.raises(LookupError, match="report-md, moments-csv, json"):
        desk.export_tournament("opera", *played(final()))
