"""The first process of a worker's sandbox: it keeps warm processes, has them run what the host asks for, and
puts everything back after each run.

As the first process of its namespace it cannot be killed from inside, and its memory and descriptors are
closed to the tests. Frames go both ways over standard input and output: length in 4 bytes, JSON.
Standard library only, Python 3.8 and newer.
"""

import contextlib
import fcntl
import json
import os
import selectors
import signal
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from smith_fence import Fence
from smith_handle import Gone, Zygote
from smith_processes import pids, runs, standing
from smith_run import Run
from smith_runner import keep_private

_GRACE = 2.0
_LONGEST = 20.0


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

    def lay(self, files):
        """Put files into the tree that stand in the place of the clean ones from now on."""
        for name, text in files.items():
            path = os.path.join(self.fence.tree, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            self.fence.laid[path] = text.encode("utf-8", "surrogateescape")
            with open(path, "wb") as file:
                file.write(self.fence.laid[path])

    def start(self, order):
        """Make a warm process; what it says when it is ready, or why it is not."""
        self.end(order["name"])
        self.lay(order["laid"])
        full = {**self.job, **order}
        if order["kind"] == "fork":  # which imports nothing of the tree, and whose children must not find it
            full["laid"] = {}
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
        written = set()
        for name, text in order.get("files", {}).items():
            path = os.path.join(self.job["root"], name)
            written.add(os.path.realpath(path))
            with open(path, "wb") as file:
                file.write(text.encode("utf-8", "surrogateescape"))
        # A warm process never holds what one run alone is given: those after it inherit its memory.
        brief = {**order, "files": list(order.get("files", {}))}
        swap = brief.pop("swap", None)
        if swap is not None:
            brief["given"] = os.path.join(os.path.dirname(os.path.abspath(__file__)), os.urandom(8).hex())
            with open(brief["given"], "w", encoding="ascii") as file:
                json.dump(swap, file)
        run = Run(self, zygote, brief)
        try:
            told = run.go()
            self.look_after(told, order["name"])
            told["spoilt"] = told["spoilt"] or self.fence.restore()
            told["files"] = sorted(path for path in self.fence.met if path not in written)
        except (OSError, MemoryError) as error:  # what a run can do to us, by limits for one
            why = "its keeper is broken: %s: %s" % (type(error).__name__, error)
            run.gone = run.gone or why
            told = {**run.report(), "ended": [], "spoilt": why, "files": []}
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
