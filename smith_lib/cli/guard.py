"""A process that outlives this one, to end what it started: nothing can be handled once it was killed.

Prefect starts a server of its own for a run, which nobody would end after `kill -9`. The guard waits until
this process is gone, however that came, and ends what still runs with its mark in the environment.
"""

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

MARK = "SMITH_GUARD"
"""The variable that the processes below this one inherit."""
GRACE = 5.0
"""Seconds between asking a process to end and ending it."""

_held: list[int] = []
"""The writing end of the guard's pipe, which the kernel closes when this process ends."""


def install() -> None:
    """Start the guard, once a process; what is started from now on bears its mark."""
    if _held or not Path("/proc/self").exists():
        return
    mark = f"{os.getpid()}-{secrets.token_hex(8)}"
    heard, held = os.pipe()  # no child inherits `held`
    # The shell ends at once, so that the guard is no child of ours and is not ended with them.
    start = ["/bin/sh", "-c", '"$@" &', "sh", sys.executable, "-I", "-S", "-B", __file__, mark, str(heard)]
    quiet = subprocess.DEVNULL
    try:
        subprocess.run(
            start, stdin=quiet, stdout=quiet, stderr=quiet, pass_fds=[heard], start_new_session=True,
            cwd="/", timeout=30, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        os.close(held)
        raise
    finally:
        os.close(heard)
    _held.append(held)
    os.environ[MARK] = mark


def marked(mark: str) -> list[int]:
    """Ids of the processes that bear the mark."""
    wanted, found = f"{MARK}={mark}".encode(), []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (place / "environ").read_bytes().split(b"\0"):
                found.append(int(place.name))
        except OSError:  # it ended meanwhile, or is somebody else's
            continue
    return found


def _end(pids: list[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            continue


def wait(mark: str, heard: int) -> None:
    """Wait until the pipe's other end is closed, then end what bears the mark."""
    while os.read(heard, 1):
        pass
    _end(marked(mark), signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    while left := marked(mark):
        if time.monotonic() > deadline:
            _end(left, signal.SIGKILL)
            return
        time.sleep(0.1)


if __name__ == "__main__":
    wait(sys.argv[1], int(sys.argv[2]))
