"""What a piece of code binds and reads, and which pieces are the same code."""

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from smith_lib.inject.oddities import FIELDS, Parts, fields_of, oddities

BLOCKS = frozenset({"body", "orelse", "finalbody", "handlers", "cases"})
"""Fields of a statement that hold statements, or parts that hold statements."""


@dataclass(slots=True)
class Reading:
    """How often a piece of code binds and reads each name, and the oddities in it."""

    loads: Counter[str] = field(default_factory=Counter)
    stores: Counter[str] = field(default_factory=Counter)
    """Local names bound by plain assignment, `except ... as`, `with ... as`, imports or inner functions."""
    bound: Counter[str] = field(default_factory=Counter)
    """All local names that are bound, parameters and loop targets included."""
    arguments: Counter[str] = field(default_factory=Counter)
    oddities: Counter[str] = field(default_factory=Counter)


class Reader:
    """Reads syntax trees and numbers their nodes; nodes of one number are the same code."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self.rows: list[Parts] = []
        """What each number stands for."""
        self.odd: list[tuple[str, ...]] = []
        """The oddities of each number's node itself, not of what is below it."""
        self._numbers: dict[Parts, int] = {}

    def number(self, parts: Parts) -> int:
        """The number of a node."""
        known = self._numbers.get(parts)
        if known is None:
            known = self._numbers[parts] = len(self.rows)
            self.rows.append(parts)
            self.odd.append(tuple(oddities(parts, self.rows)))
        return known

    def read(self, node: ast.AST, into: Reading, keep: dict[int, int] | None = None) -> int:
        """The number of the node; adds what it binds and reads, keeps the numbers of statements by `id`."""
        kind = node.__class__
        if kind is ast.Name:
            name: str = node.id  # type: ignore[attr-defined]
            if node.ctx.__class__ is ast.Store:  # type: ignore[attr-defined]
                into.bound[name] = into.bound.get(name, 0) + 1
            else:
                into.loads[name] = into.loads.get(name, 0) + 1
            return self.number((kind, name))
        if kind is ast.Constant:
            number = self.number(_constant(node))
        else:
            number = self.number(self.parts(node, into, (), keep))
        if self.odd[number]:
            into.oddities.update(self.odd[number])
        if keep is not None and isinstance(node, ast.stmt):
            keep[id(node)] = number
        return number

    def parts(
        self, node: ast.AST, into: Reading, without: Iterable[str], keep: dict[int, int] | None = None
    ) -> Parts:
        """The node's own parts, some fields left empty; its oddities are not added."""
        kind = node.__class__
        names = _NAMES.get(kind)
        if names is not None:
            names(node, into)
        parts: list[Any] = [kind]
        for name in FIELDS.get(kind) or fields_of(kind):
            value = None if name in without else getattr(node, name, None)
            if value.__class__ is list:
                value = tuple([self.read(v, into, keep) if isinstance(v, ast.AST) else v for v in value])
            elif isinstance(value, ast.AST):
                value = self.read(value, into, keep) if value._fields else value.__class__
            parts.append(value)
        return tuple(parts)


def _constant(node: Any) -> Parts:
    value = node.value
    plain = value.__class__ in (str, int, bytes, bool)
    return ast.Constant, value.__class__, value if plain else repr(value), node.kind


def _argument(node: ast.arg, into: Reading) -> None:
    into.arguments[node.arg] += 1
    into.bound[node.arg] += 1


def _definition(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef, into: Reading) -> None:
    into.bound[node.name] += 1


def _named(node: ast.ExceptHandler | ast.MatchAs | ast.MatchStar, into: Reading) -> None:
    if node.name is not None:
        into.bound[node.name] += 1
        into.stores[node.name] += 1


def _import(node: ast.Import | ast.ImportFrom, into: Reading) -> None:
    for alias in node.names:
        name = (alias.asname or alias.name).split(".")[0]
        into.bound[name] += 1
        into.stores[name] += 1


def _declaration(node: ast.Global | ast.Nonlocal, into: Reading) -> None:
    into.loads.update(node.names)


def _targets(targets: Sequence[ast.expr], into: Reading) -> None:
    for target in targets:
        for part in target.elts if isinstance(target, ast.Tuple) else (target,):
            if isinstance(part, ast.Name):
                into.stores[part.id] += 1


def _assign(node: ast.Assign, into: Reading) -> None:
    _targets(node.targets, into)


def _target(node: ast.AnnAssign | ast.AugAssign | ast.NamedExpr, into: Reading) -> None:
    _targets((node.target,), into)


def _item(node: ast.withitem, into: Reading) -> None:
    if node.optional_vars is not None:
        _targets((node.optional_vars,), into)


_NAMES: dict[type[ast.AST], Callable[[Any, Reading], None]] = {
    ast.arg: _argument, ast.FunctionDef: _definition, ast.AsyncFunctionDef: _definition,
    ast.ClassDef: _definition, ast.ExceptHandler: _named, ast.MatchAs: _named, ast.MatchStar: _named,
    ast.Import: _import, ast.ImportFrom: _import, ast.Global: _declaration, ast.Nonlocal: _declaration,
    ast.Assign: _assign, ast.AnnAssign: _target, ast.AugAssign: _target, ast.NamedExpr: _target,
    ast.withitem: _item,
}  # fmt: skip
