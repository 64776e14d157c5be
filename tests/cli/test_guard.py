"""What a killed process started does not outlive it."""

import os
import subprocess
import sys
import time

import pytest

from smith_lib.cli import guard
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
