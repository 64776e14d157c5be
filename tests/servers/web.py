"""An HTTP server on the loopback device that lives as long as its `with` block."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    pieces: Callable[[], Iterable[bytes]] | None = None
    """What comes after the body, piece by piece, until the connection is closed by either side."""


def as_json(value: object, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    told = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    return Answer(status, json.dumps(value).encode(), told)


def body_of(request: BaseHTTPRequestHandler) -> bytes:
    """What was sent, in chunks or in one piece."""
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length") or 0))
    body = b""
    while size := int(request.rfile.readline().strip() or b"0", 16):
        body += request.rfile.read(size)
        request.rfile.readline()
    request.rfile.readline()
    return body


@contextmanager
def serving(answer: Callable[[Request], Answer]) -> Iterator[str]:
    """The base URL of a server that gives each request to `answer`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do(self) -> None:
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            given = answer(Request(self.command, path, query, headers, body_of(self)))
            self.send_response(given.status)
            ends = {"Connection": "close"} if given.pieces else {"Content-Length": str(len(given.body))}
            for name, value in {**given.headers, **ends}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(given.body)
            with suppress(OSError):  # nobody listens any more
                for piece in given.pieces() if given.pieces else ():
                    self.wfile.write(piece)

        do_GET = do_POST = do_PATCH = do_PUT = do

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
