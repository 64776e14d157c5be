"""A proxy before an HTTP server whose answers can be made to fail, or to come too late."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from urllib.parse import urlsplit

from tests.servers.web import body_of

HOP = ("connection", "transfer-encoding", "content-length", "keep-alive", "date", "server")


@dataclass
class Weather:
    """What becomes of requests; may be changed at any time."""

    failing: float = 0.0
    """Share of the requests that are answered by 500."""
    hanging: float = 0.0
    """Share that is never answered, until the other end hangs up or the proxy ends."""
    seed: str = "0"
    url: str = ""
    """Where the proxy listens."""
    answered: int = 0
    failed: int = 0
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._random = Random(self.seed)
        self._lock = threading.Lock()

    def draw(self) -> str:
        """What becomes of the next request: `fine`, `failing` or `hanging`."""
        with self._lock:
            drawn = self._random.random()
            fine = drawn >= self.failing + self.hanging
            self.answered += fine
            self.failed += not fine
            return "fine" if fine else "failing" if drawn < self.failing else "hanging"


@contextmanager
def before(server: str, seed: str = "0") -> Iterator[Weather]:
    """A proxy before that server, with fine weather."""
    weather = Weather(seed=seed)
    parts = urlsplit(server)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            body = body_of(self)
            if (what := weather.draw()) == "hanging":
                weather.ended.wait(60)
                self.close_connection = True
                return
            if what == "failing":
                self._answer(500, {}, b"<Error><Code>InternalError</Code></Error>")
                return
            there = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=60)
            try:
                headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP}
                there.request(self.command, self.path, body, headers)
                given = there.getresponse()
                data = given.read()
                kept = {k: v for k, v in given.getheaders() if k.lower() not in HOP}
                length = given.getheader("Content-Length") if self.command == "HEAD" else None
                self._answer(given.status, kept, data, length)
            finally:
                there.close()

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do

        def _answer(
            self, status: int, headers: dict[str, str], body: bytes, length: str | None = None
        ) -> None:
            with suppress(OSError):  # nobody listens any more
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", length or str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    weather.url = f"http://127.0.0.1:{listening.server_address[1]}"
    try:
        yield weather
    finally:
        weather.ended.set()
        listening.shutdown()
        listening.server_close()
        thread.join()
