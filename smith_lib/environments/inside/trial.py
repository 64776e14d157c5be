"""Try install recipes in `/testbed` until its tests run: JSON on standard input, JSON on standard output.

Standard error carries the log. Everything that is tried is told by the input; what is decided here is what
can only be seen by trying: which interpreter is there, which modules are missing, what hangs.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from guesses import distribution, missing_modules, plugins, wants_older_pytest, warned  # noqa: E402
from suite import Suite, command_output, own_modules, run_suite  # noqa: E402

TESTBED = Path("/testbed")
VENV = Path("/opt/venv")
ROUNDS = 16
SUITES = 8
"""Whole suites run at most, over all recipes."""
_NETWORK = re.compile(
    r"error sending request|dns error|Connection (refused|reset)|timed out|HTTP status server error|tcp connect"
    r"|client error \(Connect\)|name resolution|Network is unreachable|invalid peer certificate",
    re.I,
)


class IndexGone(Exception):
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

    def log(self, text):
        sys.stderr.write(text.rstrip() + "\n")
        sys.stderr.flush()

    def left(self):
        return self.deadline - time.monotonic()

    def uv(self, *words, date="", seconds=None):
        """uv's exit code and output."""
        words = ["uv", *words]
        if words[1:3] == ["pip", "install"]:
            words += ["--python", str(VENV / "bin/python"), "--no-sources"]
            words += ["--exclude-newer", date] if date else []
        code, output = command_output(words, min(seconds or 600, max(1, self.left())), self.job["environ"])
        self.log("$ " + " ".join(words) + "\n" + output[-12000:])
        if code and _NETWORK.search(output) and not self.answers():
            raise IndexGone(one_line(output))
        return code, output

    def answers(self):
        """Whether the index answers at all: what failed may be a recipe's own fault."""
        for pause in (0, 2, 6):
            time.sleep(pause)
            words = ["uv", "pip", "install", "--dry-run", "--no-cache", "--no-deps", "--reinstall",
                     "--python", sys.executable, "--break-system-packages", "iniconfig"]  # fmt: skip
            if command_output(words, 60, self.job["environ"])[0] == 0:
                return True
        return False

    def run(self):
        """Go through interpreters, dates and recipes until one is good."""
        available = [p for p in self.job["pythons"] if shutil.which("python3.%d" % p["minor"])]
        if not available:
            return
        keep_tree()
        for python in available[:2]:
            for name, date in python["dates"]:
                for recipe in self.job["recipes"]:
                    if self.left() < 5 or self.suites >= SUITES:
                        return
                    restore_tree()
                    if self.attempt(python["minor"], recipe, name, date):
                        return

    def attempt(self, minor, recipe, when, date):
        """Whether the recipe is good; it is noted, and kept where it is the best so far."""
        began = time.monotonic()
        label = "%s, releases %s" % (recipe["name"], when)
        self.log("\n=== %s (Python 3.%d)" % (label, minor))
        note = {"recipe": label, "installed": False, "good": False, "tests": 0, "passed": 0, "reason": ""}
        self.attempts.append(note)
        found = Attempt(self, minor, recipe, date)
        problem = found.install()
        if problem is None:
            note["installed"] = True
            found.repair()
            note.update(found.result.counts(), reason=found.result.reason())
            note["good"] = found.good()
            if found.result.passed and (self.best is None or found.score() > self.best["score"]):
                self.best = dict(found.told(), recipe=label, score=found.score())
        else:
            note["reason"] = problem
        note["seconds"] = round(time.monotonic() - began, 1)
        self.log("--- %s: %s" % (label, note["reason"] or "%(passed)d of %(tests)d tests pass" % note))
        return note["good"]


