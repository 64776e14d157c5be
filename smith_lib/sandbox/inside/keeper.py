"""The first process of a worker's sandbox: it keeps warm processes, has them run what the host asks for, and
puts everything back after each run.

As the first process of its namespace it cannot be killed from inside, and its memory and descriptors are
closed to the tests. Frames go both ways over standard input and output: length in 4 bytes, JSON.
Standard library only, Python 3.8 and newer.
"""

import array
import contextlib
import fcntl
import json
import os
import resource
import selectors
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from smith_fence import Fence
from smith_runner import Events, Patience, Tail, keep_private

_TICK = os.sysconf("SC_CLK_TCK")
_GRACE = 2.0
_LONGEST = 20.0
_LIMITS = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
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


class Run:
    """One run in the child of a warm process: what is reported, and when it is over."""

    def __init__(self, keeper, zygote, order):
        self.keeper, self.zygote, self.order = keeper, zygote, order
        self.began = time.monotonic()
        self.status = None
        self.cpu = 0.0
        self.failed = 0
        self.stopped = self.timeout = False
        self.gone = ""
        self.mark = os.urandom(8)
        self.events = Events(self.mark)

    def go(self):
        """The report, as the cold runner gives it."""
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        try:
            self.zygote.send({**self.order, "mark": self.mark.hex()}, writing)
            os.close(writing)
            writing = -1
            patience = Patience(self.order["cpu_seconds"], self.order["idle_seconds"], self.spent)
            self.watch(reading, patience)
        except Gone as why:
            self.gone = str(why)
        finally:
            if writing >= 0:
                os.close(writing)
        self.keeper.kill_all()
        self.drain(reading)
        os.close(reading)
        return self.report()

    def watch(self, reading, patience):
        with selectors.DefaultSelector() as selector:
            selector.register(reading, selectors.EVENT_READ)
            selector.register(self.zygote.sock, selectors.EVENT_READ)
            selector.register(self.zygote.output, selectors.EVENT_READ)
            seen = 0
            while self.status is None:
                for key, _ in selector.select(0.1):
                    if key.fd == reading:
                        data = self.read(reading)
                        if data == b"":
                            selector.unregister(reading)
                    elif key.fd == self.zygote.output:
                        self.zygote.listen()
                    else:
                        for answer in self.zygote.answers():
                            if "status" in answer:
                                self.status, self.cpu = answer["status"], answer["cpu"]
                if self.order.get("stop"):
                    for event in self.events.found[seen:]:
                        self.failed += event["e"] == "test" and event["outcome"] != "passed"
                    seen = len(self.events.found)
                    if self.failed >= self.order["stop"]:
                        self.stopped = True
                        return
                if self.status is None and patience.over():
                    why = self.zygote.unwell()
                    if why:
                        raise Gone(why)
                    self.timeout = True
                    return

    def read(self, fd):
        try:
            data = os.read(fd, 1 << 18)
        except BlockingIOError:
            return None
        if data:
            self.events.add(data)
        return data

    def drain(self, reading):
        """Take in what is left after the end, and the status that a killed child still has."""
        until = time.monotonic() + _GRACE
        while self.read(reading):
            if time.monotonic() > until:
                break
        while self.status is None and not self.gone and time.monotonic() < until:
            try:
                for answer in self.zygote.answers():
                    if "status" in answer:
                        self.status, self.cpu = answer["status"], answer["cpu"]
            except Gone as why:
                self.gone = str(why)
            time.sleep(0.001)
        if self.status is None and not self.gone:
            self.gone = "it does not answer"

    def spent(self):
        """CPU seconds so far of everything but us and the warm processes."""
        mine = self.keeper.own()
        ticks = 0
        for pid in pids():
            if pid not in mine:
                with contextlib.suppress(OSError, ValueError, IndexError):
                    with open("/proc/%d/stat" % pid, "rb") as file:
                        fields = file.read().rpartition(b")")[2].split()
                    ticks += sum(map(int, fields[11:15]))
        return ticks / _TICK

    def report(self):
        status = self.status
        return {
            "timeout": self.timeout, "stopped": self.stopped, "gone": self.gone,
            "signal": os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else 0,
            "exit": os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else -1,
            "seconds": time.monotonic() - self.began, "cpu_seconds": self.cpu,
            "events": self.events.found, "broken": self.events.broken,
            "output": self.zygote.tail.text() if not self.events.found or self.gone else "",
        }


