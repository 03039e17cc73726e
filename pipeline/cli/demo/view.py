"""The demo while it runs: moving on a terminal, plain lines elsewhere, JSON lines for programs."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from rich.live import Live

from pipeline.cli.demo.frame import Frame
from pipeline.cli.demo.state import DemoState
from pipeline.cli.output import Output
from schemas.records import Highlight, Stream

_PROGRESS_EVERY_S = 5.0


class View(Protocol):
    """What the run tells its view."""

    def event(self, name: str, text: str) -> None:
        """Something happened to the stack."""

    def saw(self, record: Highlight | Stream) -> None:
        """An output record was read."""

    def refresh(self) -> None:
        """The state may have changed."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def make_view(state: DemoState, out: Output) -> View:
    """Return the view that fits where the output goes."""
    return LiveView(state, out) if out.is_live else LineView(state, out)


class LineView:
    """A line for each event; JSON lines hold every record as well."""

    def __init__(self, state: DemoState, out: Output) -> None:
        self._state = state
        self._out = out
        self._said_at = 0.0

    def event(self, name: str, text: str) -> None:
        """Print it with its time."""
        at = self._state.clock()
        self._out.line(f"{at:6.1f} s  {name:<16}{text}")
        self._out.record({"event": name.replace(" ", "_"), "t": round(at, 3), "text": text})

    def saw(self, record: Highlight | Stream) -> None:
        """Print the end of a stream; a program gets every record."""
        at = round(self._state.clock(), 3)
        if isinstance(record, Highlight):
            fields = ("request_id", "seq", "revision", "title", "start_s", "confidence")
            self._out.record({"event": "highlight", "t": at, **{name: getattr(record, name) for name in fields}})
            return
        self._out.record({"event": "stream", "t": at, "request_id": record.request_id, "state": record.state})
        if record.state in {"settled", "rejected"} and not self._out.json:
            ended = record.outcome or record.state
            self.event(ended, f"{record.request_id}, {record.highlights} highlights")

    def refresh(self) -> None:
        """Print how far it is, now and then."""
        at = self._state.clock()
        if at - self._said_at >= _PROGRESS_EVERY_S and self._state.published and not self._out.json:
            self._said_at = at
            total = sum(self._state.expected.values())
            self.event("progress", f"{self._state.published} of {total} highlights published")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return


class LiveView:
    """A frame that is drawn anew five times a second, and gone when the account comes."""

    def __init__(self, state: DemoState, out: Output) -> None:
        self._frame = Frame(state)
        self._live = Live(self._frame, console=out.console, refresh_per_second=5, transient=True)

    def event(self, name: str, text: str) -> None:
        """Keep it for the frame."""
        self._frame.note(name, text)

    def saw(self, record: Highlight | Stream) -> None:
        """Nothing to do: the frame draws from the state."""

    def refresh(self) -> None:
        """Nothing to do: the frame is drawn by the clock."""

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()
