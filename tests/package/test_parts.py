"""A bug of several parts is taken apart into files with one of its changes each."""

import pytest

from smith_lib.package.parts import MOST, parts
from smith_lib.types import Strategy
from tests.package.boxes import LIBRARY, a_bug

FILE = "boxes/_box.py"
TWO = LIBRARY.replace(">= self.size", "> self.size").replace("return sum(box.things, start)", "return start")
COMBINED = a_bug(">= self.size", "> self.size", strategy=Strategy.COMBINE)


def test_each_part_has_one_change_alone() -> None:
    one, other = parts(COMBINED, {FILE: LIBRARY}, {FILE: TWO})
    assert one == {FILE: LIBRARY.replace(">= self.size", "> self.size")}
    assert other == {FILE: LIBRARY.replace("return sum(box.things, start)", "return start")}


def test_files_that_a_part_leaves_alone_are_clean() -> None:
    clean, buggy = {FILE: LIBRARY, "b.py": "b = 1\n"}, {FILE: TWO, "b.py": "b = 2\n"}
    found = parts(COMBINED, clean, buggy)
    assert [f["b.py"] for f in found] == ["b = 2\n", "b = 1\n", "b = 1\n"]
    assert found[0][FILE] == LIBRARY


@pytest.mark.parametrize(
    ("bug", "buggy"),
    [
        (a_bug(">= self.size", "> self.size"), TWO),
        (COMBINED, LIBRARY.replace(">= self.size", "> self.size")),
        (COMBINED, LIBRARY.replace('"""The sum', '("""The sum').replace('it."""', 'it.""")')),
    ],
)
def test_a_bug_of_one_piece_has_no_parts(bug: object, buggy: str) -> None:
    assert parts(bug, {FILE: LIBRARY}, {FILE: buggy}) == ()  # type: ignore[arg-type]


def test_the_last_part_has_what_there_is_more_of() -> None:
    clean = "".join(f"x{n} = 0\ny{n} = 0\n" for n in range(9))
    found = parts(COMBINED, {FILE: clean}, {FILE: clean.replace("x", "z")})
    assert len(found) == MOST and found[-1][FILE].count("z") == 9 - MOST + 1
