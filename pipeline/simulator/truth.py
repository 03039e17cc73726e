"""The truth log: what really happened, one JSON object a line, for oracles to compare with.

Each line has `event` and `time` (unix seconds) and the fields of its event:

- `simulator_started`: seed, scenario.
- `accepted`: a POST /streams was applied: stream_id, source_url, platform, metadata, options, key, ordinal.
- `started`: a stream left `pending`: stream_id.
- `made`: a highlight can be seen for the first time: stream_id, highlight_id, revision, content, early.
- `revised`: its content changed: the same fields, the next revision.
- `removed`: it cannot be seen any more: stream_id, highlight_id, by ("schedule" or "client").
- `stopped`: a client stopped a stream. `ended`: a stream ended: stream_id, status. `deleted`: and is gone.
- `batch_accepted`: a POST /batch was applied: batch_id, stream_ids of its videos, key.
- `webhook_test`, `faults_replaced`: someone asked for these.
- `request`: method, route, stream_id (or the id of another object), status (null: no answer), key, fault.
- `fault`: a fault struck: name, kind, method, route.

`key` is a short hash of the API key; the key itself is never written.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import orjson

Emit = Callable[[str, float, Mapping[str, Any]], None]
"""Takes the name of an event, its time in unix seconds and its fields."""


class TruthLog:
    """Appends events to a file, or keeps them in memory when there is none.

    Each line is one write to the operating system: a reader sees whole lines, and a kill -9 loses none.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._kept: list[bytes] = []
        self._file: BinaryIO | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("ab", buffering=0)

    def write(self, event: str, time: float, fields: Mapping[str, Any]) -> None:
        """Append one event; it is on its way to the disk when this returns."""
        line = orjson.dumps({"event": event, "time": round(time, 6), **fields}, option=orjson.OPT_APPEND_NEWLINE)
        if self._file is None:
            self._kept.append(line)
        else:
            self._file.write(line)

    def lines(self, event: str | None = None) -> Iterator[bytes]:
        """Yield the lines so far, each with its newline, of one kind of event or of all."""
        start = b"{" if event is None else b'{"event":' + orjson.dumps(event) + b","
        if self.path is None:
            yield from (line for line in tuple(self._kept) if line.startswith(start))
            return
        with self.path.open("rb") as file:
            yield from (line for line in file if line.startswith(start))

    def close(self) -> None:
        """Close the file; writing afterwards is an error."""
        if self._file is not None:
            self._file.close()
