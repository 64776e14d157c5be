"""What a linter would flag at once is no realistic bug."""

import ast

import pytest

from smith_lib.inject.lint import objection
from smith_lib.inject.program import Program
from smith_lib.inject.reading import Reader, Reading


def read(source: str) -> Reading:
    into = Reading()
    Reader().read(ast.parse(source), into)
    return into


MODULE = "import os\nimport re\n\ndef known(): ...\n\nX = os.sep\n"


@pytest.mark.parametrize(
    ("clean", "buggy", "why"),
    [
        ("def f(a):\n b = a\n return b", "def f(a):\n return b", "a name that no longer exists"),
        ("def f(a):\n return a", "def f(a):\n return zzz", "an unknown name"),
        ("def f(a):\n b = a\n return b", "def f(a):\n b = a\n return a", "a name that is no longer used"),
        ("def f(a, b):\n return a + b", "def f(a, b):\n return a", "a name that is no longer used"),
        ("def f(a):\n return a", "def f(a):\n b = 1\n return a", "a name that is never used"),
        ("def f(a):\n return re.escape(a)", "def f(a):\n return a", "an import that is no longer used"),
        ("def f(a):\n return a", "def f(a):\n return a\n return 1", "unreachable code"),
        ("def f(a):\n return a < 1", "def f(a):\n return a < a", "compares a thing with itself"),
        ("def f(a):\n if a: return 1", "def f(a):\n if a: pass\n return 1", "empty block"),
        ("def f(a):\n return a", "def f(a):\n return a < 1", ""),
        ("def f(a):\n return a", "def f(a):\n return known(a)", ""),
    ],
)
def test_an_objection_names_what_is_new(clean: str, buggy: str, why: str) -> None:
    text = MODULE + ("Y = re.escape\n" if "re." not in clean else "")
    program = Program("m.py", f"{text}\n{clean}\n")
    was, now = read(clean), read(buggy)
    assert objection(was, was, now, program) == why
