"""Where a test is written: node ids taken apart, and its function found in its file."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from smith_lib import syntax

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class TestId:
    """A pytest node id in its parts."""

    file: str
    names: tuple[str, ...]
    """Classes, then the function; empty for a module."""
    case: str
    """The parametrised case between the brackets, or an empty string."""

    __test__ = False


def split(test_id: str) -> TestId:
    """The parts of a node id; only the part before the first bracket is split at `::`."""
    head, _, case = test_id.partition("[")
    file, *names = head.split("::")
    return TestId(file, tuple(names), case.removesuffix("]"))


@lru_cache(maxsize=64)
def parsed(text: str) -> ast.Module | None:
    """The module's syntax tree, or none where it has none. Shared: never change it."""
    try:
        return syntax.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None


@lru_cache(maxsize=64)
def imports_in(module: ast.Module) -> tuple[ast.Import | ast.ImportFrom, ...]:
    """All imports of a module, inner ones too."""
    return tuple(node for node in ast.walk(module) if isinstance(node, ast.Import | ast.ImportFrom))


def statements(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements of a module's or class's body, those inside its `if`, `try` and `with` blocks too."""
    for name in ("body", "orelse", "finalbody", "handlers"):
        for child in getattr(node, name, ()):
            if isinstance(child, ast.stmt):
                yield child
            if isinstance(child, ast.If | ast.Try | ast.With | ast.ExceptHandler):
                yield from statements(child)


def functions(module: ast.AST, names: Sequence[str]) -> list[FunctionNode]:
    """Every definition of the function that `names` lead to; inherited ones are not found."""
    if not names:
        return []
    if len(names) == 1:
        found = (node for node in statements(module) if isinstance(node, FunctionNode))
        return [node for node in found if node.name == names[0]]
    return [
        function
        for owner in statements(module)
        if isinstance(owner, ast.ClassDef) and owner.name == names[0]
        for function in functions(owner, names[1:])
    ]


def owner(module: ast.AST, names: Sequence[str]) -> ast.ClassDef | None:
    """The class that `names` (classes, then a function) lead to, or none."""
    place: ast.AST = module
    for name in names[:-1]:
        inner = [n for n in statements(place) if isinstance(n, ast.ClassDef) and n.name == name]
        if not inner:
            return None
        place = inner[-1]
    return place if isinstance(place, ast.ClassDef) else None
