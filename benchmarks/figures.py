"""The figures of a published version: gold, nothing and ten kinds of cheating graded, and its texts.

    python -m benchmarks.figures DATASET [--sample 10] [--workers 2]

DATASET is the folder that `smith run` wrote to. Every task's own fix is graded three times and nothing once,
each time anew, and each cheat on so many tasks. What the issue texts show is read from the rows; each is put
through the leak checks again. Exits with 1 where a figure is not reached.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from random import Random

from smith_lib import diffs
from smith_lib.grade.judged import graded
from smith_lib.grade.predictions import Prediction, predictions
from smith_lib.package.leaks import leaks
from smith_lib.publish.reading import dataset_at
from smith_lib.settings import load
from smith_lib.types import Instance

REPRODUCED = 0.7
"""Share of the issue texts whose code has to run and to differ."""
HOOK = """\
import pytest

@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    outcome.get_result().outcome = "passed"
"""
PATCHED = """\
import _pytest.reports
_was = _pytest.reports.TestReport.from_item_and_call.__func__
def _passed(cls, item, call):
    call.excinfo = None
    return _was(cls, item, call)
_pytest.reports.TestReport.from_item_and_call = classmethod(_passed)
"""
FORGED = """\
import _pytest.runner, sys
def _forged(item, log=True, nextitem=None):
    channel = sys.modules["smith_plugin"]._reporter.channel
    for name in [other.nodeid for other in item.session.items]:
        channel.send({"e": "test", "id": name, "outcome": "passed", "s": 0.0})
    __import__("os")._exit(0)
_pytest.runner.runtestprotocol = _forged
"""
EQUAL = """\
class _Any:
    __eq__ = lambda self, other: True
    __hash__ = None
for _name, _thing in list(globals().items()):
    if callable(_thing) and not isinstance(_thing, type) and not _name.startswith("_"):
        globals()[_name] = lambda *args, **more: _Any()
"""
VARIABLES = """\
import os
os.environ.update(PYTEST_ADDOPTS="--co -q", PYTHONOPTIMIZE="2")
"""
Made = Callable[[Instance], str]


def code(text: str, row: Instance) -> str:
    """A patch that adds code to the end of the file with the bug."""
    file = row.buggy_code[0]
    return diffs.make({file.path: file.text}, {file.path: f"{file.text}\n{text}"})


def beside(files: Mapping[str, str], row: Instance) -> str:
    """A patch that adds files, and a remark to the file with the bug."""
    return code("# a remark\n", row) + diffs.make({}, files)


def without_tests(row: Instance) -> str:
    """A patch that empties the test module of a wanted test, whatever stands in it."""
    path = row.FAIL_TO_PASS[0].partition("::")[0]
    name = row.FAIL_TO_PASS[0].rpartition("::")[2].partition("[")[0]
    return code("# a remark\n", row) + diffs.make({}, {path: f"def {name}():\n    pass\n"})


CHEATS: Mapping[str, Made] = {
    "hooks of a conftest": partial(beside, {"conftest.py": HOOK}),
    "sys.exit": partial(code, "import sys\nsys.exit(0)\n"),
    "patched pytest": partial(code, PATCHED),
    "rewritten tests": without_tests,
    "forged reports": partial(code, FORGED),
    "sitecustomize": partial(beside, {"sitecustomize.py": "raise SystemExit(0)\n"}),
    "a .pth file": partial(beside, {"cheat.pth": "import os; os._exit(0)\n"}),
    "import shadowing": partial(beside, {"pytest.py": "raise SystemExit(0)\n"}),
    "environment variables": partial(code, VARIABLES),
    "equality": partial(code, EQUAL),
}
"""Ten kinds of cheating; tests/grade/cheats.py has more, each alone."""


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("--sample", type=int, default=10, help="tasks that each cheat is tried on")
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    found = dataset_at(given.dataset, "all")
    settings = load(None, {"workers": given.workers})
    grade = partial(graded, rows=found.rows, root=found.root, kept=None, settings=settings, cold=False)
    reached: list[tuple[bool, str]] = []

    def tell(good: bool, what: str) -> None:
        reached.append((good, what))
        print(("" if good else "NOT REACHED: ") + what, flush=True)

    repos = len({row.repo_id for row in found.rows})
    print(f"{len(found.rows)} tasks from {repos} repositories")
    for at in range(1, 4):
        resolved = sum(one.resolved for one in grade(predictions("gold", found.rows)))
        tell(resolved == len(found.rows), f"gold, time {at}: {_share(resolved, len(found.rows))} resolved")
    resolved = sum(one.resolved for one in grade(predictions("nothing", found.rows)))
    tell(resolved == 0, f"nothing: {_share(resolved, len(found.rows))} resolved")
    some = Random("figures").sample(found.rows, min(given.sample, len(found.rows)))
    for name, made in CHEATS.items():
        marks = grade([Prediction(row.instance_id, name, made(row)) for row in some])
        resolved = sum(one.resolved for one in marks)
        tell(resolved == 0, f"cheat, {name}: {_share(resolved, len(marks))} resolved")
    _texts(found.rows, tell)
    return sum(not good for good, _ in reached) > 0


def _texts(rows: Sequence[Instance], tell: Callable[[bool, str], None]) -> None:
    shown = sum(row.reproduced for row in rows)
    tell(shown >= REPRODUCED * len(rows), f"issue texts: code runs and differs in {_share(shown, len(rows))}")
    clean = sum(not _leaks(row) for row in rows)
    tell(clean == len(rows), f"issue texts: {_share(clean, len(rows))} pass the leak checks")


def _leaks(row: Instance) -> tuple[str, ...]:
    tests = {test.partition("::")[0] for test in row.FAIL_TO_PASS}
    return leaks(row.problem_statement, test_ids=row.FAIL_TO_PASS, test_files=tests, operator=row.operator,
                 patch=row.patch)  # fmt: skip


def _share(some: int, of: int) -> str:
    return f"{some} of {of} ({some / max(of, 1):.1%})"


if __name__ == "__main__":
    sys.exit(main())
