"""Ctrl-C, SIGTERM and SIGHUP: the first ends everything within seconds, the second at once."""

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

from smith_lib import closing

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE = 8.0
"""Seconds from the first signal until the process ends, come what may."""

_stopping: list[int] = []
"""The exit code, once a signal has come."""
_stopped = threading.Event()
_raised: list[int] = []
"""The same, once the main thread was stopped for it."""
_closing = threading.Thread(target=closing.close_all, name="closing", daemon=True)


class Interrupted(BaseException):
    """SIGTERM or SIGHUP; not an `Exception`, so that nothing takes it for a failure."""


def install() -> None:
    """Handle the signals from now on: end what `smith_lib.closing` holds, then the process.

    A hang-up that was ignored before (`nohup`) still is.

    Prefect puts a SIGTERM handler of its own in place while a flow runs, so a thread hears of every signal
    by the wake-up descriptor, which works whoever handles it; our handlers only stop the main thread.
    """
    if signal.getsignal(signal.SIGINT) is _stop_main:
        return
    heard, told = os.pipe()
    os.set_blocking(told, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    threading.Thread(target=_listen, args=(heard,), name="signals", daemon=True).start()
    for number in SIGNALS:
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop_main)


def _stop_main(number: int, _frame: FrameType | None) -> None:
    if _raised:
        # Raising twice would end the clean-up of the first, and the threads that still end things with it.
        if number == signal.SIGINT:
            hard_end(_raised[0])
        return
    _raised.append(128 + number)
    raise KeyboardInterrupt if number == signal.SIGINT else Interrupted


def _listen(heard: int) -> None:
    while number := os.read(heard, 1):
        _on_signal(number[0])


def _on_signal(number: int) -> None:
    if number not in SIGNALS:
        return
    if _stopping:
        # Prefect sends SIGTERM once more to itself; only a person's second Ctrl-C is meant.
        if number == signal.SIGINT:
            hard_end(_stopping[0])
        return
    _closing.start()
    _stopping.append(128 + number)
    _stopped.set()
    threading.Thread(target=_watch, args=(128 + number,), name="watchdog", daemon=True).start()
    with suppress(OSError):
        os.write(2, b"\nstopping; once more ends at once\n")


def stopping() -> int | None:
    """The exit code that a signal asked for; None where none came."""
    return _stopping[0] if _stopping else None


def settle() -> None:
    """Wait, within the grace, until everything registered has been ended."""
    # The main thread may be stopped before the listening thread has read of it.
    if signal.getsignal(signal.SIGINT) is _stop_main:
        _stopped.wait(1)
    if _stopping:
        _closing.join(GRACE)
    else:
        closing.close_all()


def leave() -> None:
    """End the process where a signal asked for it; comes back where none did."""
    if _stopping:
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        hard_end(_stopping[0])


def _watch(code: int) -> None:
    time.sleep(GRACE)
    hard_end(code)


def hard_end(code: int) -> None:
    """Kill every process below this one, then end this one without waiting for any thread."""
    try:
        for pid in descendants(os.getpid()):
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
    finally:
        os._exit(code)


def descendants(pid: int) -> list[int]:
    """Process ids below a process, children before theirs; empty where there is no /proc."""
    children: dict[int, list[int]] = {}
    there = os.listdir("/proc") if Path("/proc/self").exists() else []  # noqa: PTH208
    for name in filter(str.isdigit, there):
        with suppress(OSError, ValueError, IndexError):  # it may end meanwhile
            # The name in parentheses may hold anything; the fields after the last one are fixed.
            stat = Path("/proc", name, "stat").read_text(errors="replace")
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(name))
    found: list[int] = []
    queue = list(children.get(pid, ()))
    while queue:
        found.append(at := queue.pop(0))
        queue += children.get(at, ())
    return found
