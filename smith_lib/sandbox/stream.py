"""Output that is read to its end, of which only a bounded head and tail are kept."""

from collections import deque


class Bounded:
    """The first and the last bytes of a stream, `limit` in all; what lies between is counted and dropped."""

    def __init__(self, limit: int) -> None:
        """Keep at most `limit` bytes."""
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._head_limit = limit // 2
        self._tail_limit = limit - limit // 2
        self.dropped = 0

    def add(self, data: bytes) -> None:
        """Take the next bytes."""
        room = self._head_limit - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        if not data:
            return
        self._tail.append(data)
        self._tail_size += len(data)
        while self._tail_size - len(self._tail[0]) >= self._tail_limit:
            self._tail_size -= len(gone := self._tail.popleft())
            self.dropped += len(gone)

    def value(self) -> bytes:
        """What was kept, with a line in the middle that tells how much was not."""
        tail = b"".join(self._tail)
        over = max(0, len(tail) - self._tail_limit)
        dropped = self.dropped + over
        if not dropped:
            return bytes(self._head) + tail
        return bytes(self._head) + b"\n[... %d bytes dropped ...]\n" % dropped + tail[over:]
