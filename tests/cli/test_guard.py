"""What a killed process started does not outlive it."""

import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from smith_lib.cli import guard
from smith_lib.cli.interrupt import descendants
from tests.cli.test_interrupt import running

KILLED = """
import os, signal, subprocess, sys
from smith_lib.cli import guard
guard.install()
guard.install()
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)\\n"
command = [sys.executable, "-c", stubborn + "time.sleep(300)"]
quiet = {"start_new_session": True, "stderr": subprocess.DEVNULL}
own = subprocess.Popen(command, stdout=subprocess.PIPE, **quiet)
own.stdout.readline()
other = subprocess.Popen(["sleep", "300"], stdout=subprocess.DEVNULL, env={"PATH": os.defpath}, **quiet)
print(own.pid, other.pid, os.environ[guard.MARK], flush=True)
os.kill(os.getpid(), getattr(signal, sys.argv[1]))
"""


@pytest.mark.parametrize("how", ["SIGKILL", "SIGHUP"])
def test_however_the_process_ends_what_bears_its_mark_ends_too(how):
    ran = subprocess.run([sys.executable, "-c", KILLED, how], capture_output=True, text=True, timeout=30)
    own, other, mark = ran.stdout.split()
    try:
        deadline = time.monotonic() + guard.GRACE + 10
        while running(int(own)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not running(int(own))
        assert guard.marked(mark) == []
        assert running(int(other)), "a process without the mark was ended"
    finally:
        os.kill(int(other), 9)


@pytest.mark.server
def test_a_killed_run_leaves_no_server_of_prefects(tmp_path):
    environ = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
    environ |= {"PREFECT_HOME": str(tmp_path / "prefect")}
    command = [sys.executable, "-c", "from smith_lib.cli import main; main()", "publish", "--out", tmp_path]
    quiet = subprocess.DEVNULL
    run = subprocess.Popen(command, env=environ, stdout=quiet, stderr=quiet)
    try:
        deadline = time.monotonic() + 120
        while not (found := servers(run.pid)):
            assert run.poll() is None, "it ended before it was killed"
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        run.kill()
        run.wait()
    deadline = time.monotonic() + guard.GRACE + 10
    while any(map(running, found)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(running, found))


def servers(pid: int) -> list[int]:
    """Ids of the servers of Prefect's below a process."""
    found = []
    for child in descendants(pid):
        with suppress(OSError):
            if b"uvicorn" in Path(f"/proc/{child}/cmdline").read_bytes():
                found.append(child)
    return found
