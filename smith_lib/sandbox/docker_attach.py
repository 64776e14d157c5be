"""The wire to a container's standard streams: bounded, with a deadline, and never blocked by either side."""

import contextlib
import selectors
import socket
import ssl
import time
from typing import Any

from smith_lib.sandbox.stream import Bounded

_AGAIN = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
_CHUNK = 1 << 18


class Attached:
    """A container's standard streams: send what is due, keep what comes."""

    def __init__(self, wire: Any, stdin: bytes, keep: int) -> None:
        """Over docker's attach socket, keeping `keep` bytes of each stream."""
        self._wire = wire
        self._socket: socket.socket = getattr(wire, "_sock", wire)
        self._due = memoryview(stdin)
        self._kept = {1: Bounded(keep), 2: Bounded(keep)}
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
