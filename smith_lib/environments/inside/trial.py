"""Try install recipes in `/testbed` until its tests run: JSON on standard input, JSON on standard output.

Standard error carries the log. Everything that is tried is told by the input; what is decided here is what
can only be seen by trying: which interpreter is there, which modules are missing, what hangs.
"""

import json
import os
import re
import shutil
import sys
import time

import suite
import tree
from attempt import PYTHON, Attempt
from reading import one_line
from suite import command_output

SUITES = 8
"""Suites that are run at most, over all recipes."""
MORE = 2
"""Recipes that are tried after one that is good but leaves modules out."""
_NETWORK = re.compile(
    r"error sending request|dns error|Connection (refused|reset)|timed out|HTTP status server error"
    r"|tcp connect|client error \(Connect\)|name resolution|Network is unreachable|invalid peer certificate",
    re.I,
)


class IndexGoneError(Exception):
    """The package index does not answer."""


class Trial:
    """All attempts for one tree."""

    def __init__(self, job):
        self.job = job
        self.deadline = time.monotonic() + job["seconds"]
        self.attempts = []
        self.best = None
        self.seen = set()
        self.suites = 0
        self.installing = 0.0
        """Seconds in uv, over all recipes."""

    def log(self, text):
        sys.stderr.write(text.rstrip() + "\n")
        sys.stderr.flush()

    def left(self):
        """Seconds until it must be over."""
        return self.deadline - time.monotonic()

    def uv(self, *words, date="", seconds=600):
        """uv's exit code and output. Raises `IndexGoneError`."""
        words = ["uv", *words]
        if words[1:3] == ["pip", "install"]:
            words += ["--python", PYTHON, "--no-sources"] + (["--exclude-newer", date] if date else [])
        began = time.monotonic()
        code, output = command_output(words, min(seconds, max(1, self.left())), self.job["environ"])
        self.installing += time.monotonic() - began
        self.log("$ " + " ".join(words) + "\n" + output[-12000:])
        if code and _NETWORK.search(output) and not self.index_answers():
            raise IndexGoneError(one_line(output))
        return code, output

    def index_answers(self):
        """Whether the index answers at all: what failed may be a recipe's own fault."""
        words = ["uv", "pip", "install", "--dry-run", "--no-cache", "--no-deps", "--python", sys.executable,
                 "--target", "/tmp/smith-probe", "iniconfig"]  # fmt: skip
        for pause in (0, 2, 6):
            time.sleep(pause)
            if command_output(words, 60, dict(self.job["environ"], UV_HTTP_RETRIES="0"))[0] == 0:
                return True
        return False

    def run(self):
        """Go through interpreters, dates and recipes until one is good."""
        tree.keep()
        more = MORE
        for python, (when, date), recipe in self.plan():
            if self.left() < 5 or self.suites >= SUITES or more < 0:
                return
            if self.attempts:
                tree.restore()
            tried = self.attempt(python, recipe, when, date)
            if tried.slow() or (tried.good() and not self.best["ignored"]):
                return
            more -= self.best is not None and self.best["good"]

    def plan(self):
        """(interpreter, date, recipe) in the order to try."""
        there = interpreters(self.job["interpreter"])
        pythons = [dict(p, path=there[p["minor"]]) for p in self.job["pythons"] if p["minor"] in there]
        return [(python, date, recipe) for python in pythons[:2] for date in python["dates"]
                for recipe in self.job["recipes"]]  # fmt: skip

    def attempt(self, python, recipe, when, date):
        """The recipe tried; it is noted, and kept where it is the best so far."""
        began, installing = time.monotonic(), self.installing
        label = "%s, releases %s" % (recipe["name"], when)
        self.log("\n=== %s (Python 3.%d)" % (label, python["minor"]))
        note = {"recipe": label, "installed": False, "good": False, "tests": 0, "passed": 0}
        self.attempts.append(note)
        tried = Attempt(self, python, recipe, date)
        note["reason"] = tried.install() or ""
        if not note["reason"]:
            tried.run()
            note.update(tried.result.counts(), installed=True, good=tried.good())
            note["reason"] = tried.reason()
            if tried.result.passed and (self.best is None or tried.best[0] > self.best["score"]):
                self.best = dict(
                    tried.best[2], **tried.result.counts(), seconds=tried.result.seconds, recipe=label,
                    date=date, good=note["good"], score=tried.best[0], lost=tried.best[3],
                )  # fmt: skip
        note["seconds"] = round(time.monotonic() - began, 1)
        note["installing"] = round(self.installing - installing, 1)
        self.log("--- %s: %s" % (label, note["reason"] or "%(passed)d of %(tests)d tests pass" % note))
        return tried


def interpreters(given):
    """Minor versions of Python 3, each with what uv finds it by: the given one alone, or all on PATH."""
    if given:
        words = [given, "-c", "import sys; print(sys.version_info[1])"]
        code, output = command_output(words, 30)
        return {int(output): given} if code == 0 else {}
    names = {minor: "python3.%d" % minor for minor in range(8, 40)}
    return {minor: name for minor, name in names.items() if shutil.which(name)}


def main():
    suite.ALONE[0] = os.getpid() == 1
    trial = Trial(json.load(sys.stdin))
    network = None
    try:
        trial.run()
    except IndexGoneError as error:
        network = str(error)
    there = sorted({python["minor"] for python, _, _ in trial.plan()})
    told = {"network": network, "attempts": trial.attempts, "best": trial.best, "interpreters": there}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
