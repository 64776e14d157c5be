"""One run in the child of a warm process, as the keeper sees it; standard library, Python 3.8 and newer."""

import os
import selectors
import time

from smith_handle import Gone
from smith_processes import seconds
from smith_runner import Events, Patience, delayed

_GRACE = 2.0


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
            idle, own = self.order["idle_seconds"], self.keeper.own()
            patience = Patience(self.order["cpu_seconds"], idle, self.spent, lambda: delayed(own))
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
        return seconds(self.keeper.own())

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

