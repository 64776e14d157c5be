"""A small library with a bug, and the rows about it."""

from smith_lib import diffs
from smith_lib.package.case import Case
from smith_lib.types import (
    Candidate,
    Category,
    Complexity,
    Failure,
    Frame,
    Outcome,
    Repo,
    Strategy,
    Tier,
    Verdict,
)
from tests.rows import filled

LIBRARY = '''"""Boxes."""


class Box:
    """Holds things, up to a size."""

    def __init__(self, size):
        self.size = size
        self.things = []

    def put(self, thing):
        if len(self.things) >= self.size:
            raise OverflowError("the box is full")
        self.things.append(thing)
        return len(self.things)


def total(box, start=0):
    """The sum of what is in it."""
    return sum(box.things, start)
'''

TESTS = '''import pytest

from boxes import Box, total

from .helpers import filled_with

NUMBERS = [1, 2]


@pytest.fixture
def box():
    """A box."""
    made = Box(3)
    yield made
    made.things.clear()


# Said of every box.
@pytest.mark.parametrize("thing, count", [("a", 1), pytest.param({"key": "value"}, 1, id="dict")])
def test_put_counts(box, thing, count):
    unused = 5
    assert box.put(thing) == count
    assert unused


def test_total():
    box = filled_with(*NUMBERS)
    expected = 3
    assert total(box) == expected


class TestFull:
    """Boxes that are full."""

    def setup_method(self):
        self.box = Box(1)
        self.box.put(1)

    def test_refuses(self):
        with pytest.raises(OverflowError):
            self.box.put(2)


class TestOnly:
    def test_alone(self):
        assert Box(2).put("x") == 1


def test_stays():
    assert Box(1).size == 1
'''

HELPERS = """from boxes import Box


def filled_with(*things):
    box = Box(len(things))
    for thing in things:
        box.put(thing)
    return box
"""

FILES = {
    "boxes/__init__.py": "from ._box import Box, total\n",
    "boxes/_box.py": LIBRARY,
    "tests/__init__.py": "",
    "tests/helpers.py": HELPERS,
    "tests/test_box.py": TESTS,
}


def line_of(text: str, part: str) -> int:
    """The number of the first line that holds the part."""
    return next(i for i, line in enumerate(text.split("\n"), 1) if part in line)


def a_bug(old: str, new: str, operator: str = "shift_bound", **changes: object) -> Candidate:
    """A candidate that changes one piece of the library."""
    assert LIBRARY.count(old) == 1
    patch = diffs.make({"boxes/_box.py": LIBRARY}, {"boxes/_box.py": LIBRARY.replace(old, new)})
    known = {
        "repo_id": "some__repo.01234567",
        "candidate_id": f"some__repo.01234567.{operator}.0a1b2c3d",
        "strategy": Strategy.AST,
        "operator": operator,
        "category": Category.OFF_BY_ONE,
        "bug_patch": patch,
        "files": ("boxes/_box.py",),
        "functions": ("boxes/_box.py::Box.put",),
        "fix_lines": 1,
        "complexity": Complexity.SIMPLE,
        "model": "",
    }
    return filled(Candidate, **(known | changes))


def a_failure(name: str, at: str, exception: str, message: str, *inner: tuple[int, str]) -> Failure:
    """Evidence of a test that failed at the first line that holds `at`, with frames in the library."""
    frames = [Frame("tests/test_box.py", line_of(TESTS, at), name.partition("[")[0].replace("::", "."))]
    frames += [Frame("boxes/_box.py", line, function) for line, function in inner]
    return Failure(f"tests/test_box.py::{name}", exception, message, tuple(frames))


def a_verdict(candidate: Candidate, *failures: Failure, **changes: object) -> Verdict:
    """A valid verdict with that evidence."""
    known = {
        "repo_id": candidate.repo_id,
        "candidate_id": candidate.candidate_id,
        "outcome": Outcome.VALID,
        "reason": "",
        "fail_to_pass": tuple(sorted(f.test_id for f in failures)),
        "pass_to_pass": ("tests/test_box.py::test_stays",),
        "fail_ratio": 0.2,
        "runs": 3,
        "tier": Tier.COLD,
        "failures": failures,
    }
    return filled(Verdict, **(known | changes))


def a_case(repo: Repo, candidate: Candidate, *failures: Failure, **changes: object) -> Case:
    """What an issue is written from."""
    clean = {"boxes/_box.py": LIBRARY}
    buggy = diffs.apply(candidate.bug_patch, clean.__getitem__)
    patch = diffs.make(buggy, clean)
    return Case(repo, candidate, a_verdict(candidate, *failures, **changes), patch, buggy, FILES.__getitem__)
