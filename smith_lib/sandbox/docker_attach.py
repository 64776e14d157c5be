"""The wire to a container's standard streams: bounded, with a deadline, and never blocked by either side."""

import contextlib
import selectors
import socket
import ssl
import time
from collections.abc import Callable
from typing import Any, Protocol

from smith_lib.errors import EngineError
from smith_lib.sandbox.stream import Bounded

_AGAIN = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_CHUNK = 1 << 18
_PATIENCE = 60.0


class Sink(Protocol):
    """What takes in bytes."""

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        ...

    def value(self) -> bytes:
        """What was kept."""
        ...


class Taken:
    """Bytes that wait to be taken."""

    def __init__(self) -> None:
        """Start with none."""
        self._held = bytearray()

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        self._held += data

    def value(self) -> bytes:
        """What waits."""
        return bytes(self._held)

    def all(self) -> bytes:
        """What waits, which waits no more."""
        data = bytes(self._held)
        self._held.clear()
        return data


class Attached:
    """A container's standard streams: send what is due, keep what comes."""

    def __init__(self, wire: Any, stdin: bytes, keep: int) -> None:
        """Over docker's attach socket, keeping `keep` bytes of each stream."""
        self._wire = wire
        self.ended = False
        self._socket: socket.socket = getattr(wire, "_sock", wire)
        self._due = memoryview(stdin)
        self._kept: dict[int, Sink] = {1: Bounded(keep), 2: Bounded(keep)}
        self._header = bytearray()
        self._left = 0
        self._into = self._kept[1]

    @property
    def stdout(self) -> bytes:
        """What is kept of standard output."""
        return self._kept[1].value()

    @property
    def stderr(self) -> bytes:
        """What is kept of standard error."""
        return self._kept[2].value()

    def pump(self, deadline: float) -> bool:
        """Exchange until the container closes its streams (True) or the deadline is there (False)."""
        self._socket.setblocking(False)
        both = selectors.EVENT_READ | selectors.EVENT_WRITE
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, both if self._due else selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                for key, events in selector.select(left):
                    if events & selectors.EVENT_WRITE:
                        self._send()
                        if not self._due:
                            selector.modify(key.fileobj, selectors.EVENT_READ)
                    if events & selectors.EVENT_READ and not self._receive():
                        return True
        return False

    def add(self, data: bytes) -> None:
        """More to send."""
        self._due = memoryview(bytes(self._due) + data)

    @property
    def due(self) -> int:
        """How many bytes are still to be sent."""
        return len(self._due)

    def into(self, sink: Sink) -> None:
        """Where standard output goes from now on."""
        self._kept[1] = sink

    def step(self, seconds: float) -> None:
        """Exchange what can be, waiting so long at most; sets `ended` where the streams are closed."""
        self._socket.setblocking(False)
        both = selectors.EVENT_READ | selectors.EVENT_WRITE
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, both if self._due else selectors.EVENT_READ)
            for _, events in selector.select(seconds):
                if events & selectors.EVENT_WRITE:
                    self._send()
                if events & selectors.EVENT_READ and not self._receive():
                    self.ended = True

    def _send(self) -> None:
        try:
            self._due = self._due[self._socket.send(self._due[:_CHUNK]) :]
        except _AGAIN:
            return
        except OSError:  # it ended without reading everything
            self._due = memoryview(b"")

    def _receive(self) -> bool:
        while True:
            try:
                data = self._socket.recv(_CHUNK)
            except _AGAIN:
                return True
            except ConnectionError:
                return False
            if not data:
                return False
            self._take(data)
            if not isinstance(self._socket, ssl.SSLSocket):  # only TLS hides bytes from select
                return True

    def _take(self, data: bytes) -> None:
        at = 0
        while at < len(data):
            if self._left == 0:  # a frame's header: stream, 0, 0, 0, length
                need = 8 - len(self._header)
                self._header += data[at : at + need]
                at += need
                if len(self._header) == 8:
                    self._left = int.from_bytes(self._header[4:], "big")
                    self._into = self._kept.get(self._header[0], self._kept[2])
                    self._header.clear()
                continue
            piece = data[at : at + self._left]
            self._into.add(piece)
            self._left -= len(piece)
            at += len(piece)

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError, ValueError):  # ValueError: it is closed already
            if (response := getattr(self._wire, "_response", None)) is not None:
                response.close()
            self._wire.close()


class DockerSession:
    """A container that goes on, over its standard streams."""

    def __init__(self, wire: Any, first: bytes, mark: str, end: Callable[[], None]) -> None:
        """Over docker's attach socket; `first` is what the preparation reads, `end` removes the container."""
        self._attached = Attached(wire, first, 1 << 16)
        self._taken = Taken()
        self._attached.into(self._taken)
        self._mark, self._end = mark, end
        self._closed = False

    def send(self, data: bytes) -> None:
        """Write to its standard input. Raises `EngineError` where it has ended or takes nothing."""
        self._attached.add(data)
        until = time.monotonic() + _PATIENCE
        while self._attached.due:
            if self._attached.ended or time.monotonic() > until:
                raise EngineError(f"a session takes no more input{self._said()}")
            self._attached.step(0.5)

    def receive(self, seconds: float) -> bytes:
        """What it wrote since the last time; empty once it has ended."""
        until = time.monotonic() + seconds
        while not (data := self._taken.all()):
            if self._attached.ended:
                return b""
            if time.monotonic() > until:
                raise TimeoutError(f"a session said nothing for {seconds:.0f} s")
            self._attached.step(min(0.5, max(0.0, until - time.monotonic())))
        return data

    def close(self) -> None:
        """Remove the container."""
        if not self._closed:
            self._closed = True
            self._attached.close()
            self._end()

    def _said(self) -> str:
        said = self._attached.stderr.decode(errors="replace").replace(self._mark, "").strip()
        return f": {said[-300:]}" if said else ""
