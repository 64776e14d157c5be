"""How much of the fix an issue text gives away."""

import pytest

from smith_lib.package.given_away import given_away

CLEAN = {"pkg/a.py": "def area(width, height):\n    size = width * height\n    return size\n"}
BUGGY = {"pkg/a.py": CLEAN["pkg/a.py"].replace("width * height", "width * width")}
INDEED = ("pkg/a.py::Shape.area",)
ERROR = "\nValueError: no\n"


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Something is wrong", 0.0),
        ("`area(2, 3)` gives 4", 0.333),
        ("the areas are wrong", 0.0),
        ("size and width and height are mixed up", 0.333),
        ("the width is wrong", 0.111),
        ('  File "pkg/a.py", line 2, in f' + ERROR, 0.333),
        ('  File "/x/pkg/a.py", line 2, in f\n    code\n' + ERROR, 0.333),
        ('  File "pkg/a.py", line 3, in f' + ERROR, 0.0),
        ('  File "pkg/a.py", line 2, in f\n  File "pkg/b.py", line 9, in g' + ERROR, 0.0),
        ('  File "pkg/b.py", line 9, in g\n  File "pkg/a.py", line 2, in f' + ERROR, 0.333),
        ('  File "other_pkg/a.py", line 2, in f' + ERROR, 0.0),
        ('`area`: width, height, size\n  File "pkg/a.py", line 2, in area' + ERROR, 1.0),
    ],
)
def test_names_and_tracebacks_give_away(text: str, share: float) -> None:
    assert given_away(text, INDEED, CLEAN, BUGGY) == share


def test_words_of_the_language_give_nothing_away() -> None:
    clean, buggy = {"a.py": "return None\n"}, {"a.py": "return self\n"}
    assert given_away("return self or None", ("a.py::<module>",), clean, buggy) == 0.0


def test_a_line_that_is_missing_from_buggy_code_is_met_where_it_stood() -> None:
    buggy = {"pkg/a.py": CLEAN["pkg/a.py"].replace("    size = width * height\n", "")}
    text = '  File "pkg/a.py", line 2, in f' + ERROR
    assert given_away(text, INDEED, CLEAN, buggy) == 0.333
