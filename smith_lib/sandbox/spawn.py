"""A process whose output is bounded, whose time is limited, and that takes everything below it along."""

import contextlib
import os
import select
import selectors
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from smith_lib.errors import EngineError
from smith_lib.sandbox.protocol import Ended, Ran
from smith_lib.sandbox.stream import Bounded

_CHUNK = 1 << 18
_TICK = 0.1
_PATIENCE = 60.0


def watched(
    process: "subprocess.Popen[bytes]", stdin: bytes, seconds: float, keep: int,
    over: Callable[[], str] | None = None,
) -> Ran:  # fmt: skip
    """Feed and read a process to its end. `over` is asked now and then; a word from it ends the process.

    The process must have pipes, and killing it must end all that it started.
    """
    started = time.monotonic()
    assert process.stdin and process.stdout and process.stderr
    kept = {process.stdout.fileno(): Bounded(keep), process.stderr.fileno(): Bounded(keep)}
    due = memoryview(stdin)
    why, ended = "", Ended.EXITED
    with selectors.DefaultSelector() as selector:
        for pipe in (process.stdin, process.stdout, process.stderr):
            os.set_blocking(pipe.fileno(), False)
            selector.register(pipe, selectors.EVENT_WRITE if pipe is process.stdin else selectors.EVENT_READ)
        last = started
        while selector.get_map() or process.poll() is None:
            now = time.monotonic()
            if now - started > seconds:
                ended = Ended.TIMEOUT
                break
            if over is not None and now - last >= _TICK:
                last = now
                if why := over():
                    ended = Ended.KILLED
                    break
            if not selector.get_map():
                time.sleep(0.002)
                continue
            for key, _ in selector.select(min(_TICK, seconds - (now - started))):
                if key.fileobj is process.stdin:
                    due = _fed(process, due)
                    if not due:
                        selector.unregister(process.stdin)
                        process.stdin.close()
                elif not (data := _read(key.fd)):
                    if data is not None:
                        selector.unregister(key.fileobj)
                else:
                    kept[key.fd].add(data)
    if ended is not Ended.EXITED:
        kill(process)
        for fd, sink in kept.items():
            while data := _read(fd):
                sink.add(data)
    code = process.wait(30)
    if ended is Ended.EXITED and (code < 0 or code == 137):
        ended = Ended.KILLED
    errors = kept[process.stderr.fileno()].value() + (f"\n{why}\n".encode() if why else b"")
    output = kept[process.stdout.fileno()].value()
    for open_pipe in (process.stdin, process.stdout, process.stderr):
        with contextlib.suppress(OSError):
            open_pipe.close()
    return Ran(ended, code if ended is Ended.EXITED else -1, output, errors, time.monotonic() - started)


class NamespacesSession:
    """A process that goes on, over its standard streams."""

    def __init__(self, process: "subprocess.Popen[bytes]", mark: str, end: Callable[[], None]) -> None:
        """Of a process with pipes; `end` kills it and gives back what it holds."""
        self._process, self._mark, self._end = process, mark, end
        self._errors = Bounded(1 << 16)
        self._ended = self._closed = False
        for pipe in (process.stdin, process.stdout, process.stderr):
            assert pipe is not None
            os.set_blocking(pipe.fileno(), False)

    def send(self, data: bytes) -> None:
        """Write to its standard input. Raises `EngineError` where it has ended or takes nothing."""
        assert self._process.stdin
        due, until = memoryview(data), time.monotonic() + _PATIENCE
        while due:
            if self._ended or self._process.poll() is not None or time.monotonic() > until:
                self._listen(0.1)
                said = self._errors.value().decode(errors="replace").replace(self._mark, "").strip()
                raise EngineError("a session takes no more input" + (f": {said[-300:]}" if said else ""))
            select.select([], [self._process.stdin], [], 0.5)
            try:
                due = due[os.write(self._process.stdin.fileno(), due[:_CHUNK]) :]
            except BlockingIOError:
                continue
            except BrokenPipeError:
                self._ended = True

    def receive(self, seconds: float) -> bytes:
        """What it wrote since the last time; empty once it has ended."""
        until = time.monotonic() + seconds
        while not self._ended:
            if data := self._listen(max(0.0, until - time.monotonic())):
                return data
            if not self._ended and time.monotonic() > until:
                raise TimeoutError(f"a session said nothing for {seconds:.0f} s")
        return b""

    def _listen(self, seconds: float) -> bytes:
        assert self._process.stdout and self._process.stderr
        out, errors = self._process.stdout.fileno(), self._process.stderr.fileno()
        ready = select.select([out, errors], [], [], min(seconds, 0.5))[0]
        if errors in ready and (said := _read(errors)):
            self._errors.add(said)
        if out in ready:
            data = _read(out)
            self._ended = data == b""
            return data or b""
        return b""

    def close(self) -> None:
        """Kill it and all below it."""
        if self._closed:
            return
        self._closed = True
        self._end()
        self._process.wait(30)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                assert pipe is not None
                pipe.close()


def _fed(process: "subprocess.Popen[bytes]", due: memoryview) -> memoryview:
    assert process.stdin
    try:
        return due[os.write(process.stdin.fileno(), due[:_CHUNK]) :]
    except BlockingIOError:
        return due
    except BrokenPipeError:
        return memoryview(b"")


def _read(fd: int) -> bytes | None:
    try:
        return os.read(fd, _CHUNK)
    except BlockingIOError:
        return None


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill what it started, then itself: the first process of a namespace takes all others with it."""
    for pid in children(process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ProcessLookupError):
        process.kill()


def children(pid: int) -> list[int]:
    """Its direct child processes."""
    found = []
    for file in Path("/proc", str(pid), "task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(word) for word in file.read_text().split()]
    return found


def resident_mb(pid: int) -> int:
    """Memory of its own, without what is shared, that a process and all below it hold, MiB."""
    total, todo = 0, [pid]
    while todo:
        current = todo.pop()
        todo += children(current)
        with contextlib.suppress(OSError, IndexError):
            for line in Path("/proc", str(current), "status").read_text().splitlines():
                if line.startswith(("RssAnon:", "RssShmem:")):
                    total += int(line.split()[1])
    return total >> 10
