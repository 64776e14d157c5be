"""Second names for one thing, taken out of a snippet."""

import ast
from collections import Counter
from collections.abc import Sequence
from copy import deepcopy


def collapsed(statements: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements without those that only give a name a second one (`roads = graph`).

    The second name takes the place of one that the statements bind, else gives way to it. Both must be bound
    once at most; the last statement stays.
    """
    out = list(statements)
    for statement in statements[:-1]:
        pair = _alias(statement)
        bound = _bound(out)
        if pair is None or bound[pair[0]] != 1 or bound[pair[1]] > 1:
            continue
        second, first = pair
        change = _Renamed(first, second) if bound[first] else _Renamed(second, first)
        out = [change.visit(deepcopy(s)) for s in out if _alias(s) != pair]
    return out


def _alias(statement: ast.stmt) -> tuple[str, str] | None:
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target, value = statement.targets[0], statement.value
    both = isinstance(target, ast.Name) and isinstance(value, ast.Name)
    return (target.id, value.id) if both and target.id != value.id else None  # type: ignore[attr-defined]


def _bound(statements: Sequence[ast.stmt]) -> Counter[str]:
    """How often each name is bound, in any scope."""
    found: Counter[str] = Counter()
    for node in (n for s in statements for n in ast.walk(s)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store | ast.Del):
            found[node.id] += 1
        elif isinstance(node, ast.arg):
            found[node.arg] += 2
        elif isinstance(node, ast.Global | ast.Nonlocal):
            found.update(node.names * 2)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.ExceptHandler):
            found[node.name or ""] += 1
    return found


class _Renamed(ast.NodeTransformer):
    def __init__(self, old: str, new: str) -> None:
        self.old, self.new = old, new

    def visit_Name(self, node: ast.Name) -> ast.Name:
        return ast.Name(self.new if node.id == self.old else node.id, node.ctx)
