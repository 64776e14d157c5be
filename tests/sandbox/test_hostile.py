"""What no sandbox lets happen, whatever runs inside."""

import socket
import time
from pathlib import Path

import pytest

from smith_lib.errors import EngineError
from smith_lib.sandbox.protocol import Ended, Job
from tests.sandbox.conftest import LIMITS, Run, said


def test_what_runs_is_unprivileged(run: Run) -> None:
    code = """
import os
wanted = ("CapEff", "CapPrm", "CapBnd", "NoNewPrivs")
print(os.getuid(), *[line.split()[1] for line in open("/proc/self/status") if line.startswith(wanted)])
"""
    uid, *rights = said(run(code)).split()
    assert uid == "10001"
    assert rights == ["0" * 16, "0" * 16, "0" * 16, "1"]


@pytest.mark.parametrize("place", ["/x", "/usr/x", "/etc/passwd", "/opt/venv/x", "/proc/sys/kernel/panic"])
def test_nothing_outside_can_be_written(run: Run, place: str) -> None:
    ran = run("import sys; open(sys.argv[1], 'a')", place)
    assert ran.exit_code == 1
    assert b"Read-only file system" in ran.stderr or b"Permission denied" in ran.stderr, ran.stderr


def test_the_host_is_not_there(run: Run, tiny_tree: Path) -> None:
    code = """
import os, socket, sys
print(*[os.path.exists(p) for p in sys.argv[1:]], os.uname().nodename)
print(len([p for p in os.listdir("/proc") if p.isdigit()]))
for name in ("localhost", "sandbox"):
    socket.getaddrinfo(name, 80)
"""
    assert said(run(code, __file__, str(tiny_tree))) == "False False sandbox\n1"


def test_the_network_is_loopback_alone(run: Run) -> None:
    code = """
import socket, sys
inside = socket.create_server(("127.0.0.1", 0))
socket.create_connection(inside.getsockname(), 2).close()
print("inside", end=" ")
for host, port in (("127.0.0.1", int(sys.argv[1])), ("192.0.2.1", 80)):
    try:
        socket.create_connection((host, port), 2)
        print("open", end=" ")
    except OSError:
        print("closed", end=" ")
"""
    with socket.create_server(("127.0.0.1", 0)) as server:
        ran = run(code, str(server.getsockname()[1]))
    assert said(ran) == "inside closed closed"


def test_a_hang_is_killed_in_time_and_what_it_said_is_kept(run: Run, mark: str) -> None:
    code = """
import signal, time
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, signal.SIG_IGN)
print("here", flush=True)
while True:
    time.sleep(1)
"""
    started = time.monotonic()
    ran = run(code, mark, seconds=4)
    assert (ran.ended, ran.exit_code, ran.stdout) == (Ended.TIMEOUT, -1, b"here\n")
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("detach", ["plain", "daemons"])
def test_a_fork_bomb_stays_inside(run: Run, mark: str, detach: str) -> None:
    code = """
import os, sys, time
made = 0
for _ in range(300):
    try:
        pid = os.fork()
    except OSError:
        break
    if pid == 0:
        if sys.argv[2] == "daemons":
            os.setsid()
            try:
                if os.fork():
                    os._exit(0)
            except OSError:
                pass
        time.sleep(60)
        os._exit(0)
    made += 1
os.write(1, b"%d" % made)
os._exit(3)
"""
    ran = run(code, mark, detach, seconds=15)
    assert (ran.ended, ran.exit_code) == (Ended.EXITED, 3), ran
    assert int(said(ran)) <= LIMITS.processes


def test_an_endless_fork_bomb_is_killed(run: Run, mark: str) -> None:
    code = """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
"""
    assert run(code, mark, seconds=2).ended is Ended.TIMEOUT


@pytest.mark.parametrize("place", ["/testbed", "/tmp", "/home/smith", "/dev/shm"])
def test_the_disk_is_bounded(run: Run, place: str) -> None:
    code = """
import sys
written = 0
try:
    for number in range(1000):
        with open(f"{sys.argv[1]}/{number}", "wb") as file:
            written += file.write(bytes(1 << 20))
except OSError as error:
    print(error.strerror, written >> 20)
"""
    *why, megabytes = said(run(code, place)).split()
    assert " ".join(why) == "No space left on device"
    assert int(megabytes) <= LIMITS.disk_mb


def test_the_memory_is_bounded(run: Run, mark: str) -> None:
    ran = run("x = []\nwhile True: x.append(bytearray(8 << 20))", mark, memory_mb=128)
    assert (ran.ended, ran.exit_code) == (Ended.KILLED, -1) or b"MemoryError" in ran.stderr


def test_output_without_end_is_read_and_mostly_dropped(run: Run) -> None:
    script = "echo start; head -c 200000000 /dev/zero; echo; echo end; head -c 9999999 /dev/zero >&2"
    ran = run(Job(("sh", "-c", script)))
    assert (ran.ended, ran.exit_code) == (Ended.EXITED, 0)
    assert ran.stdout.startswith(b"start\n")
    assert ran.stdout.endswith(b"\nend\n")
    assert b" bytes dropped ...]" in ran.stdout
    assert len(ran.stdout) < 66_000
    assert len(ran.stderr) < 66_000


def test_a_child_cannot_kill_what_started_it(run: Run) -> None:
    code = """
import subprocess, sys
subprocess.run([sys.executable, "-c", "import os; os.kill(1, 9); os.kill(os.getppid(), 9)"])
print("here")
"""
    assert said(run(code)) == "here"


def test_a_file_that_may_not_be_written_is_broken_machinery(run: Run) -> None:
    with pytest.raises(EngineError, match="not made ready"):
        run(Job(("true",), {"/etc/passwd": b"x"}))
