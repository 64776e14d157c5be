"""Difficulty follows what is measured."""

import pytest

from smith_lib.package.difficulty import LONG, MIDDLE, SHORT, difficulty, distance
from smith_lib.types import Failure, Frame
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


@pytest.mark.parametrize(
    ("fix_lines", "files", "tests", "line", "expected"),
    [
        (1, 1, 5, AT, SHORT),
        (1, 1, 1, AT, SHORT),
        (1, 1, 1, 1, MIDDLE),
        (6, 1, 2, 1, MIDDLE),
        (16, 2, 2, 1, LONG),
    ],
)
def test_points_add_up(fix_lines: int, files: int, tests: int, line: int, expected: str) -> None:
    bug = a_bug(
        "return sum(box.things, start)",
        "return sum(box.things)",
        fix_lines=fix_lines,
        files=tuple(f"f{i}" for i in range(files)),
    )
    verdict = a_verdict(
        bug, seen("boxes/_box.py", line), fail_to_pass=tuple(f"t.py::test_{i}" for i in range(tests))
    )
    assert difficulty(bug, verdict, ("tests/t.py",)) == expected
