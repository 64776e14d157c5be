"""A bug of several parts is taken apart into files with one of its changes each."""

import pytest

from smith_lib.package.parts import MOST, parts
from smith_lib.types import Strategy
from tests.package.boxes import LIBRARY, a_bug

FILE = "boxes/_box.py"
TWO = LIBRARY.replace(">= self.size", "> self.size").replace("return sum(box.things, start)", "return start")
COMBINED = a_bug(">= self.size", "> self.size", strategy=Strategy.COMBINE)


def test_each_part_has_one_change_alone() -> None:
    one, other = (part.files for part in parts(COMBINED, {FILE: LIBRARY}, {FILE: TWO}))
    assert one == {FILE: LIBRARY.replace(">= self.size", "> self.size")}
    assert other == {FILE: LIBRARY.replace("return sum(box.things, start)", "return start")}


def test_files_that_a_part_leaves_alone_are_clean() -> None:
    clean, buggy = {FILE: LIBRARY, "b.py": "b = 1\n"}, {FILE: TWO, "b.py": "b = 2\n"}
    found = [part.files for part in parts(COMBINED, clean, buggy)]
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


def test_no_more_parts_are_told_apart_than_may_be() -> None:
    clean = "".join(f"x{n} = 0\ny{n} = 0\n" for n in range(9))
    assert len(parts(COMBINED, {FILE: clean}, {FILE: clean.replace("x", "z")})) == MOST


def test_runs_that_do_not_parse_alone_are_one_part_with_their_function() -> None:
    clean = "def f(a):\n    b = a\n\n    return b\n\n\ndef g():\n    return 1\n"
    wrapped = "    try:\n        b = a\n\n        return b\n    except ValueError:\n        return None\n"
    buggy = clean.replace("    b = a\n\n    return b\n", wrapped).replace("return 1", "return 2")
    found = parts(COMBINED, {FILE: clean}, {FILE: buggy})
    assert [part.place for part in found] == [f"{FILE}::1", f"{FILE}::7"]
    assert found[0].files == {FILE: buggy.replace("return 2", "return 1")}
    assert found[1].files == {FILE: clean.replace("return 1", "return 2")}
