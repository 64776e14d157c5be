"""Python source as a syntax tree, made by one thread at a time.

CPython 3.11 keeps one counter for all threads that turn a tree into objects, and where two do it at the same
time it raises `SystemError: AST constructor recursion depth mismatch` (python/cpython issue 106905).
"""

import ast
import threading

_alone = threading.Lock()


def parse(source: str | bytes) -> ast.Module:
    """The module. Raises as `ast.parse` does: `SyntaxError`, `ValueError`, `RecursionError` and such."""
    with _alone:
        return ast.parse(source)


def expression(source: str) -> ast.expr:
    """The only expression in a text. Raises as `parse` does."""
    with _alone:
        return ast.parse(source, mode="eval").body
