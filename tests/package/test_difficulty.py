"""Difficulty follows what is measured."""

from dataclasses import replace

import pytest

from smith_lib import diffs
from smith_lib.package.difficulty import LONG, MIDDLE, SHORT, difficulty, distance, points, size
from smith_lib.types import Candidate, Failure, Frame
from tests.package.boxes import LIBRARY, a_bug, a_verdict, line_of

BUG = a_bug("return sum(box.things, start)", "return sum(box.things)", operator="drop_argument")
AT = line_of(LIBRARY, "return sum(")


def seen(file: str, line: int) -> Failure:
    """A failure whose traceback ends there."""
    return Failure("tests/t.py::test", "E", "", (Frame("tests/t.py", 1, "test"), Frame(file, line, "f")))


@pytest.mark.parametrize(
    ("failure", "far"),
    [
        (seen("boxes/_box.py", AT), 0),
        (seen("boxes/_box.py", 1), 1),
        (seen("boxes/other.py", 1), 2),
        (Failure("tests/t.py::test", "E", "", ()), 2),
    ],
)
def test_the_distance_from_traceback_to_fix(failure: Failure, far: int) -> None:
    assert distance(BUG.bug_patch, a_verdict(BUG, failure), ("tests/t.py",)) == far


LINES = [f"x{i} = {i}\n" for i in range(200)]


def a_fix(*changed: int, files: int = 1, functions: int = 1) -> Candidate:
    """A bug that changes these lines of each file."""
    clean = {f"f{i}.py": "".join(LINES) for i in range(files)}
    broken = "".join("y" + line if n in changed else line for n, line in enumerate(LINES))
    return replace(
        BUG, bug_patch=diffs.make(clean, dict.fromkeys(clean, broken)), files=tuple(clean),
        functions=tuple(f"f0.py::g{i}" for i in range(functions)),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("bug", "tests", "line", "expected"),
    [
        (a_fix(50), 5, 50, SHORT),
        (a_fix(50), 1, 50, SHORT),
        (a_fix(50), 1, 150, MIDDLE),
        (a_fix(*range(50, 56)), 2, 150, MIDDLE),
        (a_fix(*range(50, 66), files=2), 2, 150, LONG),
        (a_fix(20, 60, 100, 140, functions=4), 5, 20, MIDDLE),
        (a_fix(20, 60, 100, 140, functions=4), 1, 10_000, LONG),
        (a_fix(20, functions=2), 5, 20, SHORT),
    ],
)
def test_points_add_up(bug: Candidate, tests: int, line: int, expected: str) -> None:
    ids = tuple(f"t.py::test_{i}" for i in range(tests))
    verdict = a_verdict(bug, seen("f0.py", line), fail_to_pass=ids)
    assert difficulty(points(bug, verdict, ("tests/t.py",))) == expected


@pytest.mark.parametrize(
    ("tests", "covering", "given", "more"),
    [(2, 2, 0.25, 0), (2, 20, 0.25, 0), (2, 21, 0.25, 1), (2, 2, 0.0, 1), (2, 2, 0.5, -1), (2, 21, 0.5, 0)],
)
def test_where_few_tests_notice_and_little_is_given_away_it_is_harder(
    tests: int, covering: int, given: float, more: int
) -> None:
    bug, ids = a_fix(*range(50, 56)), tuple(f"t.py::test_{i}" for i in range(tests))
    verdict = a_verdict(bug, seen("f0.py", 150), fail_to_pass=ids)
    plain = points(bug, verdict, ("tests/t.py",))
    assert points(bug, verdict, ("tests/t.py",), covering, given) == plain + more


def test_points_do_not_fall_below_none() -> None:
    verdict = a_verdict(a_fix(50), seen("f0.py", 50), fail_to_pass=("a", "b"))
    assert points(a_fix(50), verdict, (), 2, 1.0) == 0


def test_a_forgotten_else_counts_as_the_line_that_it_is() -> None:
    body = "".join(f"        y{i} = {i}\n" for i in range(20))
    clean = f"def f(x):\n    if x:\n        return 1\n    else:\n{body}"
    buggy = clean.replace("    else:\n", "").replace("        y", "    y")
    bug = replace(BUG, bug_patch=diffs.make({"f.py": clean}, {"f.py": buggy}), fix_lines=21)
    assert size(bug) == (1, 1)
