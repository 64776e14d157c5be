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

    def text(self):
        return bytes(self.kept[-self.limit :]).decode("utf-8", "replace")


class Spent:
    """The processor time of everything that runs or ran in the sandbox, but for this process."""

    def __init__(self):
        self.reaped = 0.0

    def seconds(self):
        """CPU seconds so far: of what has ended (as we or its parent collected it) and of what still runs."""
        ticks = 0
        for name in os.listdir("/proc"):
            if name.isdigit() and int(name) not in (1, os.getpid()):
                with contextlib.suppress(OSError, ValueError, IndexError):
                    with open("/proc/%s/stat" % name, "rb") as file:
                        fields = file.read().rpartition(b")")[2].split()
                    ticks += sum(map(int, fields[11:15]))
        return self.reaped + ticks / os.sysconf("SC_CLK_TCK")


def delayed(mine):
    """The seconds that all threads of all processes but those have been ready and had no processor so far."""
    total = 0
    for pid in os.listdir("/proc"):
        if pid.isdigit() and int(pid) not in mine:
            with contextlib.suppress(OSError, ValueError, IndexError):
                for thread in os.listdir("/proc/%s/task" % pid):
                    with open("/proc/%s/task/%s/schedstat" % (pid, thread), "rb") as file:
                        total += int(file.read().split()[1])
    return total / 1e9


class Patience:
    """Says when a suite has had its time.

    What counts is processor time, so that a busy machine fails no suite: `cpu` seconds of it. A suite that
    waits for something that will not come neither uses any nor is ready to: it ends after `idle` seconds in
    which it hardly did, or after several times both where it goes on waking up.
    """

    def __init__(self, cpu, idle, spent, delayed, clock=time.monotonic):
        self.cpu, self.idle, self.spent, self.delayed, self.clock = cpu, idle, spent, delayed, clock
        self.begun = self.looked = self.since = clock()
        self.then = spent() + delayed()

    def over(self):
        """Whether the suite's time is up; looks a few times a second."""
        now = self.clock()
        if now - self.looked < 0.2:
            return False
        self.looked = now
        used = self.spent()
        if used >= self.cpu or now - self.begun >= 8 * self.cpu + 4 * self.idle:
            return True
        if now - self.since < self.idle:
            return False
        active = used + self.delayed()
        stuck = abs(active - self.then) < 0.01 * (now - self.since)  # what ends takes its delay with it
        self.since, self.then = now, active
        return stuck


def reap(child, spent):
    """Collect whatever ended; returns the child's wait status once it has."""
    while True:
        try:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return None
        if pid == 0:
            return None
        spent.reaped += usage.ru_utime + usage.ru_stime
        if pid == child:
            return status


def kill_all(child):
    """Kill the child's session and, where we are the sandbox's first process, everything else in it."""
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    if os.getpid() == 1:
        with contextlib.suppress(OSError):
            os.kill(-1, signal.SIGKILL)


def watch(child, sinks, patience, spent):
    """Read the pipes until the child ends (its wait status) or its time is up (None)."""
    with selectors.DefaultSelector() as selector:
        for fd in sinks:
            os.set_blocking(fd, False)
            selector.register(fd, selectors.EVENT_READ)
        pause = 0.1
        while True:
            status = reap(child, spent)
            if status is not None or patience.over():
                break
            if selector.get_map():
                drain(selector, sinks, pause)
            else:
                time.sleep(0.002)
            if not selector.get_map():
                pause = 0.002
        kill_all(child)
        until = time.monotonic() + 2.0
        while selector.get_map() and time.monotonic() < until and drain(selector, sinks, 0.05):
            pass
    while status is None and time.monotonic() < until:
        late = reap(child, spent)
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
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # what a first process does not handle never reaches it
    job = json.loads(sys.stdin.buffer.read().decode("utf-8"))
    report_in, report_out = os.pipe()
    output_in, output_out = os.pipe()
    mark = os.urandom(8)
    environ = dict(os.environ)
    environ.update(job["environ"])
    environ["SMITH_REPORT"] = json.dumps({
        "fd": report_out, "mark": mark.hex(), "root": job["root"], "trace": job["trace"],
        "keep_failures": job["keep_failures"], "only": job["only"], "pythonpath": environ.get("PYTHONPATH"),
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
    spent = Spent()
    own = {1, os.getpid()}
    patience = Patience(job["cpu_seconds"], job["idle_seconds"], spent.seconds, lambda: delayed(own))
    status = watch(child.pid, {report_in: events, output_in: output}, patience, spent)
    child.returncode = 0  # it is reaped; keeps subprocess from complaining
    report = {
        "timeout": status is None,
        "signal": os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else 0,
        "exit": os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else -1,
        "seconds": time.monotonic() - started,
        "cpu_seconds": spent.seconds(),
        "events": events.found,
        "broken": events.broken,
        "output": output.text(),
    }
    data = json.dumps(report).encode("ascii")
    frame = b"\n%s %d\n%s\n" % (job["frame"].encode("ascii"), len(data), data)
    sys.stdout.buffer.write(frame)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
