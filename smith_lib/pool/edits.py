"""What a fix does to the syntax tree, in words that fit fixes of people and bugs of operators alike."""

import ast
import warnings
from collections.abc import Iterator
from itertools import islice
from textwrap import dedent
from typing import Any

from smith_lib import diffs, syntax

TEXT = "change text"
"""What is said of code that does not parse."""
MOST = 40
"""Edits of one fix that are told."""
UNTOLD = frozenset({"ctx", "type_comment", "type_ignores", "kind"})
"""Fields of nodes that change nothing of what code does."""
DOCUMENTED = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module
KINDS: dict[str, tuple[type[ast.AST], ...]] = {
    "branch": (ast.If, ast.IfExp, ast.Match, ast.match_case),
    "condition": (ast.BoolOp, ast.Not, ast.boolop),
    "comparison": (ast.Compare, ast.cmpop),
    "loop": (ast.For, ast.AsyncFor, ast.While, ast.comprehension, ast.ListComp, ast.SetComp, ast.DictComp,
             ast.GeneratorExp),
    "call": (ast.Call, ast.Await),
    "argument": (ast.keyword, ast.Starred),
    "constant": (ast.Constant,),
    "name": (ast.Name, ast.Global, ast.Nonlocal),
    "attribute": (ast.Attribute,),
    "index": (ast.Subscript, ast.Slice),
    "result": (ast.Return, ast.Yield, ast.YieldFrom),
    "error": (ast.Raise, ast.Assert),
    "handler": (ast.Try, ast.ExceptHandler, ast.TryStar),
    "context": (ast.With, ast.AsyncWith, ast.withitem),
    "assignment": (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.NamedExpr, ast.Delete),
    "import": (ast.Import, ast.ImportFrom, ast.alias),
    "definition": (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda, ast.arguments, ast.arg),
    "arithmetic": (ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop),
    "text": (ast.JoinedStr, ast.FormattedValue),
    "collection": (ast.List, ast.Tuple, ast.Dict, ast.Set),
    "jump": (ast.Break, ast.Continue, ast.Pass),
}  # fmt: skip
"""Kinds of code by the nodes that they are."""
_KIND_OF = {node: name for name, nodes in KINDS.items() for node in nodes}


def edits_of(buggy: str, fixed: str) -> tuple[str, ...]:
    """The edits from buggy to fixed code, e.g. `("add condition", "change constant")`; none in docstrings.

    Code that stands deeper than the margin is taken as if it stood there. Where a side does not parse, it
    is one edit of the text.
    """
    try:
        differ = _Differ(dedent(buggy), dedent(fixed))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return () if buggy == fixed else (TEXT,)
    return tuple(islice(differ.edits(), MOST))


def _parsed(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return syntax.parse(text)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def kind_of(node: ast.AST) -> str:
    """What kind of code a node is."""
    if isinstance(node, ast.Expr):
        return kind_of(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return "condition"
    for base in type(node).__mro__:
        if base in _KIND_OF:
            return _KIND_OF[base]
    return "other"


class _Differ:
    """Two trees that are compared; statements by their text first, which is cheap."""

    def __init__(self, buggy: str, fixed: str) -> None:
        """Parse both sides. Raises as the parser does."""
        self._old, self._new = _parsed(buggy), _parsed(fixed)
        self._lines = diffs.lines_of(buggy), diffs.lines_of(fixed)

    def edits(self) -> Iterator[str]:
        """What makes the one the other."""
        yield from self._node(self._old, self._new)

    def _node(self, old: ast.AST, new: ast.AST) -> Iterator[str]:
        """The edits that make the one node the other."""
        if type(old) is not type(new):
            if ast.dump(old) != ast.dump(new):
                yield _otherwise(old, new)
            return
        own = False
        for name in old._fields:
            if name in UNTOLD:
                continue
            was, now = getattr(old, name, None), getattr(new, name, None)
            if isinstance(was, list) and isinstance(now, list):
                yield from self._lists(was, now, new)
            elif isinstance(was, ast.AST) and isinstance(now, ast.AST):
                yield from self._node(was, now)
            elif isinstance(now, ast.AST):
                yield f"add {kind_of(now)}"
            elif isinstance(was, ast.AST):
                yield f"drop {kind_of(was)}"
            elif was != now or type(was) is not type(now):
                own = True
        if own:
            yield f"change {kind_of(new)}"

    def _lists(self, old: list[Any], new: list[Any], holder: ast.AST) -> Iterator[str]:
        """The edits that make one list of nodes the other."""
        if not all(isinstance(one, ast.AST) for one in (*old, *new)):
            if old != new:
                yield f"change {kind_of(holder)}"
            return
        if isinstance(holder, DOCUMENTED):
            old, new = ([one for one in some if not _is_text(one)] for some in (old, new))
        if all(isinstance(one, ast.stmt) for one in (*old, *new)):
            keys = [[self._text(one, side) for one in some] for side, some in enumerate((old, new))]
            for i, a, j, b in diffs.runs(*keys):
                yield from self._run(old[i:a], new[j:b], holder)
        else:
            yield from self._run(old, new, holder)

    def _text(self, node: ast.stmt, side: int) -> str:
        return "".join(self._lines[side][syntax.span(node).start - 1 : node.end_lineno])

    def _run(self, old: list[Any], new: list[Any], holder: ast.AST) -> Iterator[str]:
        """The edits of a run of nodes, most of which are not as they were."""
        if len(old) == 1 and len(new) == 1:
            yield from self._node(old[0], new[0])
            return
        keys = [[ast.dump(one) for one in some] for some in (old, new)]
        for i, a, j, b in diffs.runs(*keys):
            yield from self._changed(old[i:a], new[j:b], holder)

    def _changed(self, old: list[Any], new: list[Any], holder: ast.AST) -> Iterator[str]:
        """The edits of a run in which no node is as it was."""
        if len(old) == 1 and len(new) == 1:
            yield from self._node(old[0], new[0])
            return
        left = list(old)
        for one in new:
            same = next((other for other in left if _is_same_thing(other, one)), None)
            if same is not None:
                left.remove(same)
                yield from self._node(same, one)
                continue
            left = [other for other in left if not _holds(one, other)]
            yield f"add {_element(one, holder)}"
        for other in left:
            yield f"drop {_element(other, holder)}"


def _otherwise(old: ast.AST, new: ast.AST) -> str:
    """The edit that puts one kind of node in the place of another: wrapped, unwrapped, or exchanged."""
    if _holds(new, old):
        return f"add {kind_of(new)}"
    if _holds(old, new):
        return f"drop {kind_of(old)}"
    return f"change {kind_of(old)}"


def _holds(outer: ast.AST, inner: ast.AST) -> bool:
    bare = inner.value if isinstance(inner, ast.Expr) else inner
    told = ast.dump(bare)
    return any(type(node) is type(bare) and ast.dump(node) == told for node in ast.walk(outer))


def _is_same_thing(old: ast.AST, new: ast.AST) -> bool:
    if type(old) is not type(new):
        return False
    return all(getattr(old, name, None) == getattr(new, name, None) for name in ("name", "arg"))


def _element(node: ast.AST, holder: ast.AST) -> str:
    """What kind of code it is to add or drop an element of what holds it."""
    if isinstance(holder, ast.Call):
        return "argument"
    if isinstance(holder, ast.BoolOp | ast.Compare):
        return "condition"
    return kind_of(node)