class Attempt:
    """One recipe, and what was changed to make it work."""

    def __init__(self, trial, minor, recipe, date):
        self.trial = trial
        self.minor = minor
        self.recipe = recipe
        self.date = date
        self.mode = "editable" if recipe["project"] else "source"
        self.tried = set()
        self.args = list(trial.job["args"])
        self.ignored = []
        self.deselected = []
        self.pythonpath = source_roots() if self.mode == "source" else []
        self.choices = [list(paths) for paths in trial.job["paths"]]
        self.result = Suite()
        self.kept = None

    def install(self):
        """One line on why it cannot be installed, or none where it was."""
        trial = self.trial
        empty(VENV)
        code, output = trial.uv("venv", "--allow-existing", "--python", "python3.%d" % self.minor, str(VENV))
        if code:
            return one_line(output)
        words = list(self.recipe["requirements"])
        if self.mode != "source":
            extras = "[%s]" % ",".join(self.recipe["extras"]) if self.recipe["extras"] else ""
            words += ["-e", str(TESTBED) + extras]
            words += ["--config-settings", "editable_mode=compat"] if self.mode == "compat" else []
        code, output = trial.uv("pip", "install", *words, date=self.date)
        return one_line(output) if code else None

    def freeze(self):
        """`name==version` lines, the project left out."""
        words = ["uv", "pip", "freeze", "--exclude-editable", "--python", str(VENV / "bin/python")]
        _, output = command_output(words, 60, self.trial.job["environ"])
        return sorted(line for line in output.splitlines() if re.match(r"^[A-Za-z0-9][\w.-]*==\S+$", line))

    def arguments(self):
        """pytest's arguments as they are now."""
        return [
            *self.args, *self.plugin_arguments(), *("--ignore=" + path for path in self.ignored),
            *("--deselect=" + test for test in self.deselected), *(self.choices[0] if self.choices else ()),
        ]  # fmt: skip

    def plugin_arguments(self):
        """What makes runs of plugins' tests repeatable: one seed, one round."""
        there = {line.split("==")[0].lower().replace("_", "-") for line in self.frozen}
        found = ["--hypothesis-seed=0"] if "hypothesis" in there else []
        return found + (["--benchmark-disable"] if "pytest-benchmark" in there - {"pytest-codspeed"} else [])

    def repair(self):
        """Run the suite, mend what can be mended, again."""
        for _ in range(ROUNDS):
            self.frozen = self.freeze()
            state = json.dumps([self.frozen, self.arguments(), self.mode, self.pythonpath, self.minor])
            if state in self.trial.seen:
                self.result.detail = self.result.detail or "installs what another recipe did"
                break
            self.trial.seen.add(state)
            environ = dict(self.trial.job["environ"])
            if self.pythonpath:
                environ["PYTHONPATH"] = os.pathsep.join(self.pythonpath)
            seconds = min(self.trial.job["suite_seconds"], max(1, self.trial.left()))
            result = run_suite(VENV, TESTBED, self.arguments(), environ, seconds)
            self.trial.log(result.told(self.arguments()))
            self.trial.suites += result.ran > 0
            self.result = result
            if self.kept is None or self.score() > self.kept[0]:
                self.keep()
            if self.trial.left() < 5 or not self.mended():
                break
        if self.kept is not None:
            self.result, self.told_then = self.kept[1], self.kept[2]

    def keep(self):
        self.kept = (self.score(), self.result, self.now())

    def now(self):
        return {
            "requirements": self.frozen, "args": self.arguments(), "ignored": list(self.ignored), "mode": self.mode,
            "pythonpath": list(self.pythonpath), "minor": self.minor, "date": self.date,
            "deselected": list(self.deselected),
        }  # fmt: skip

    def told(self):
        return dict(self.told_then, **self.result.counts(), seconds=self.result.seconds, python=self.result.python)

    def score(self):
        """Passing tests first; then fewer that do not."""
        return (self.result.passed, -self.result.bad - len(self.ignored))

    def good(self):
        ran = self.result.passed + self.result.bad + len(self.told_then["ignored"])
        return self.result.ended == "finished" and self.result.passed > 0.9 * ran

    def mended(self):
        """Change one thing that the last run calls for; false where nothing is left to change."""
        result = self.result
        if result.copied and self.mode in ("editable", "compat"):
            return self.elsewhere()
        text = result.problems()
        costly = result.ended == "finished" and not result.uncollected and result.bad < 0.02 * result.ran
        if text and not (costly and result.seconds > 60) and (self.install_missing(text) or self.older_pytest(text)):
            return True
        if self.put_on_path(text):
            return True
        if result.uncollected:
            if warned(text) and "-W" not in self.args:
                self.args += ["-W", "default"]
                return True
            return self.leave_out(result.uncollected)
        if result.ended in ("hung", "crashed") and result.current and len(self.deselected) < 4:
            self.deselected.append(result.current)
            return True
        if result.collected <= 50 and result.ended in ("finished", "nothing") and len(self.choices) > 1:
            self.choices.pop(0)
            return True
        return False

    def elsewhere(self):
        """Install again so that the tree's own files are what is imported."""
        self.mode = {"editable": "compat", "compat": "source"}[self.mode]
        if self.mode == "source":
            self.pythonpath = source_roots()
            self.trial.uv("pip", "uninstall", "--python", str(VENV / "bin/python"), self.trial.job["project"])
            return True
        return self.install() is None

    def install_missing(self, text):
        """Whether anything that was missed could be installed."""
        own = own_modules(TESTBED)
        names = [distribution(m) for m in missing_modules(text) if m.split(".")[0] not in own] + plugins(text)
        done = False
        for name in dict.fromkeys(names):
            if name not in self.tried:
                self.tried.add(name)
                code, _ = self.trial.uv("pip", "install", name, date=self.date, seconds=120)
                done = done or code == 0
        return done

    def older_pytest(self, text):
        """Whether an older pytest took the place of one that lacks what the tests use."""
        there = [line for line in self.frozen if line.startswith("pytest==")]
        if not wants_older_pytest(text) or not there:
            return False
        cap = "pytest<%s" % there[0].split("==")[1].split(".")[0]
        if cap in self.tried or len([t for t in self.tried if t.startswith("pytest<")]) >= 3:
            return False
        self.tried.add(cap)
        return self.trial.uv("pip", "install", cap, date=self.date, seconds=120)[0] == 0

    def put_on_path(self, text):
        """Whether a module of the tree that was not found could be put on the path."""
        for module in missing_modules(text):
            top = module.split(".")[0]
            places = {p.parent for p in (*TESTBED.glob("**/%s.py" % top), *TESTBED.glob("**/%s/" % top))}
            fresh = sorted(str(p) for p in places if str(p) not in self.pythonpath and ".egg" not in str(p))
            if len(fresh) == 1:
                self.pythonpath.append(fresh[0])
                return True
        return False

    def leave_out(self, uncollected):
        """Whether modules that cannot be collected could be left out."""
        paths = []
        for node in uncollected:
            path = node.split("::")[0]
            if path and path not in self.ignored and (TESTBED / path).exists() and path not in (".", "tests", "test"):
                paths.append(path)
        self.ignored = sorted({*self.ignored, *paths})
        return bool(paths)


