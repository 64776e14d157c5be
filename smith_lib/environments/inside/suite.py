"""One run of a suite in a trial, watched for progress."""

import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from reading import last_line

QUIET = 90.0
"""Seconds without any event after which a suite that shows no slower test counts as hung."""
COLLECTING = 300.0
"""Seconds that collecting may take: it is silent."""
KEPT = 60_000
REPORT = Path("/tmp/smith-report.jsonl")
ALONE = [False]
"""Whether every other process of the sandbox was started by what is tried; the trial says so."""


def command_output(words, seconds, environ=None, cwd="/"):
    """The exit code and the end of the output of a command; its whole process group is ended at the limit."""
    run = _Running(words, cwd, dict(os.environ, **(environ or {})))
    run.wait(seconds)
    return run.end()


def end_the_rest():
    """Kill and collect what a command left running in sessions of its own, where we are the first process."""
    if not ALONE[0]:
        return
    until = time.monotonic() + 5
    try:
        while time.monotonic() < until:
            os.kill(-1, signal.SIGKILL)  # all but us
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            time.sleep(0.01)
    except (ProcessLookupError, ChildProcessError):  # there is no other any more
        pass


class _Running:
    """A process in a group of its own whose output is read and cut."""

    def __init__(self, words, cwd, environ):
        self.process = subprocess.Popen(
            words, cwd=cwd, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        self.kept = b""
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for block in iter(lambda: self.process.stdout.read1(65536), b""):
            self.kept = (self.kept + block)[-KEPT:]

    def wait(self, seconds):
        """Whether it came to its end by itself within so many seconds."""
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def queued(self):
        """Seconds that it was ready to run while the machine ran something else; 0 where that is not told."""
        try:
            told = Path("/proc/%d/schedstat" % self.process.pid).read_text()
            return int(told.split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0.0

    def end(self):
        """The exit code and the output; whatever of its group still runs is killed."""
        ended = self.process.poll()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        end_the_rest()
        self.reader.join(5)
        if not self.reader.is_alive():  # a process in another group may still hold the other end
            self.process.stdout.close()
        text = self.kept.decode("utf-8", "replace")
        return (-1, text + "\nkilled: took too long") if ended is None else (ended, text)


class Suite:
    """What was seen of one run."""

    def __init__(self):
        self.ended = "nothing"
        """finished, hung, crashed, limit, nothing (not a single test ran)."""
        self.collected = 0
        self.outcomes = {}
        self.uncollected = {}
        self.failures = {}
        self.current = ""
        self.files = {}
        self.copied = []
        self.output = ""
        self.exit = -1
        self.seconds = 0.0
        self.detail = ""

    @property
    def ran(self):
        return len(self.outcomes)

    @property
    def passed(self):
        return sum(o == "passed" for o in self.outcomes.values())

    @property
    def bad(self):
        """Tests that did not pass, those never reached and what was not collected included."""
        unreached = max(0, self.collected - self.ran) + len(self.uncollected) if self.outcomes else 0
        return sum(o in ("failed", "error") for o in self.outcomes.values()) + unreached

    def counts(self):
        missing = len(self.uncollected)
        return {"tests": self.collected, "passed": self.passed, "bad": self.bad, "uncollected": missing}

    def problems(self):
        """Everything that may tell what is missing."""
        texts = list(self.uncollected.values()) + list(self.failures.values())
        if not self.outcomes:
            texts.append(self.output)
        return "\n".join(texts)

    def reason(self):
        """One line on what stands in the way, or an empty string."""
        if self.ended == "finished" and not self.bad and not self.uncollected:
            return ""
        if self.ended == "limit":
            told = (self.ran, self.collected, self.seconds)
            return "the suite is too slow: %d of %d tests ran in %.0f s" % told
        if self.outcomes:
            told = "%d of %d tests do not pass%s" % (self.bad, self.collected, self.commonest())
            return told if self.ended == "finished" else "%s, %s in %r" % (told, self.ended, self.current)
        if self.uncollected:
            path, text = next(iter(self.uncollected.items()))
            count = len(self.uncollected)
            return "%d modules cannot be collected, the first %s: %s" % (count, path, last_line(text))
        return self.detail or "no test collected, exit code %d: %s" % (self.exit, last_line(self.output))

    def commonest(self):
        """What most of the failures say, to follow a sentence; empty where there is none."""
        said = [last_line(text) for text in self.failures.values()]
        if not said:
            return ""
        most = max(said, key=said.count)
        return ", %d of them with %s" % (said.count(most), most)

    def told(self, arguments):
        """The run in words, for the log."""
        told = (self.ended, self.seconds, self.exit, self.counts())
        lines = ["$ python -m pytest " + " ".join(arguments), "%s after %.1f s, exit %d: %r" % told]
        lines += ["uncollected %s: %s" % (i, last_line(t)) for i, t in self.uncollected.items()]
        lines += ["failed %s: %s" % (i, last_line(t)) for i, t in list(self.failures.items())[:20]]
        lines += ["copied, not the tree's own: %s" % ", ".join(self.copied)] if self.copied else []
        return "\n".join(lines + ([] if self.outcomes else [self.output[-6000:]]))


def run_suite(python, testbed, arguments, environ, seconds, left, own):
    """Run pytest and watch it: it may go on for as long as it makes progress.

    At most `seconds`, without those in which a busy machine kept it waiting, and never longer than `left`.
    """
    suite = Suite()
    report = REPORT
    report.write_text("")
    path = os.pathsep.join(filter(None, (environ.get("PYTHONPATH", ""), str(Path(__file__).parent))))
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("UV_", "PIP_"))}
    environ = dict(
        inherited, **dict(
            environ, PYTHONPATH=path, SMITH_TRIAL_REPORT=str(report), PYTHONDONTWRITEBYTECODE="1",
            PYTHONHASHSEED="0", PATH=str(Path(python).parent) + os.pathsep + os.environ.get("PATH", ""),
            VIRTUAL_ENV=str(Path(python).parent.parent),
        ),
    )  # fmt: skip
    words = [python, "-m", "pytest", "-p", "no:cacheprovider", "-p", "smith_trial_report", *arguments]
    began = time.monotonic()
    run = _Running(words, str(testbed), environ)
    watched = _Watched(report)
    while not run.wait(0.2):
        spent = time.monotonic() - began
        if spent > left or (spent > seconds and spent - run.queued() > seconds):
            suite.ended = "limit"
            break
        if watched.silent():
            suite.ended = "hung"
            break
    suite.exit, suite.output = run.end()
    suite.seconds = round(time.monotonic() - began, 2)
    _read(suite, report, testbed, own)
    return suite


