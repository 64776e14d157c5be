"""Two versions of a function in one program, which fails where they are seen to do different things."""

import ast
from importlib.resources import files

import pytest

from smith_lib.package.compared import compared

CLEAN = '''"""Boxes."""
from __future__ import annotations


class Full(Exception):
    """It is."""


class Box:
    """Holds things."""

    __slots__ = ("size", "things")

    def __init__(self, size):
        self.size, self.things = size, []

    @property
    def full(self):
        return len(self.things) >= self.size

    def put(self, thing):
        if self.full:
            raise Full
        self.things.append(thing)


def area(width, height=2):
    return width * height


def numbers(n):
    for i in range(n):
        yield i


def above(n):
    def inner(v):
        if v >= n:
            return n
        return v

    return inner


def path(v):
    if v:
        return v
    else:
        raise ValueError(v)


def fact(n):
    return n * fact(n - 1) if n > 1 else 1


async def later(n):
    return n
'''


def fails(text: str, use: str) -> bool:
    scope: dict[str, object] = {}
    exec(compile(text, "boxes", "exec"), scope)
    try:
        exec(use, scope)
    except BaseException as error:
        assert type(error).__name__ == "Differs"
        return True
    return False


@pytest.mark.parametrize(
    ("old", "new", "use", "seen"),
    [
        ("width * height", "height * width", "area(2)", False),
        ("width * height", "width + height", "area(3)", True),
        ("width * height", "width + height", "area(2)", True),  # is seen at 3, near by
        ("width * height", "width + height", "numbers(2)", False),
        (">= self.size", "> self.size", "Box(1).full", True),  # in a box of none, near by
        ("self.size, self.things = size, []", "self.things, self.size = [], size", "Box(1).full", False),
        (">= self.size", "> self.size", "box = Box(1); box.put(1); box.full", True),
        ("if self.full", "if not self.full", "Box(2).put(1)", True),
        ("            raise Full\n", "            return\n", "Box(9).size", False),
        ("            raise Full\n", "            return\n",
         "try:\n    Box(0).put(1)\nexcept Full:\n    pass", True),
        ("self.things.append(thing)", "self.things.insert(0, thing)", "Box(9).put(1)", False),
        ("        self.things.append(thing)\n", "        pass\n", "Box(9).put(1)", True),
        ("yield i", "yield i + 1", "list(numbers(2))", True),
        ("return n\n        return v", "return v\n        return v", "above(1)(1)", True),  # at 2, near by
        ("        raise ValueError(v)", "        return v", "path('a')", True),  # at '', near by
        ("if n > 1", "if n > 2", "fact(5)", True),
        ("n * fact(n - 1)", "fact(n - 1) * n", "fact(5)", False),
    ],
)  # fmt: skip
def test_what_is_seen_to_differ_fails_and_clean_code_beside_itself_does_not(
    old: str, new: str, use: str, seen: bool
) -> None:
    wrong = CLEAN.replace(old, new, 1)
    assert wrong != CLEAN
    made = compared(CLEAN, wrong)
    assert made is not None
    assert [fails(text, use) for text in made] == [seen, False]


def test_the_function_itself_does_as_ever_until_then() -> None:
    made = compared(CLEAN, CLEAN.replace("n * fact(n - 1)", "fact(n - 1) * n"))
    assert made is not None
    use = "assert [fact(n) for n in range(6)] == [1, 1, 2, 6, 24, 120]; assert fact.__name__ == 'fact'"
    assert not fails(made[0], use)


def test_what_hangs_is_given_up() -> None:
    wrong = CLEAN.replace("return width * height", "while width: pass\n    return width * height")
    made = compared(CLEAN, wrong)
    assert made is not None and not fails(made[0], "area(3)")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("async def later(n):\n    return n\n", "async def later(n):\n    return -n\n"),
        ("height=2", "height=3"),
        ("from __future__", "import os\nfrom __future__"),
        ("'Boxes'", "'Boxes'"),
    ],
)
def test_what_is_no_function_of_its_own_is_not_compared(old: str, new: str) -> None:
    assert compared(CLEAN, CLEAN.replace(old, new)) is None


def test_two_functions_that_differ_are_not_compared() -> None:
    assert compared(CLEAN, CLEAN.replace(">= self.size", "> self.size").replace("yield i", "yield 1")) is None


def test_the_pasted_text_is_python_that_old_interpreters_run() -> None:
    text = files("smith_lib.package.inside").joinpath("both.py").read_text()
    assert ast.parse(text, feature_version=(3, 8))
