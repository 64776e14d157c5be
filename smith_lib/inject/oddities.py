"""What is odd in one node of a syntax tree: what a linter of common settings flags wherever it stands."""

import ast
from collections.abc import Callable, Sequence
from typing import Any

Parts = tuple[Any, ...]
"""A node's type and its fields: constants, and for what is below it the numbers of `Reader`, which say where
in its rows the parts of that are."""
_ENDS = frozenset({ast.Return, ast.Raise, ast.Continue, ast.Break})
_USELESS = frozenset({
    ast.Compare, ast.Name, ast.BinOp, ast.Attribute, ast.BoolOp, ast.Subscript, ast.UnaryOp, ast.Tuple,
    ast.List, ast.Dict,
})  # fmt: skip
_SET = frozenset({ast.Constant, ast.Tuple, ast.Lambda, ast.JoinedStr})
_FLAT = frozenset({ast.Sub, ast.BitXor, ast.Div, ast.FloorDiv})
_MAY_BE_EMPTY = frozenset({ast.ExceptHandler, ast.ClassDef})


def fields_of(kind: type[ast.AST]) -> tuple[str, ...]:
    """The fields that tell programs apart, in the order in which `Parts` has them after the type."""
    known = FIELDS.get(kind)
    if known is None:
        without = ("ctx", "type_comment", "type_ignores")
        known = FIELDS[kind] = tuple(name for name in kind._fields if name not in without)
    return known


FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}
_PLACES: dict[type[ast.AST], tuple[int, ...]] = {}


def _block_places(kind: type[ast.AST]) -> tuple[int, ...]:
    known = _PLACES.get(kind)
    if known is None:
        names = ("body", "orelse", "finalbody")
        known = _PLACES[kind] = tuple(at for at, name in enumerate(fields_of(kind), 1) if name in names)
    return known


def oddities(parts: Parts, rows: Sequence[Parts]) -> list[str]:
    """The oddities of a node itself, not of what is below it."""
    kind = parts[0]
    found: list[str] = []
    for at in _block_places(kind):
        block = parts[at]
        if block.__class__ is tuple and block:
            if any(rows[statement][0] in _ENDS for statement in block[:-1]):
                found.append("unreachable code")
            if len(block) == 1 and rows[block[0]][0] is ast.Pass and kind not in _MAY_BE_EMPTY:
                found.append("empty block")
    special = _SPECIAL.get(kind)
    if special is not None:
        special(parts, rows, found)
    return found


def _compare(parts: Parts, rows: Sequence[Parts], found: list[str]) -> None:
    if parts[3] == (parts[1],):
        found.append("compares a thing with itself")


def _calculation(parts: Parts, rows: Sequence[Parts], found: list[str]) -> None:
    if parts[2] in _FLAT and parts[1] == parts[3]:
        found.append("computes a thing with itself")


def _condition(parts: Parts, rows: Sequence[Parts], found: list[str]) -> None:
    values = parts[2]
    if len(set(values)) < len(values):
        found.append("repeats a condition")
    if any(rows[value][0] is ast.Constant for value in values[:-1]):
        found.append("constant condition")


def _choice(parts: Parts, rows: Sequence[Parts], found: list[str]) -> None:
    kind, test, body, orelse = parts
    if rows[test][0] in _SET:
        found.append("constant condition")
    if body == orelse:
        found.append("equal branches")
    if kind is ast.If and len(orelse) == 1 and rows[orelse[0]][0] is ast.If:
        tests = [test]
        while len(orelse) == 1 and rows[orelse[0]][0] is ast.If:
            _, test, _, orelse = rows[orelse[0]]
            tests.append(test)
        if len(set(tests)) < len(tests):
            found.append("repeats a condition")


def _expression(parts: Parts, rows: Sequence[Parts], found: list[str]) -> None:
    if rows[parts[1]][0] in _USELESS:
        found.append("useless expression")


def _assignment(parts: Parts, rows: Sequence[Parts], found: list[str]) -> None:
    if parts[1] == (parts[2],):
        found.append("assigns a thing to itself")


def _call(parts: Parts, rows: Sequence[Parts], found: list[str]) -> None:
    args = parts[2]
    if len(args) == 2 and args[0] == args[1] and rows[args[0]][0] is not ast.Constant:
        found.append("passes a thing twice")


def _mapping(parts: Parts, rows: Sequence[Parts], found: list[str]) -> None:
    keys = [key for key in parts[1] if key is not None and rows[key][0] is ast.Constant]
    if len(set(keys)) < len(keys):
        found.append("repeats a key")


def _trial(parts: Parts, rows: Sequence[Parts], found: list[str]) -> None:
    if any(rows[handler][1] is None for handler in parts[2][:-1]):
        found.append("unreachable handler")


def _handler(parts: Parts, rows: Sequence[Parts], found: list[str]) -> None:
    if parts[1] is None:
        found.append("bare except")


def _text(parts: Parts, rows: Sequence[Parts], found: list[str]) -> None:
    if all(rows[value][0] is not ast.FormattedValue for value in parts[1]):
        found.append("f-string without a field")


_SPECIAL: dict[type[ast.AST], Callable[[Parts, Sequence[Parts], list[str]], None]] = {
    ast.Compare: _compare, ast.BinOp: _calculation, ast.BoolOp: _condition, ast.If: _choice,
    ast.IfExp: _choice, ast.Expr: _expression, ast.Assign: _assignment, ast.Call: _call,
    ast.Dict: _mapping, ast.Try: _trial, ast.ExceptHandler: _handler, ast.JoinedStr: _text,
}  # fmt: skip
