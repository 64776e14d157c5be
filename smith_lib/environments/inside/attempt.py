"""One recipe: installed, its suite run, and mended for as long as something can be mended."""

import json
import os
import re
from pathlib import Path

import tree
from guesses import distribution, missing_modules, plugins, wants_older_pytest, warned
from reading import last_line, one_line
from suite import Suite, command_output, run_suite

VENV = Path("/opt/venv")
PYTHON = str(VENV / "bin/python")
ROUNDS = 16
WARNINGS = ["-W", "default"]


class Attempt:
    """A recipe, and what was changed to make it work."""

    def __init__(self, trial, python, recipe, date):
        self.trial = trial
        self.python = python
        self.recipe = recipe
        self.date = date
        self.mode = "editable" if recipe["project"] else "source"
        self.pythonpath = [] if recipe["project"] else tree.source_roots()
        self.choices = [list(paths) for paths in trial.job["paths"]]
        self.args = list(trial.job["args"])
        self.ignored = []
        self.why = {}
        """Path to why it is left out."""
        self.deselected = []
        self.partly = False
        """Whether tests run although some class or file of another kind cannot be collected."""
        self.tried = set()
        self.frozen = []
        self.pytest_was = ""
        self.result = Suite()
        self.best = None
        """(score, result, what `now` told, tests left out) of the best run."""

    def install(self):
        """One line on why it cannot be installed, or none where it was."""
        tree.empty(VENV)
        code, output = self.trial.uv("venv", "--allow-existing", "--python", self.python["path"], str(VENV))
        if code:
            return one_line(output)
        words = list(self.recipe["requirements"])
        if self.mode != "source":
            extras = "[%s]" % ",".join(self.recipe["extras"]) if self.recipe["extras"] else ""
            words += ["-e", str(tree.TESTBED) + extras]
            words += ["--config-settings", "editable_mode=compat"] if self.mode == "compat" else []
        code, output = self.trial.uv("pip", "install", *words, date=self.date)
        return one_line(output) if code else None

    def run(self):
        """Run the suite, mend what can be mended, again. Leaves the best run in `best`."""
        for _ in range(ROUNDS):
            self.frozen = self.freeze()
            state = json.dumps(self.now(), sort_keys=True)
            if state in self.trial.seen:
                break
            self.trial.seen.add(state)
            self.result = self.suite()
            score = (self.result.passed, -self.result.bad - self.lost())
            if self.best is None or score > self.best[0]:
                self.best = (score, self.result, self.now(), self.lost())
            if self.trial.left() < 5 or self.slow() or not self.mended():
                break
        if self.best is not None:
            self.result = self.best[1]

    def suite(self):
        """One run of the suite as things are now."""
        environ = dict(self.trial.job["environ"])
        if self.pythonpath:
            environ["PYTHONPATH"] = os.pathsep.join(self.pythonpath)
        seconds, left = self.trial.job["suite_seconds"], max(1, self.trial.left())
        arguments = [*(["--continue-on-collection-errors"] if self.partly else []), *self.arguments()]
        result = run_suite(PYTHON, tree.TESTBED, arguments, environ, seconds, left, tree.own_modules())
        self.trial.log(result.told(arguments))
        self.trial.suites += result.ran > 0
        return result

    def now(self):
        """What the environment and the call of pytest are now."""
        return {
            "requirements": self.frozen, "args": self.arguments(), "ignored": list(self.ignored),
            "mode": self.mode, "pythonpath": list(self.pythonpath), "minor": self.python["minor"],
            "partly": self.partly,
        }  # fmt: skip

    def good(self):
        """Whether the best run came to its end with more than nine tenths passing."""
        if self.best is None or self.result.ended != "finished":
            return False
        return self.result.passed > 0.9 * (self.result.passed + self.result.bad + self.best[3])

    def lost(self):
        """Test functions that are left out."""
        return len(self.deselected) + sum(tree.test_functions(tree.TESTBED / path) for path in self.ignored)

    def reason(self):
        """One line on what stands in the way, or an empty string."""
        if self.best is None:
            return "installs what another recipe did"
        left_out = self.best[2]["ignored"]
        if not left_out:
            return self.result.reason()
        told = (len(left_out), left_out[0], self.why.get(left_out[0], "no reason given"))
        without = "%d modules cannot be collected, the first %s: %s" % told
        return "; ".join(filter(None, (self.result.reason(), without)))

    def slow(self):
        """Whether the suite goes well and takes too long: no other recipe would change that."""
        return self.result.ended == "limit" and self.result.passed > 0.9 * self.result.ran

    def freeze(self):
        """`name==version` lines, the project left out."""
        words = ["uv", "pip", "freeze", "--exclude-editable", "--python", PYTHON]
        _, output = command_output(words, 60, self.trial.job["environ"])
        return sorted(line for line in output.splitlines() if re.match(r"^[A-Za-z0-9][\w.-]*==\S+$", line))

    def arguments(self):
        """pytest's arguments as they are now."""
        there = {line.split("==")[0].lower().replace("_", "-") for line in self.frozen}
        steady = ["--hypothesis-seed=0"] if "hypothesis" in there else []
        steady += ["--benchmark-disable"] if "pytest-benchmark" in there else []
        return [
            *self.args, *steady, *("--ignore=" + path for path in self.ignored),
            *("--deselect=" + test for test in self.deselected), *(self.choices[0] if self.choices else ()),
        ]  # fmt: skip

    def mended(self):
        """Change one thing that the last run calls for; false where nothing is left to change."""
        result = self.result
        if result.copied and self.mode != "source":
            return self.elsewhere()
        text = result.problems()
        slow = result.ended == "finished" and result.seconds > 60 and result.bad < 0.02 * result.ran
        mends = () if slow or not text else (self.install_missing, self.older_pytest, self.put_on_path)
        if any(mend(text) for mend in mends):
            return True
        if result.uncollected:
            if WARNINGS[1] in self.args:
                del self.args[-2:]  # did not help
            elif warned(text) and "-W" not in self.tried:
                self.tried.add("-W")
                self.args += WARNINGS
                return True
            if self.leave_out(result.uncollected):
                return True
            if not self.partly and result.collected:
                self.partly = True
                return True
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
            self.pythonpath = tree.source_roots()
            self.trial.uv("pip", "uninstall", "--python", PYTHON, self.trial.job["project"])
            return True
        return self.install() is None

    def install_missing(self, text):
        """Whether anything that was missed could be installed."""
        own = tree.own_modules() | {"tests", "test", "conftest"}
        modules = [m for m in missing_modules(text) if m.split(".")[0] not in own]
        done = False
        for name in dict.fromkeys([*map(distribution, modules), *plugins(text)]):
            if name not in self.tried:
                self.tried.add(name)
                code, _ = self.trial.uv("pip", "install", name, date=self.date, seconds=120)
                done = done or code == 0
        return done

    def older_pytest(self, text):
        """Whether an older pytest took the place of one that lacks, or warns of, what the tests use.

        Three major versions are gone back at most; where none helps, the first one comes back.
        """
        there = [line for line in self.frozen if line.startswith("pytest==")]
        if not there or not wants_older_pytest(text):
            return False
        self.pytest_was = self.pytest_was or there[0]
        cap = "pytest<%s" % there[0].split("==")[1].split(".")[0]
        again = cap in self.tried or len([name for name in self.tried if name.startswith("pytest<")]) >= 3
        self.tried.add(cap)
        if not again and self.trial.uv("pip", "install", cap, date=self.date, seconds=120)[0] == 0:
            return True
        if there[0] != self.pytest_was:
            self.trial.uv("pip", "install", self.pytest_was, date=self.date, seconds=120)
            self.frozen = self.freeze()
        return False

    def put_on_path(self, text):
        """Whether a module of the tree that was not found could be put on the path."""
        for module in missing_modules(text):
            fresh = [folder for folder in tree.places(module.split(".")[0]) if folder not in self.pythonpath]
            if len(fresh) == 1:
                self.pythonpath.append(fresh[0])
                return True
        return False

    def leave_out(self, uncollected):
        """Whether modules that cannot be collected could be left out.

        Not those of which one class alone cannot be: their other tests run, and the class counts as failing.
        """
        given = self.choices[0] if self.choices else []
        paths = {node for node in uncollected if "::" not in node} - {*self.ignored, *given, "", "."}
        fresh = {path for path in paths if (tree.TESTBED / path).exists()}
        self.ignored = sorted({*self.ignored, *fresh})
        self.why.update({path: last_line(text) for path, text in uncollected.items() if path in fresh})
        return bool(fresh)
