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


@pytest.mark.parametrize(
    ("case", "body"),
    [
        ("json", "made = Box('json')\nyield made"),
        ("1-memory", "made = Box()\nyield made"),
        ("", "made = Box('json')\nyield made"),
    ],
)
def test_a_fixture_has_the_value_of_the_case_alone(case: str, body: str) -> None:
    source = (
        "@pytest.fixture(params=['json', 'memory'])\ndef made(request):\n    if request.param == 'json':\n"
        "        made = Box(request.param)\n    else:\n        made = Box()\n    yield made\n"
    )
    [node] = ast.parse(source).body
    assert isinstance(node, ast.FunctionDef)
    found = cases.of_fixture(node, case)
    assert found is not None and "\n".join(map(ast.unparse, found)) == body


def test_a_fixture_that_asks_for_more_of_the_request_is_refused() -> None:
    [node] = ast.parse("@pytest.fixture\ndef made(request):\n    return request.node\n").body
    assert isinstance(node, ast.FunctionDef) and cases.of_fixture(node, "") is None


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
        (f"{MARK}('a', [1, 2])\ndef test(a, made): ...", "json-2", {"a": "2"}),
        (f"{MARK}('a', ROWS)\ndef test(a): ...", "1", None),
        (f"{MARK}('a', [1, 1])\ndef test(a): ...", "1", None),
        ("def test(): ...", "", {}),
    ],
)
def test_the_values_of_a_case(source: str, case: str, values: dict[str, str] | None) -> None:
    assert told(source, f"t.py::test[{case}]" if case else "t.py::test") == values
