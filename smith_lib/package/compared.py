"""Two versions of a function in one program, which fails where they are seen to do different things."""

import ast
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files

from smith_lib import syntax
from smith_lib.diffs import lines_of
from smith_lib.validate.affected import same

_OTHER = "_smith_wrong"
_Def = ast.FunctionDef | ast.AsyncFunctionDef


def compared(clean: str, wrong: str) -> tuple[str, str] | None:
    """Two texts like the clean one, in which the only function that differs is told apart while it runs.

    The first fails where the wrong one is seen to do anything else in its place; the second has the clean
    function for both and fails where to compare itself makes tests fail. None where they differ in more than
    one function's body, or in one that cannot be compared: a coroutine.
    """
    try:
        one, other = _clean(clean), syntax.parse(wrong)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    found = _differing(one, other)
    if found is None:
        return None
    both, same = _pasted(clean, wrong, one, *found), _pasted(clean, clean, one, found[0], found[0])
    return (both, same) if both is not None and same is not None else None


@lru_cache(16)
def _clean(text: str) -> ast.Module:
    """The tree of a text that many are compared with; never changed."""
    return syntax.parse(text)


def _differing(one: ast.AST, other: ast.AST) -> tuple[ast.FunctionDef, ast.FunctionDef] | None:
    """The only function whose body differs, in both; the innermost, as far as the others are alike then."""
    mine, its = list(_functions(one)), list(_functions(other))
    if len(mine) != len(its):
        return None
    pairs = [(a, b) for a, b in zip(mine, its, strict=True) if not same(a, b)]
    if len(pairs) != 1:
        return None
    a, b = pairs[0]
    if not isinstance(a, ast.FunctionDef) or not isinstance(b, ast.FunctionDef) or _head(a) != _head(b):
        return None
    body, b.body = b.body, a.body
    alike = same(one, other)
    b.body = body
    return (_differing(a, b) or (a, b)) if alike else None


def _functions(node: ast.AST) -> Iterator[_Def]:
    """The functions below a node that lie in no other there."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, _Def):
            yield child
        elif not isinstance(child, ast.expr):
            yield from _functions(child)


def bodies(text: str) -> list[tuple[range, range]]:
    """The lines of each function that lies in no other, decorators included, and those of its body."""
    found = []
    for function in _functions(_clean(text)):
        lines = syntax.span(function)
        found.append((lines, range(function.body[0].lineno, lines.stop)))
    return found


def _head(function: ast.FunctionDef) -> str:
    bare = ast.FunctionDef(function.name, function.args, [], function.decorator_list, function.returns)
    return ast.dump(bare)


def _pasted(
    clean: str, wrong: str, tree: ast.Module, one: ast.FunctionDef, other: ast.FunctionDef
) -> str | None:
    lines, its = lines_of(clean), lines_of(wrong)
    indent = lines[one.lineno - 1][: one.col_offset]
    head = f"{indent}def {one.name}"
    text = "".join(its[other.lineno - 1 : other.end_lineno])
    if indent.strip() or not text.startswith(head):
        return None
    text = f"{indent}def {_OTHER}{text.removeprefix(head)}"
    first = syntax.span(one).start
    outer = next(s for s in tree.body if s.lineno <= one.lineno <= (s.end_lineno or s.lineno))
    top = syntax.span(outer).start
    whole = [*lines[first - 1 : one.lineno - 1], f"{indent}@_smith_both({_OTHER})\n",
             *lines[one.lineno - 1 : one.end_lineno]]  # fmt: skip
    return "".join([
        *lines[: top - 1], _helper(), *lines[top - 1 : first - 1], _ended(text), _ended("".join(whole)),
        f"{indent}del {_OTHER}\n", *lines[one.end_lineno :],
    ])  # fmt: skip


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


@cache
def _helper() -> str:
    return files("smith_lib.package.inside").joinpath("both.py").read_text(encoding="utf-8")
