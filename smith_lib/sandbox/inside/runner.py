"""Runs pytest in a sandbox as a child process and prints one framed JSON report on standard output.

Reads its job, a JSON object, from standard input. The child has a session, an output pipe and a report
pipe of its own, so nothing that tests print reaches our standard output; when it ends or its time is up,
everything that it started is killed. Standard library only, Python 3.8 and newer.
"""

import contextlib
import ctypes
import json
import os
import selectors
import signal
import subprocess
import sys
import time

MAX_REPORT = 192 * 1024 * 1024
PR_SET_DUMPABLE = 4


class Events:
    """The plugin's events, cut from the bytes of the report pipe: mark, length (4 bytes), JSON."""

    def __init__(self, mark):
        self.mark = mark
        self.found = []
        self.left = bytearray()
        self.size = 0
        self.broken = False

    def add(self, data):
        self.size += len(data)
        if self.broken or self.size > MAX_REPORT:
            self.broken = True
            return
        self.left += data
        head = len(self.mark) + 4
        at = 0
        while len(self.left) - at >= head:
            if self.left[at : at + len(self.mark)] != self.mark:
                self.broken = True
                break
            length = int.from_bytes(self.left[at + len(self.mark) : at + head], "big")
            if len(self.left) - at < head + length:
                break
            try:
                self.found.append(json.loads(bytes(self.left[at + head : at + head + length])))
            except ValueError:
                self.broken = True
                break
            at += head + length
        del self.left[:at]


class Tail:
    """The last bytes of the child's output."""

    def __init__(self, limit):
        self.limit = limit
        self.kept = bytearray()

    def add(self, data):
        self.kept += data
        if len(self.kept) > 2 * self.limit:
            del self.kept[: -self.limit]


def reap(child):
    """Collect whatever ended; returns the child's wait status once it has."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if pid == 0:
            return None
        if pid == child:
            return status


def kill_all(child):
    """Kill the child's session and, where we are the sandbox's first process, everything else in it."""
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    if os.getpid() == 1:
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)


def watch(child, sinks, deadline):
    """Read the pipes until the child ends (its wait status) or the deadline is there (None)."""
    with selectors.DefaultSelector() as selector:
        for fd in sinks:
            os.set_blocking(fd, False)
            selector.register(fd, selectors.EVENT_READ)
        pause = 0.1
        while True:
            status = reap(child)
            if status is not None or time.monotonic() >= deadline:
                break
            if selector.get_map():
                drain(selector, sinks, min(pause, max(0.0, deadline - time.monotonic())))
            else:
                time.sleep(0.002)
            if not selector.get_map():
                pause = 0.002
        kill_all(child)
        until = time.monotonic() + 2.0
        while selector.get_map() and time.monotonic() < until and drain(selector, sinks, 0.05):
            pass
    while status is None and time.monotonic() < until:
        late = reap(child)
        if late is not None:
            break
        time.sleep(0.002)
    return status


def drain(selector, sinks, wait):
    """Read what is there; returns whether anything was."""
    ready = selector.select(wait)
    for key, _ in ready:
        try:
            data = os.read(key.fd, 1 << 18)
        except BlockingIOError:
            continue
        if data:
            sinks[key.fd].add(data)
        else:
            selector.unregister(key.fd)
    return bool(ready)


def keep_private():
    """Keep our memory and file descriptors from the tests, which run as the same user."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def main():
    keep_private()
    job = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    report_in, report_out = os.pipe()
    output_in, output_out = os.pipe()
    mark = os.urandom(8)
    environ = dict(os.environ)
    environ.update(job["environ"])
    environ["SMITH_REPORT"] = json.dumps({
        "fd": report_out, "mark": mark.hex(), "root": job["root"], "trace": job["trace"],
        "keep_failures": job["keep_failures"], "pythonpath": environ.get("PYTHONPATH"),
    })
    here = os.path.dirname(os.path.abspath(__file__))
    before = environ.get("PYTHONPATH")
    environ["PYTHONPATH"] = here + (os.pathsep + before if before else "")
    command = [job["python"], "-m", "pytest", "-p", "smith_plugin"] + job["args"]
    started = time.monotonic()
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output_out, stderr=output_out, pass_fds=(report_out,),
        env=environ, cwd=job["root"], start_new_session=True,
    )
    os.close(report_out)
    os.close(output_out)
    events, output = Events(mark), Tail(job["output_kb"] * 1024)
    status = watch(child.pid, {report_in: events, output_in: output}, started + job["seconds"])
    child.returncode = 0  # it is reaped; keeps subprocess from complaining
    report = {
        "timeout": status is None,
        "signal": os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else 0,
        "exit": os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else -1,
        "seconds": time.monotonic() - started,
        "events": events.found,
        "broken": events.broken,
        "output": bytes(output.kept[-output.limit :]).decode("utf-8", "replace"),
    }
    data = json.dumps(report).encode("ascii")
    frame = b"\n%s %d\n%s\n" % (job["frame"].encode("ascii"), len(data), data)
    sys.stdout.buffer.write(frame)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
