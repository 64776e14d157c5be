"""Ctrl-C and SIGTERM: the first ends everything within seconds, the second at once."""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from smith_lib import closing

GRACE = 8.0
"""Seconds from the first signal until the process ends, come what may."""

_first: list[threading.Thread] = []


class Interrupted(BaseException):
    """SIGTERM; carries the exit code. Not an `Exception`, so that nothing takes it for a failure."""

    def __init__(self, code: int) -> None:
        """Keep the code."""
        super().__init__(f"ended by a signal, code {code}")
        self.code = code


def install() -> None:
    """Handle SIGINT and SIGTERM from now on: end what `smith_lib.closing` holds, then the process."""
    signal.signal(signal.SIGINT, _on_signal)
    signal.signal(signal.SIGTERM, _on_signal)


def _on_signal(number: int, _frame: FrameType | None) -> None:
    code = 128 + number
    if _first:
        hard_end(code)
    # In a thread of its own: what the main thread was doing may hold a lock that a closer needs.
    closer = threading.Thread(target=closing.close_all, name="closing", daemon=True)
    _first.append(closer)
    closer.start()
    threading.Thread(target=_watch, args=(code,), name="watchdog", daemon=True).start()
    with suppress(OSError):
        os.write(2, b"\nstopping; once more ends at once\n")
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise Interrupted(code)


def settle() -> None:
    """Wait, within the grace, until everything registered has been ended."""
    if _first:
        _first[0].join(GRACE)
    else:
        closing.close_all()


def leave(code: int) -> None:
    """End the process where a signal asked for it; comes back where none did."""
    if _first:
        hard_end(code)


def _watch(code: int) -> None:
    time.sleep(GRACE)
    hard_end(code)


def hard_end(code: int) -> None:
    """Kill every process below this one, then end this one without waiting for any thread."""
    for pid in descendants(os.getpid()):
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    os._exit(code)


def descendants(pid: int) -> list[int]:
    """Process ids below a process, children before theirs; empty where there is no /proc."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            # The name in parentheses may hold anything; the fields after the last one are fixed.
            parent = int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found: list[int] = []
    queue = list(children.get(pid, ()))
    while queue:
        found.append(at := queue.pop(0))
        queue += children.get(at, ())
    return found
