"""Python source as a syntax tree, made by one thread at a time.

CPython 3.11 keeps one counter for all threads that turn a tree into objects, and where two do it at the same
time it raises `SystemError: AST constructor recursion depth mismatch` (python/cpython issue 106905). Code
that is not ours does it too: whoever lays out a traceback, for one. So what fails in that way is done again.
"""

import ast
import threading
import time

MARK = "\ufeff"
"""What some files begin with: Python takes it in bytes, and in a text does not."""
TRIES = 20
_alone = threading.Lock()


def parse(source: str | bytes) -> ast.Module:
    """The module. Raises as `ast.parse` does: `SyntaxError`, `ValueError`, `RecursionError` and such."""
    made = _made(source, "exec")
    assert isinstance(made, ast.Module)
    return made


def expression(source: str) -> ast.expr:
    """The only expression in a text. Raises as `parse` does."""
    made = _made(source, "eval")
    assert isinstance(made, ast.Expression)
    return made.body


def span(node: ast.AST) -> range:
    """The lines of a statement, from 1, decorators included."""
    line: int = node.lineno  # type: ignore[attr-defined]
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    last: int = getattr(node, "end_lineno", None) or line
    return range(min([line, *(decorator.lineno for decorator in decorators)]), last + 1)


def _made(source: str | bytes, mode: str) -> ast.AST:
    if isinstance(source, str):
        source = source.removeprefix(MARK)
    for left in reversed(range(TRIES)):
        try:
            with _alone:
                return ast.parse(source, mode=mode)
        except SystemError:
            if not left:
                raise
            time.sleep(0.001)
    raise AssertionError("the last try returns or raises")