class _Watched:
    """A report that grows while its suite makes progress."""

    def __init__(self, report):
        self.report = report
        self.read = 0
        self.since = time.monotonic()
        self.slowest = 0.0
        self.allowed = COLLECTING

    def silent(self):
        """Whether nothing was written for longer than what was seen so far lets one expect."""
        now = time.monotonic()
        with self.report.open("rb") as file:
            file.seek(self.read)
            new = file.read()
        if new:
            self.read += len(new)
            if self.allowed != COLLECTING:
                self.slowest = max(self.slowest, now - self.since)
            self.since = now
            if b'{"t": "finished"' in new:
                self.allowed = 20.0  # what is left is to end
            elif b'{"t": "start"' in new or self.allowed != COLLECTING:
                self.allowed = max(QUIET, 5 * self.slowest)
        return now - self.since > self.allowed


def _read(suite, report, testbed, own):
    finished = False
    for line in report.read_text(encoding="utf-8").splitlines():
        try:
            event = json.loads(line)
        except ValueError:
            continue
        kind = event["t"]
        if kind == "uncollected":
            suite.uncollected[event["id"]] = event["text"]
        elif kind == "collected":
            suite.collected = event["n"]
        elif kind == "start":
            suite.current = event["id"]
        elif kind == "end":
            suite.outcomes[event["id"]] = event["outcome"]
            suite.current = ""
        elif kind == "failure":
            suite.failures[event["id"]] = event["text"]
        elif kind == "finished":
            finished = True
            suite.files = event["files"]
    inside = str(testbed) + os.sep
    suite.copied = sorted(n for n, file in suite.files.items() if n in own and not file.startswith(inside))
    if finished and suite.outcomes:
        suite.ended = "finished"
    elif suite.ended not in ("hung", "limit"):
        suite.ended = "crashed" if suite.current or suite.outcomes else "nothing"
