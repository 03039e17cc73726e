"""``highlights tournaments``: where tournaments stand, and their reports, from the topics that any consumer reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from pipeline.cli.context import cli_context
from pipeline.cli.errors import CommandError
from pipeline.cli.export import ForceOption, FormOption, ToOption, check_target, deliver, list_forms
from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.cli.profiles import desk_of
from pipeline.cli.streams import read_topics
from pipeline.worker.exit_codes import ExitCode

if TYPE_CHECKING:
    from pipeline.stack.published import Published
    from schemas.records import Tournament
    from schemas.records.tournament import Standing

_LEADERS = 10

TournamentArgument = Annotated[
    str, typer.Argument(metavar="TENANT/ID", help="Whose tournament, and its tournament_id.")
]


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Where tournaments stand, and their reports.", no_args_is_help=True)
    group.command("ls")(ls)
    group.command("show")(show)
    group.command("export")(export)
    app.add_typer(group, name="tournaments")


def ls(
    ctx: typer.Context,
    tenant: Annotated[str | None, typer.Option("--tenant", "-t", help="Only this tenant's.")] = None,
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """List every tournament: whether it has ended, and its totals.

    [b]Example[/b]

    $ highlights tournaments ls --tenant acme
    """
    from pipeline.cli.show import moment

    out = Output(output)
    known = read_topics(cli_context(ctx), ["tournaments"]).tournaments
    chosen = [(key, one) for key, one in sorted(known.items()) if tenant in {None, one.tenant}]
    if out.json:
        for _, one in chosen:
            out.record(msgspec.to_builtins(one))
        return
    rows = [
        (
            key,
            one.name,
            _state(one),
            one.totals.streams,
            one.totals.highlights,
            one.totals.moments,
            moment(one.published_at),
        )
        for key, one in chosen
    ]
    columns = ["tournament", "name", "state", "streams", "highlights", "moments", "changed (UTC)"]
    out.table(columns, rows, empty="no tournament: a request belongs to one by metadata.tournament_id")


def show(ctx: typer.Context, tournament: TournamentArgument, output: OutputOption = OutputMode.TEXT) -> None:
    """Show one tournament: totals, leaderboards, the best moments.

    [b]Example[/b]

    $ highlights tournaments show acme/spring-cup
    """
    from pipeline.cli.show import moment

    out = Output(output)
    one = _find(read_topics(cli_context(ctx), ["tournaments"]), tournament)
    if out.json:
        out.record(msgspec.to_builtins(one))
        return
    totals = one.totals
    facts = {
        "tournament": tournament,
        "name": one.name or "-",
        "state": _state(one),
        "streams": totals.streams,
        "highlights": totals.highlights,
        "moments": totals.moments,
        "notified": f"{totals.notified}, {totals.suppressed} held back",
        "changed": f"{moment(one.published_at)}, revision {one.revision}",
    }
    for name, value in facts.items():
        out.line(f"{name:<12}{value}")
    _leaders(out, "team", one.teams)
    _leaders(out, "player", one.players)
    if one.top:
        out.line("")
        columns = ["score", "match", "at, s", "moment", "points of view"]
        out.table(columns, [(line.score, line.match_id, line.start_s, line.title, line.views) for line in one.top])


def export(
    ctx: typer.Context,
    tournament: TournamentArgument,
    form: FormOption = None,
    to: ToOption = None,
    *,
    force: ForceOption = False,
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """Take a tournament out of Kafka: the report, the moments as a table, or all of it as JSON.

    While streams run it is the state so far, and says so. With --to and no --format all forms are written.

    [b]Examples[/b]

    $ highlights tournaments export acme/spring-cup

    $ highlights tournaments export acme/spring-cup --format report-md

    $ highlights tournaments export acme/spring-cup --to spring-cup/
    """
    out = Output(output)
    check_target(to)
    context = cli_context(ctx)
    published = read_topics(context, ["tournaments", "moments"])
    record = _find(published, tournament)
    desk = desk_of(context)
    if form is None and to is None:
        list_forms(out, desk.tournament_exports, f"{tournament}, {_state(record)}, revision {record.revision}")
        return
    moments = list(published.moments.get(tournament, {}).values())
    files: dict[str, str] = {}
    for one in desk.tournament_exports if form is None else (form,):
        try:
            files.update(desk.export_tournament(one, record, moments))
        except LookupError as error:
            see = f"highlights tournaments export {tournament}"
            raise CommandError(ExitCode.SETTINGS, str(error.args[0]), see) from error
    deliver(out, form or "all forms", files, to, force=force)


def _state(tournament: Tournament) -> str:
    return "ended" if tournament.final else f"live, {tournament.totals.running} running"


def _leaders(out: Output, who: str, standings: list[Standing]) -> None:
    if standings:
        out.line("")
        rows = [(line.name, line.team, line.moments, line.score, line.best) for line in standings[:_LEADERS]]
        out.table([who, "team", "moments", "score", "best"], rows)


def _find(published: Published, key: str) -> Tournament:
    """Return the latest record of a tournament.

    Raises:
        CommandError: there is none; the text says which may be meant.
    """
    from pipeline.settings.problems import did_you_mean

    known = published.tournaments
    if key in known:
        return known[key]
    of_any_tenant = next((name for name in sorted(known) if name.partition("/")[2] == key), None)
    close = of_any_tenant or did_you_mean(key, known)
    meant = f"did you mean {close}?" if close else "requests belong to one by metadata.tournament_id: docs/profiles.md"
    raise CommandError(
        ExitCode.FAILED, f"no tournament {key!r} on the tournaments topic", meant, "highlights tournaments ls"
    )