class Keeper:
    """Everything that this sandbox keeps."""

    def __init__(self, job):
        self.job = job
        self.zygotes = {}
        self.standing = standing(os.getpid())
        self.fence = Fence(os.path.realpath(job["root"]), job["clean"], job["folders"])

    def own(self):
        """Process ids that a run does not answer for."""
        return {os.getpid(), 1, *(zygote.pid for zygote in self.zygotes.values())}

    def kill_all(self):
        """Kill everything but us and the warm processes; those too where that does not end.

        What has ended and was not collected yet, by a warm process that was stopped, counts for nothing.
        """
        until = time.monotonic() + _GRACE
        while time.monotonic() < until:
            mine = self.own()
            others = [pid for pid in pids() if pid not in mine and runs(pid)]
            for pid in others:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            self.reap()
            if not others:
                return
            if len(others) > 16:  # they may fork faster than we kill
                break
            time.sleep(0.0005)
        until = time.monotonic() + _LONGEST
        while [pid for pid in pids() if pid not in (1, os.getpid()) and runs(pid)]:
            if time.monotonic() > until:
                raise OSError("processes that cannot be ended")
            with contextlib.suppress(OSError):
                os.kill(-1, signal.SIGKILL)
            self.reap()
            time.sleep(0.001)

    def reap(self):
        """Collect what ended and was left to us."""
        mine = {zygote.pid for zygote in self.zygotes.values()}
        for pid in pids():
            if pid not in mine and pid != os.getpid():
                with contextlib.suppress(OSError):
                    os.waitpid(pid, os.WNOHANG)

    def start(self, order):
        """Make a warm process; what it says when it is ready, or why it is not."""
        self.end(order["name"])
        full = {**self.job, **order}
        zygote = self.zygotes[order["name"]] = Zygote(self.job, full)
        ready = Run(self, zygote, full)
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        try:
            zygote.send({**full, "mark": ready.mark.hex()}, writing)
        except Gone as why:
            ready.gone = str(why)
        os.close(writing)
        until = ready.began + order["seconds"]
        with selectors.DefaultSelector() as selector:
            selector.register(reading, selectors.EVENT_READ)
            selector.register(zygote.output, selectors.EVENT_READ)
            while not ready.gone and time.monotonic() < until:
                closed = False
                for key, _ in selector.select(0.2):
                    if key.fd == zygote.output:
                        zygote.listen()
                    else:
                        closed = ready.read(reading) == b""
                if closed:
                    break
            else:
                ready.timeout = not ready.gone
        os.close(reading)
        while zygote.listen():
            pass
        if not any(event["e"] == "ready" and not event.get("why") for event in ready.events.found):
            output = zygote.tail.text()
            self.end(order["name"])
            self.kill_all()
            return {**ready.report(), "ready": False, "output": output}
        self.kill_all()
        self.fence.note()
        self.standing = standing(os.getpid())
        return {**ready.report(), "ready": True, "output": ""}

    def end(self, name):
        """Make an end of a warm process, where there is one."""
        zygote = self.zygotes.pop(name, None)
        if zygote is not None:
            zygote.end()

    def run(self, order):
        """One run, everything put back after it; `spoilt` says that this sandbox cannot be used any more."""
        zygote = self.zygotes[order["name"]]
        for name, text in order.get("files", {}).items():
            path = os.path.join(self.job["root"], name)
            with open(path, "wb") as file:
                file.write(text.encode("utf-8", "surrogateescape"))
        run = Run(self, zygote, order)
        try:
            told = run.go()
            self.look_after(told, order["name"])
            told["spoilt"] = told["spoilt"] or self.fence.restore()
        except (OSError, MemoryError) as error:  # what a run can do to us, by limits for one
            why = "its keeper is broken: %s: %s" % (type(error).__name__, error)
            run.gone = run.gone or why
            told = {**run.report(), "ended": [], "spoilt": why}
        return told

    def look_after(self, told, name):
        """Make an end of warm processes to which something was done; tells whether it was done to us."""
        told["spoilt"] = ""
        if standing(os.getpid()) != self.standing:
            told["spoilt"] = "its keeper's limits were changed"
            told["gone"] = told["gone"] or told["spoilt"]
        ended = []
        for each, zygote in list(self.zygotes.items()):
            why = zygote.unwell()
            if each == name:
                why = told["gone"] = told["gone"] or why
            fcntl.fcntl(zygote.out, fcntl.F_SETFL, zygote.flags)
            if why:
                self.end(each)
                ended.append(each)
        told["ended"] = ended


def standing(pid):
    """What another process of the same user can change of a process."""
    return ([resource.prlimit(pid, limit) for limit in _LIMITS], os.getpriority(os.PRIO_PROCESS, pid),
            os.sched_getscheduler(pid), os.sched_getaffinity(pid))


def runs(pid):
    """Whether a process has not ended yet."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def pids():
    """The processes of this sandbox."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def exactly(count):
    parts = []
    while count:
        data = os.read(0, min(count, 1 << 20))
        if not data:
            os._exit(0)  # the host has gone
        parts.append(data)
        count -= len(data)
    return b"".join(parts)


def receive():
    return json.loads(exactly(int.from_bytes(exactly(4), "big")))


def send(message):
    data = json.dumps(message).encode("ascii")
    data = memoryview(len(data).to_bytes(4, "big") + data)
    while data:
        data = data[os.write(1, data) :]


def main():
    keep_private()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # what a first process does not handle never reaches it
    os.umask(0o022)
    keeper = Keeper(receive())
    acts = {"start": keeper.start, "run": keeper.run}
    while True:
        order = receive()
        send(acts[order["op"]](order))


if __name__ == "__main__":
    main()
