"""Loops: what is set up once for all turns, or anew for each."""

from collections.abc import Iterator
from typing import Any

import libcst as cst

from smith_lib.inject.nodes import (
    call_name,
    descendants,
    is_commented,
    small,
    statements,
    with_statements,
    without_blank,
)
from smith_lib.inject.operator import Context, operator
from smith_lib.inject.reads import binds, reads

EMPTY = ("list", "dict", "set")
"""Calls that make something empty, where they have no arguments."""


def _fresh(statement: cst.BaseStatement) -> str:
    """The name that a statement sets to something empty, zero, None or a flag; empty where it does not."""
    match small(statement):
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value):
            pass
        case _:
            return ""
    match value:
        case cst.List(elements=[]) | cst.Dict(elements=[]) | cst.Integer() | cst.SimpleString():
            return name
        case cst.Name(value="None" | "True" | "False"):
            return name
        case cst.Call(args=[]) if call_name(value) in EMPTY:
            return name
    return ""


def _updates(name: str, body: list[cst.BaseStatement]) -> bool:
    """Whether the statements set or grow what bears the name."""
    for node in (n for s in body for n in (s, *descendants(s))):
        match node:
            case cst.AugAssign(target=target) | cst.AssignTarget(target=target):
                held = target.value if isinstance(target, cst.Subscript) else target
            case cst.Call(func=cst.Attribute(value=held)):
                pass
            case _:
                continue
        if isinstance(held, cst.Name) and held.value == name:
            return True
    return False


@operator(
    "logic_error",
    (
        "def f(a):\n    b = []\n    for x in a:\n        b.append(x)\n    return b\n",
        "def f(a):\n    for x in a:\n        b = []\n        b.append(x)\n    return b\n",
    ),
    quiet="b = 0\nfor x in a:\n    f(b)\n",
)
def start_in_loop(node: cst.IndentedBlock) -> Iterator[cst.IndentedBlock]:
    """The loop that starts what it gathers anew in every turn."""
    body = list(node.body)
    for at in range(len(body) - 1):
        line, loop = body[at : at + 2]
        name = _fresh(line)
        if not name or not isinstance(loop, cst.For | cst.While):
            continue
        inside = statements(loop.body)
        asked = loop.iter if isinstance(loop, cst.For) else loop.test
        if inside and _updates(name, inside) and name not in reads(asked):
            moved = [line.with_changes(leading_lines=()), *inside]
            above = [*getattr(line, "leading_lines", ()), *without_blank([loop])[0].leading_lines]
            grown = loop.with_changes(body=with_statements(loop.body, moved), leading_lines=above)
            yield node.with_changes(body=[*body[:at], grown, *body[at + 2 :]])


@operator(
    "logic_error",
    (
        "for x in a:\n    b = []\n    for y in x:\n        b.append(y)\n    f(b)\n",
        "b = []\nfor x in a:\n    for y in x:\n        b.append(y)\n    f(b)\n",
    ),
    quiet="for x in a:\n    b = 0\n    f(b, x)\n",
)
def start_before_loop(node: cst.For | cst.While, context: Context) -> Iterator[Any]:
    """The loop that goes on with what the turn before left, where it should start anew."""
    body = statements(node.body)
    block, place = context.siblings(node)
    known = {name for statement in block[:place] for name in binds(statement)}
    for at, line in enumerate(body[:-1]):
        name = _fresh(line)
        if not isinstance(line, cst.SimpleStatementLine):
            break
        if not name or name in known or is_commented(line):
            continue
        rest = [*body[:at], *body[at + 1 :]]
        if _updates(name, rest) and not any(name in binds(s) | reads(s) for s in body[:at]):
            start = line.with_changes(leading_lines=node.leading_lines)
            left = [*body[:at], *(without_blank(body[1:]) if at == 0 else body[at + 1 :])]
            loop = node.with_changes(body=with_statements(node.body, left), leading_lines=())
            yield cst.FlattenSentinel([start, loop])


@operator(
    "logic_error",
    ("d[k].append(v)\n", "d[k] = [v]\n"),
    quiet="b.append(v)\n",
)
def single_for_append(node: cst.Expr) -> Iterator[cst.Assign]:
    """The list under a key made anew for each thing that belongs into it."""
    match node.value:
        case cst.Call(
            func=cst.Attribute(value=cst.Subscript() as holder, attr=cst.Name(value="append")),
            args=[cst.Arg(keyword=None, star="", value=value)],
        ):
            one = cst.List([cst.Element(value)])
            yield cst.Assign([cst.AssignTarget(holder)], one)
