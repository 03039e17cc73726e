"""A Maven repository on this machine that serves Kafka's jars from a folder, and breaks on demand."""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Mirror:
    """What the mirror serves, how it misbehaves, and what it was asked for."""

    def __init__(self, jars: Path) -> None:
        self.jars = jars
        self.url = ""
        self.cut_off: Counter[str] = Counter()
        """How many more times an answer for this jar breaks off half-way."""
        self.forged: set[str] = set()
        """Jars that are served with one byte changed."""
        self.stuck: set[str] = set()
        """Jars whose answer stops half-way without an end, until `release`."""
        self.served: Counter[str] = Counter()
        """How often a jar was asked for."""
        self.reached = threading.Event()
        """Set once a client waits for a stuck jar."""
        self.release = threading.Event()

    @property
    def repositories(self) -> dict[str, str]:
        """The mirror as the only Maven repository."""
        return {"mirror": self.url}

    def handler(self) -> type[BaseHTTPRequestHandler]:
        """Return a request handler that serves this mirror."""
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                name = self.path.rsplit("/", 1)[-1]
                file = mirror.jars / name
                if not file.exists():
                    self.send_error(404)
                    return
                mirror.served[name] += 1
                content = bytearray(file.read_bytes())
                content[-1] ^= name in mirror.forged
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self._send_body(name, bytes(content))

            def _send_body(self, name: str, content: bytes) -> None:
                with contextlib.suppress(ConnectionError):  # the client may be killed meanwhile
                    self._send_halves(name, content, len(content) // 2)

            def _send_halves(self, name: str, content: bytes, half: int) -> None:
                self.wfile.write(content[:half])
                if mirror.cut_off[name] > 0:
                    mirror.cut_off[name] -= 1
                    self.close_connection = True
                    return
                if name in mirror.stuck:
                    self.wfile.flush()
                    mirror.reached.set()
                    mirror.release.wait(30)
                self.wfile.write(content[half:])

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
                """Keep quiet."""

        return Handler


@contextmanager
def serve(jars: Path) -> Iterator[Mirror]:
    """Run a mirror of a folder of jars on a free port."""
    mirror = Mirror(jars)
    with ThreadingHTTPServer(("127.0.0.1", 0), mirror.handler()) as server:
        server.daemon_threads = True
        mirror.url = f"http://127.0.0.1:{server.server_address[1]}/maven2"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield mirror
        finally:
            mirror.release.set()
            server.shutdown()
            thread.join()
