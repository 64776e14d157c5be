"""A warm process, as the keeper holds it. Standard library only, Python 3.8 and newer."""

import array
import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess

from smith_processes import standing
from smith_runner import Tail

_CHLD = 1 << (signal.SIGCHLD - 1)


class Gone(Exception):  # noqa: N818
    """A warm process that has ended or does not answer."""


class Zygote:
    """A warm process, seen from outside."""

    def __init__(self, job, order):
        self.order = order
        ours, theirs = socket.socketpair()
        self.sock = ours
        self.output, out = os.pipe()
        os.set_blocking(self.output, False)
        self.tail = Tail(job["output_kb"] * 1024)
        environ = dict(os.environ)
        environ.update(PYTHONHASHSEED=str(order["seed"]), PYTHONDONTWRITEBYTECODE="1")
        here = os.path.dirname(os.path.abspath(__file__))
        self.process = subprocess.Popen(
            [job["python"], os.path.join(here, "smith_zygote.py"), str(theirs.fileno())],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, pass_fds=(theirs.fileno(),), env=environ,
            cwd=job["root"], start_new_session=True,
        )  # fmt: skip
        theirs.close()
        # Kept open, since a run can change the flags of what it shares with those after it.
        self.out, self.flags = out, fcntl.fcntl(out, fcntl.F_GETFL)
        self.left = bytearray()
        self.standing = standing(self.pid)

    @property
    def pid(self):
        return self.process.pid

    def send(self, order, fd):
        """Give it an order and the descriptor to report to."""
        data = json.dumps(order).encode("ascii")
        self.sock.settimeout(30)
        try:
            self.sock.sendmsg([len(data).to_bytes(4, "big")],
                              [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))])
            self.sock.sendall(data)
        except OSError as error:
            raise Gone("it takes no order: %s" % error) from error
        finally:
            self.sock.setblocking(False)

    def answers(self):
        """What it has said since the last time."""
        try:
            data = self.sock.recv(1 << 16)
            if not data:
                raise Gone("it has ended")
            self.left += data
        except BlockingIOError:
            pass
        except OSError as error:  # it ended with an order unread
            raise Gone("it has ended") from error
        found = []
        while len(self.left) >= 4:
            size = int.from_bytes(self.left[:4], "big")
            if len(self.left) < 4 + size:
                break
            found.append(json.loads(bytes(self.left[4 : 4 + size])))
            del self.left[: 4 + size]
        return found

    def listen(self):
        """Take in a part of its output; whether there was any."""
        try:
            data = os.read(self.output, 1 << 18)
        except BlockingIOError:
            return False
        self.tail.add(data)
        return bool(data)

    def unwell(self):
        """What was done to it, which goes on after a run; an empty string where nothing was.

        It has all signals blocked, so that those which came are still to be seen.
        """
        if self.process.poll() is not None:
            return "it has ended"
        with open("/proc/%d/status" % self.pid, "rb") as file:
            told = dict(line.split(b":", 1) for line in file.read().splitlines() if b":" in line)
        if told[b"State"].split()[0] in (b"T", b"t", b"Z", b"X"):
            return "it was stopped"
        if (int(told[b"SigPnd"], 16) | int(told[b"ShdPnd"], 16)) & ~_CHLD:
            return "it was sent signals"
        return "" if standing(self.pid) == self.standing else "its limits were changed"

    def end(self):
        """Make an end of it."""
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()
        self.sock.close()
        os.close(self.output)
        os.close(self.out)