def one_line(output):
    """The most telling line of what uv said."""
    lines = [re.sub(r"^[\s×├╰─▶│]+", "", line).strip() for line in output.splitlines() if line.strip()]
    for pattern in (r"fatal error: ", r"^(\w+\.)*\w*(Error|Exception): ", r"error: (?!command|subprocess)\S.*", r"error: "):
        hits = [line for line in lines if re.search(pattern, line) and "Failed to " not in line]
        if hits:
            return hits[-1][:300]
    because = [i for i, line in enumerate(lines) if re.match(r"(cause: )?Because", line)]
    if because:
        return " ".join(lines[because[0] :]).replace("cause: ", "")[:300]
    causes = [line for line in lines if line.startswith("cause: ")]
    return (causes or lines or ["no output"])[-1][:300]


def source_roots():
    """Folders that hold the project's modules."""
    return [str(root) for root in (TESTBED / "src", TESTBED / "lib", TESTBED) if root.is_dir()]


def keep_tree():
    shutil.copytree(TESTBED, "/tmp/smith-clean", symlinks=True)


def empty(folder):
    """Remove what is in a folder that may be a mount itself."""
    for child in folder.iterdir() if folder.is_dir() else ():
        if child.is_dir() and not child.is_symlink():
            shutil.rmtree(child, ignore_errors=True)
        else:
            child.unlink()


def restore_tree():
    """Bring the tree back to what it was."""
    empty(TESTBED)
    for child in Path("/tmp/smith-clean").iterdir():
        if child.is_dir() and not child.is_symlink():
            shutil.copytree(child, TESTBED / child.name, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(child, TESTBED / child.name, follow_symlinks=False)


def main():
    trial = Trial(json.load(sys.stdin))
    told = {"network": None}
    try:
        trial.run()
    except IndexGone as error:
        told["network"] = str(error)
    told.update(attempts=trial.attempts, best=trial.best, interpreters=sorted(
        p["minor"] for p in trial.job["pythons"] if shutil.which("python3.%d" % p["minor"])))
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
