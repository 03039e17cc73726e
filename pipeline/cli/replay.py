"""``highlights replay``: a past range of highlights under another profile or version, beside what was published."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from pipeline.cli.context import cli_context
from pipeline.cli.errors import CommandError
from pipeline.cli.output import Output, OutputMode, OutputOption
from pipeline.cli.words import number_of
from pipeline.worker.exit_codes import ExitCode

if TYPE_CHECKING:
    from pipeline.cli.replay_diff import Difference
    from pipeline.cli.replay_past import Past, Span
    from pipeline.cli.replay_run import Replayed
    from pipeline.domain import ProfileDesk, ProfileInfo

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SHOWN = 20


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(  # noqa: PLR0913 - each option is an argument
    ctx: typer.Context,
    profile: Annotated[str, typer.Option("--profile", "-p", help="Which rules, such as gaming or gaming@2.")],
    *,
    since: Annotated[str | None, typer.Option("--since", help="Published within so long: 30m, 2h, 7d.")] = None,
    start: Annotated[datetime | None, typer.Option("--from", help="Published from then on, UTC.")] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="Published before then, UTC.")] = None,
    request_id: Annotated[
        list[str] | None, typer.Option("--request-id", help="Only this request; again for more.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that was published, in place of a range.")] = False,
    to_topic: Annotated[
        str | None, typer.Option("--to-topic", help="Scratch topic; without it, one of this run's own is made.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; only show what would differ.")] = False,
    fail_on_diff: Annotated[
        bool, typer.Option("--fail-on-diff", help="End with exit code 1 when something differs.")
    ] = False,
    output: OutputOption = OutputMode.TEXT,
) -> None:
    """Run a past range of highlights again under a profile, onto a scratch topic, and show what differs.

    The latest revision in the range of each highlight is enriched anew, with request and transcript as the ledger
    remembers them; the published topics are only read. A settled request gets its document anew, too, from all of its
    highlights. What privacy replaced in a text stays replaced, since the original is not kept: rules that would read
    it find less than they would have at the time. A range is named, or --all.

    [b]Examples[/b]

    $ highlights replay --profile gaming --since 2h --dry-run

    $ highlights replay --profile meetings@1 --request-id board-2026-11 --to-topic scratch.minutes
    """
    from rich.console import Console

    from pipeline.cli.profiles import desk_of
    from pipeline.cli.replay_past import Past, read_past
    from pipeline.cli.replay_run import run_again
    from pipeline.cli.replay_scratch import check_unused, scratch_name, write_scratch

    out = Output(output)
    _check_range(everything, since, start, end, request_id)
    context = cli_context(ctx)
    desk = desk_of(context)
    info = _profile(desk, profile)
    now = datetime.now(UTC)
    past = Past(desk, span_of(since, start, end, now), request_id or ())
    rules = f"{info.name}@{info.version}"
    topic = scratch_name(to_topic, context.settings().topics.prefix, rules, now)
    if not dry_run:
        check_unused(context, topic)
    with Console(stderr=True).status("looking") as status:
        read_past(context, past, status.update)
        done = run_again(desk, rules, info.label, past, status.update)
    check_found(past, request_id or (), done)
    _show(out, done.differences)
    written = bool(done.highlights) and not dry_run
    too_large: list[str] = []
    if written:
        with Console(stderr=True).status("writing") as status:
            too_large = write_scratch(context, topic, done, status.update)
    _conclude(out, done, topic if written else None, too_large)
    if too_large or (fail_on_diff and done.differences):
        raise typer.Exit(int(ExitCode.FAILED))


def check_found(past: Past, wanted: Sequence[str], done: Replayed) -> None:
    """Tell of each request that was named and has no highlight in the range.

    Raises:
        CommandError: none of them has: that nothing differs would say nothing.
    """
    missing = [request_id for request_id in dict.fromkeys(wanted) if request_id not in past.in_span]
    if missing and not past.in_span:
        problem = f"no highlight of {', '.join(missing)} was published in that range"
        raise CommandError(ExitCode.FAILED, problem, "highlights streams ls")
    done.lost.update(dict.fromkeys(missing, "no highlight of it was published in that range"))


def _profile(desk: ProfileDesk, name: str) -> ProfileInfo:
    info = desk.find(name)
    if info is None:
        known = ", ".join(one.label for one in desk.profiles())
        raise CommandError(ExitCode.SETTINGS, f"no profile {name}; there are {known}", "highlights profiles ls")
    return info


def _check_range(everything: bool, *said: object) -> None:  # noqa: FBT001 - an option
    """Refuse to run again all that was ever published unless that is asked for, and nothing else."""
    ranges = "--since, --from, --to or --request-id"
    if everything and any(said):
        raise CommandError(ExitCode.SETTINGS, f"--all is everything, and {ranges} is less", "leave one out")
    if not everything and not any(said):
        raise CommandError(ExitCode.SETTINGS, f"no range: name one by {ranges}", "for all that was published: --all")


def span_of(since: str | None, start: datetime | None, end: datetime | None, now: datetime) -> Span:
    """Return from when to when; all times when nothing is said. ``start`` and ``end`` are UTC, without a zone.

    Raises:
        CommandError: they are no range.
    """
    from pipeline.cli.replay_past import Span

    begin = datetime.fromtimestamp(0, UTC) if start is None else start.replace(tzinfo=UTC)
    if since is not None and start is not None:
        raise CommandError(ExitCode.SETTINGS, "--since and --from both say when it begins", "leave one out")
    if since is not None:
        found = re.fullmatch(r"([0-9]{1,6})([smhd])", since)
        if found is None:
            raise CommandError(ExitCode.SETTINGS, f"--since {since!r} is no length of time", "such as 30m, 2h or 7d")
        begin = datetime.fromtimestamp(max(0.0, now.timestamp() - int(found[1]) * _UNITS[found[2]]), UTC)
    until = datetime.max.replace(tzinfo=UTC) if end is None else end.replace(tzinfo=UTC)
    if until <= begin:
        problem = f"nothing is published from {begin:%Y-%m-%d %H:%M:%S} to {until:%Y-%m-%d %H:%M:%S}"
        raise CommandError(ExitCode.SETTINGS, problem, "--to must be after --from, or after the time of --since")
    return Span(begin, until)


def _show(out: Output, differences: list[Difference]) -> None:
    from pipeline.cli.replay_diff import counted

    for one in differences:
        out.record(msgspec.to_builtins(one))
    if out.json:
        return
    out.table(["what", "how", "how many"], counted(differences), empty="nothing differs")
    for one in differences[:_SHOWN]:
        parts = [
            f"{how}: {', '.join(names)}" for how in ("added", "removed", "changed") if (names := getattr(one, how))
        ]
        out.line(f"{one.request_id} {one.highlight_id or 'document'}  {'; '.join(parts)}")
    if len(differences) > _SHOWN:
        out.line(f"and {len(differences) - _SHOWN} more: --output json has all")


def _conclude(out: Output, done: Replayed, topic: str | None, too_large: list[str]) -> None:
    from pipeline.cli.replay_diff import counted

    counts = {"highlights": len(done.highlights), "documents": len(done.summaries)}
    changes = [{"what": what, "how": how, "count": count} for what, how, count in counted(done.differences)]
    reasons = {"lost": done.lost, "undocumented": done.undocumented, "too_large": too_large}
    out.record({**counts, "different": len(done.differences), "changes": changes, **reasons, "topic": topic})
    if out.json:
        return
    for request_id, reason in done.lost.items():
        out.note(f"{request_id} was not run again: {reason}")
    for request_id, reason in done.undocumented.items():
        out.note(f"the document of {request_id} was not made anew: {reason}")
    for event in too_large:
        out.note(f"{event} was not written: it is too large for a topic")
    left_out = f", {number_of(len(done.lost), 'request')} left out" if done.lost else ""
    where = f" on {topic}" if topic else ", nothing written"
    made = " and ".join(number_of(count, name.removesuffix("s")) for name, count in counts.items())
    out.note(f"{made}{where}{left_out}")
