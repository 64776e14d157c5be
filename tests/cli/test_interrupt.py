"""Ctrl-C stops within seconds and leaves nothing; a second one stops at once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from smith_lib.cli.interrupt import descendants

CHILD = """
import signal, subprocess, sys, threading, time
import click
from smith_lib import closing
from smith_lib.cli import interrupt
from smith_lib.cli.app import smith
from smith_lib.cli.options import Command

stop = threading.Event()
how, interrupt.GRACE = sys.argv[1], float(sys.argv[2])

def closer():
    print("closed", flush=True)
    if how == "polite":
        stop.set()
    if how == "slow":
        time.sleep(60)

@click.command("work", cls=Command)
def work():
    interrupt.install()
    closing.register(closer)
    child = subprocess.Popen(["sleep", "300"], start_new_session=True)
    if how == "captured":
        signal.signal(signal.SIGTERM, lambda *_: None)
    print(child.pid, flush=True)
    threading.Thread(target=stop.wait).start()
    try:
        stop.wait()
    finally:
        if how == "polite":
            child.kill()
            child.wait()

smith.get_command = lambda context, name: work
smith.main(["status"])
"""


def started(how: str, grace: float) -> tuple[subprocess.Popen[str], int]:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, how, str(grace)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdout is not None
    return child, int(child.stdout.readline())


def running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def ended(child: subprocess.Popen[str], grandchild: int) -> tuple[int, str]:
    out, err = child.communicate(timeout=30)
    deadline = time.monotonic() + 5
    while running(grandchild) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running(grandchild)
    return child.returncode, out + err


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_the_first_signal_closes_what_is_registered(number, code):
    child, grandchild = started("polite", grace=25)
    begun = time.monotonic()
    child.send_signal(number)
    got, text = ended(child, grandchild)
    assert got == code
    assert text.count("closed") == 1
    assert "goes on from there" in text
    assert "Traceback" not in text
    assert time.monotonic() - begun < 20


def test_a_hang_up_that_nohup_has_ignored_stays_ignored():
    code = "import signal\nfrom smith_lib.cli import interrupt\ninterrupt.install()\n"
    code += "print(signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)"
    for command, told in ((["nohup"], "True"), ([], "False")):
        ran = subprocess.run([*command, sys.executable, "-c", code], capture_output=True, text=True)
        assert ran.stdout.strip() == told, ran.stderr


def test_what_does_not_end_by_itself_is_ended():
    child, grandchild = started("stubborn", grace=2)
    begun = time.monotonic()
    child.send_signal(signal.SIGINT)
    got, text = ended(child, grandchild)
    assert got == 130
    assert "closed" in text
    assert time.monotonic() - begun < 20


def test_a_handler_that_others_put_in_place_does_not_keep_it_alive():
    child, grandchild = started("captured", grace=2)
    begun = time.monotonic()
    child.send_signal(signal.SIGTERM)
    child.send_signal(signal.SIGTERM)
    got, text = ended(child, grandchild)
    assert got == 143
    assert text.count("closed") == 1
    assert time.monotonic() - begun < 20


def test_the_second_signal_ends_at_once():
    child, grandchild = started("slow", grace=25)
    child.send_signal(signal.SIGINT)
    assert child.stdout is not None
    assert child.stdout.readline() == "closed\n"
    begun = time.monotonic()
    child.send_signal(signal.SIGINT)
    assert ended(child, grandchild)[0] == 130
    assert time.monotonic() - begun < 20


def test_descendants_are_children_and_theirs():
    script = (
        "import subprocess, sys; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True); p.wait()"
    )
    child = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    grandchild = int(child.stdout.readline())
    try:
        found = descendants(os.getpid())
        assert found.index(child.pid) < found.index(grandchild)
        assert descendants(child.pid) == [grandchild]
    finally:
        os.kill(grandchild, signal.SIGKILL)
        child.communicate()


EARLY = """
import os, signal, sys, time
from smith_lib import cli

class Finder:
    def find_spec(self, name, *_):
        if name == "smith_lib.cli.app":
            os.kill(os.getpid(), int(sys.argv.pop()))
            time.sleep(30)

sys.meta_path.insert(0, Finder())
cli.main()
"""
LATE = """
import atexit, os, sys, time
from smith_lib import cli

def signalled(number=int(sys.argv.pop())):
    os.kill(os.getpid(), number)
    time.sleep(30)

atexit.register(signalled)
cli.main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("code", [EARLY, LATE], ids=["early", "late"])
def test_a_signal_at_either_edge_of_a_command_has_its_code(code: str, number: int) -> None:
    command = [sys.executable, "-c", code, "operators", "shift_boundary", str(number)]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's jobs may ignore it
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (done.returncode, done.stderr) == (128 + number, "")
    assert bool(done.stdout) == (code == LATE)
