"""Functions of which a statement is executed."""

from pathlib import Path

import pytest

from smith_lib.validate.called import called

TEXT = '''\
import functools


@functools.lru_cache
@functools.wraps(print)
def plain(x):
    """Doc."""
    if x:
        return 1
    return 2


class Box:
    size = 1

    def area(self):
        return self.size

    class Inner:
        async def wait(self):
            return 3


def outer():
    def inner(y):
        return y

    class Local:
        n = 1

        def method(self):
            return 4

    return [
        inner(y) for y in range(3)
    ]


if True:
    def conditional():
        return 5


def stub():
    """Nothing."""
'''
LINE = {line.strip(): n for n, line in enumerate(TEXT.splitlines(), 1)}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "a.py").write_text(TEXT)
    (tmp_path / "b.py").write_text("def f():\n    return 1\n")
    (tmp_path / "broken.py").write_text("def f(:\n")
    return tmp_path


@pytest.mark.parametrize(
    ("executed", "names"),
    [
        (["import functools", "def plain(x):", "class Box:", "def area(self):", "def outer():"], []),
        (["return 2"], ["plain"]),
        (["return self.size"], ["Box.area"]),
        (["return 3"], ["Box.Inner.wait"]),
        (["def inner(y):"], ["outer"]),
        (["return y"], ["outer.<locals>.inner"]),
        (["n = 1"], ["outer"]),
        (["def method(self):"], ["outer"]),
        (["return 4"], ["outer.<locals>.Local.method"]),
        (["return ["], ["outer"]),
        (["return 5"], ["conditional"]),
        (["return y", "return 1"], ["plain", "outer.<locals>.inner"]),
    ],
)
def test_a_function_is_called_where_a_statement_of_its_own_is_executed(
    executed: list[str], names: list[str], tree: Path
) -> None:
    found = called("r", tree, ["a.py", "b.py"], {"a.py": {LINE[text] for text in executed}})
    assert [f.qualname for f in found] == names


def test_lines_are_those_of_the_code_object_decorators_included(tree: Path) -> None:
    [found] = called("r", tree, ["a.py"], {"a.py": {LINE["return 2"]}})
    assert (found.repo_id, found.file, found.line) == ("r", "a.py", LINE["@functools.lru_cache"])


def test_where_nothing_is_known_every_function_is(tree: Path) -> None:
    found = called("r", tree, ["b.py", "a.py", "broken.py", "gone.py"], None)
    assert [f.qualname for f in found] == [
        "plain", "Box.area", "Box.Inner.wait", "outer", "outer.<locals>.inner",
        "outer.<locals>.Local.method", "conditional", "stub", "f",
    ]  # fmt: skip
