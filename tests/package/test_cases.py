"""Parametrised cases are told as pytest names them."""

import ast

import pytest

from smith_lib.package import cases
from smith_lib.package.places import split


def told(source: str, test_id: str) -> dict[str, str] | None:
    """Argument to source, for the one function (or class with one) in the source."""
    node = ast.parse(source).body[-1]
    owners = [node] if isinstance(node, ast.ClassDef) else []
    function = node.body[-1] if isinstance(node, ast.ClassDef) else node
    assert isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
    found = cases.values(function, owners, split(test_id).case)
    return None if found is None else {name: ast.unparse(value) for name, value in found.items()}


MARK = "@pytest.mark.parametrize"


@pytest.mark.parametrize(
    ("source", "case", "values"),
    [
        (f"{MARK}('a', [1, -2, 'x y', None, 1.5])\ndef test(a): ...", "-2", {"a": "-2"}),
        (f"{MARK}('a', [1, -2, 'x y', None, 1.5])\ndef test(a): ...", "x y", {"a": "'x y'"}),
        (f"{MARK}('a, b', [(1, [2]), (3, [4])])\ndef test(a, b): ...", "3-b1", {"a": "3", "b": "[4]"}),
        (f"{MARK}('a', [f(), f()], ids=['one', 'two'])\ndef test(a): ...", "two", {"a": "f()"}),
        (f"{MARK}('a', [pytest.param(7, id='seven')])\ndef test(a): ...", "seven", {"a": "7"}),
        (f"{MARK}('a', [1, 2])\n{MARK}('b', [3, 4])\ndef test(a, b): ...", "4-1", {"a": "1", "b": "4"}),
        (
            f"{MARK}('a', [1])\nclass T:\n    {MARK}('b', [2])\n    def test(self, a, b): ...",
            "2-1",
            {"a": "1", "b": "2"},
        ),
        (f"{MARK}('a', ['[x]::y'])\ndef test(a): ...", "[x]::y", {"a": "'[x]::y'"}),
        (f"{MARK}('a', ['é'])\ndef test(a): ...", "\\xe9", {"a": "'é'"}),
        (f"{MARK}('a', ROWS)\ndef test(a): ...", "1", None),
        (f"{MARK}('a', [1, 1])\ndef test(a): ...", "1", None),
        ("def test(): ...", "", {}),
    ],
)
def test_the_values_of_a_case(source: str, case: str, values: dict[str, str] | None) -> None:
    assert told(source, f"t.py::test[{case}]" if case else "t.py::test") == values
