"""One frame of the live view: who runs, how far each stream is, and the highlights as they arrive."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.progress_bar import ProgressBar
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from pipeline.cli.demo.state import DemoState
from pipeline.cli.show import STATE_STYLES, highlight_line
from pipeline.stack.follow import FollowedRequest

_WORKER_MARKS = {
    "starting": ("○", "dim"),
    "ready": ("●", "green"),
    "killed": ("✖", "bold red"),
    "back": ("↻", "yellow"),
    "stopped": ("■", "dim"),
}
_HEADER_LINES = 9
_EVENTS = 2
_WIDE = 110


class Frame:
    """Draws a :class:`DemoState` into whatever room there is."""

    def __init__(self, state: DemoState) -> None:
        self._state = state
        self._events: deque[Text] = deque(maxlen=_EVENTS)

    def note(self, name: str, text: str) -> None:
        """Show an event, until others have pushed it out."""
        style = "bold red" if name.startswith("kill") else "bold green" if name == "recovered" else "bold"
        at = Text(f"{self._state.clock():5.1f} s  ", style="dim")
        self._events.append(Text.assemble(at, (name, style), f"  {text}", overflow="ellipsis", no_wrap=True))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        height = options.height or console.height
        columns = 2 if options.max_width >= _WIDE else 1
        requests = list(self._state.following.requests.values())
        rows = -(-len(requests) // columns)
        left = height - _HEADER_LINES - _EVENTS - 2
        if rows > left - 3:  # too small for all: those that run, before those that wait or are done
            requests = sorted(requests, key=_interest)[: max(2, (left - 3) * columns)]
            rows = -(-len(requests) // columns)
        yield from self._header()
        yield self._streams(requests, rows, columns)
        yield Rule("as they arrive", style="dim", align="left")
        yield from self._arrivals(max(1, left - rows))

    def _header(self) -> Iterator[RenderableType]:
        state = self._state
        title = Table.grid(expand=True)
        title.add_column()
        title.add_column(justify="right")
        clock = Text.assemble((state.phase, "italic"), f"   {state.clock():.0f} s")
        title.add_row(Text.assemble(("TL;DR Highlight pipeline", "bold"), "  every highlight once, in order"), clock)
        yield title
        yield Rule(style="dim")
        parts = Table.grid(padding=(0, 2))
        for name in ("kafka", "api"):
            what = state.parts.get(name, "starting ...")
            parts.add_row(Text(f"{name:<10}", style="dim"), Text(what, no_wrap=True, overflow="ellipsis"))
        parts.add_row(Text("workers   ", style="dim"), self._workers())
        yield parts
        yield self._overall()
        yield from self._events
        for _ in range(_EVENTS - len(self._events)):
            yield Text("")
        yield Rule(style="dim")

    def _workers(self) -> Text:
        text = Text(overflow="ellipsis", no_wrap=True)
        for life in self._state.workers.values():
            mark, style = _WORKER_MARKS[life.status]
            text.append(f"{mark} {life.number} ", style)
            text.append(f"{life.status}, pid {life.pid}   ", "dim" if style == "dim" else "")
        return text or Text("starting ...")

    def _overall(self) -> RenderableType:
        total = sum(self._state.expected.values())
        grid = Table.grid(padding=(0, 2), expand=True)
        grid.add_column(no_wrap=True)
        grid.add_column(ratio=1)
        grid.add_column(no_wrap=True, justify="right")
        bar = ProgressBar(total=max(total, 1), completed=self._state.published)
        first = self._state.first_highlight_s
        told = f"first after {first:.1f} s" if first is not None else ""
        grid.add_row(Text("highlights", style="dim"), bar, f"{self._state.published} of {total or '?'}   {told}")
        return grid

    def _streams(self, requests: list[FollowedRequest], rows: int, columns: int) -> Table:
        table = Table.grid(padding=(0, 1), expand=True)
        for column in range(columns):
            if column:
                table.add_column(width=2)
            table.add_column(ratio=4, no_wrap=True, overflow="ellipsis")
            table.add_column(width=10, no_wrap=True)
            table.add_column(ratio=3)
            table.add_column(width=7, justify="right", no_wrap=True)
        for row in range(rows):
            cells: list[RenderableType] = []
            for column in range(columns):
                place = column * rows + row
                if column:
                    cells.append("")
                cells += self._stream(requests[place]) if place < len(requests) else ["", "", "", ""]
            table.add_row(*cells)
        return table

    def _stream(self, request: FollowedRequest) -> list[RenderableType]:
        state = (request.stream.outcome if request.stream else None) or request.state
        style = STATE_STYLES.get(state, "")
        expected = self._state.expected.get(request.request_id, 0)
        bar = ProgressBar(total=max(expected, 1), completed=len(request.ids), complete_style=style or "cyan")
        count = f"{len(request.ids)}/{expected}" if expected else "-"
        return [Text(request.request_id), Text(state, style=style), bar, Text(count)]

    def _arrivals(self, lines: int) -> Iterator[Text]:
        recent = list(self._state.following.recent)[-lines:]
        for highlight in reversed(recent):
            line = highlight_line(highlight)
            line.no_wrap, line.overflow = True, "ellipsis"
            yield line


def _interest(request: FollowedRequest) -> int:
    if request.is_final:
        return 2
    return 0 if request.state in {"processing", "settling", "in_doubt"} else 1
