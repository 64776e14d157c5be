"""Which functions of the package the clean suite calls, told from the statements that it executes."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from smith_lib import syntax
from smith_lib.types import Function

_Def = ast.FunctionDef | ast.AsyncFunctionDef


def called(
    repo_id: str, tree: Path, files: Iterable[str], executed: Mapping[str, set[int]] | None
) -> tuple[Function, ...]:
    """The functions of these files of which a statement is executed, sorted; all where that is not known.

    `executed` has the first lines of the statements by path.
    """
    found = []
    for file in files:
        try:
            module = syntax.parse((tree / file).read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue
        lines = None if executed is None else executed.get(file, set())
        for name, node in _functions(module, ""):
            if lines is None or any(line in lines for line in _own(node)):
                found.append(Function(repo_id, file, name, syntax.span(node).start))
    return tuple(sorted(found, key=lambda f: (f.file, f.line, f.qualname)))


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, _Def]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Def):
            yield prefix + child.name, child
            yield from _functions(child, f"{prefix}{child.name}.<locals>.")
        elif isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        else:
            yield from _functions(child, prefix)


def _own(function: _Def) -> Iterator[int]:
    """The first lines of the statements in a function, without those of functions in it."""
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.stmt):
            yield node.lineno
        if not isinstance(node, _Def | ast.Lambda):
            todo.extend(ast.iter_child_nodes(node))
