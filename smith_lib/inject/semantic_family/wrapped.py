"""Caution that goes too far: whole bodies below a check, or in a `try`, that cost what they did before."""

from collections.abc import Iterator

import libcst as cst

from smith_lib.inject.nodes import (
    descendants,
    is_docstring,
    n_statements,
    statements,
    with_statements,
    without_blank,
)
from smith_lib.inject.operator import operator

FEWEST, MOST = 3, 20
"""Statements of a body that somebody puts below a check, those inside others included."""


def _parted(body: list[cst.BaseStatement]) -> tuple[list[cst.BaseStatement], list[cst.BaseStatement]]:
    """The docstring, and the rest; no rest where it is too short or too long."""
    head = body[:1] if body and is_docstring(body[0]) else []
    rest = body[len(head) :]
    return head, without_blank(rest) if rest and FEWEST <= n_statements(rest) <= MOST else []


def _gives(body: list[cst.BaseStatement]) -> bool:
    """Whether the statements return a value."""
    inside = (n for s in body for n in (s, *descendants(s)))
    return any(isinstance(n, cst.Return) and n.value is not None for n in inside)


def _reads(name: str, body: list[cst.BaseStatement]) -> bool:
    return any(isinstance(n, cst.Name) and n.value == name for s in body for n in descendants(s))


def _is_asked(name: str, first: cst.CSTNode) -> bool:
    """Whether a body begins with asking for the name, be it in a `try`."""
    checks = [n for n in (first, *descendants(first)) if isinstance(n, cst.If)]
    return any(_reads(name, [check.with_changes(body=cst.IndentedBlock([]))]) for check in checks)


@operator(
    "null_handling",
    (
        "def f(a, b):\n    c = g(a)\n    c.append(b)\n    return c\n",
        "def f(a, b):\n    if b:\n        c = g(a)\n        c.append(b)\n        return c\n",
    ),
    family="semantic",
    quiet=(
        "def f(a):\n    if a:\n        g(a)\n    b = h(a)\n    return b\n",
        "def f(a=None):\n    b = g(a)\n    b.append(a)\n    return b\n",
        "def f(a):\n    b = g(a)\n    b.append(a)\n    h(b)\n",
    ),
)
def only_with_value(node: cst.FunctionDef) -> Iterator[cst.FunctionDef]:
    """The function that does nothing, and gives None, where an argument is zero or empty."""
    head, rest = _parted(statements(node.body))
    names = [p.name.value for p in node.params.params if p.default is None]
    names = [name for name in names if name not in ("self", "cls")][:2]
    for name in names if rest and _gives(rest) else ():
        if _reads(name, rest) and not _is_asked(name, rest[0]):
            below = cst.If(cst.Name(name), cst.IndentedBlock(rest))
            yield node.with_changes(body=with_statements(node.body, [*head, below]))


@operator(
    "edge_case",
    (
        "for x in a:\n    y = f(x)\n    g(y)\n    h(x, y)\n",
        "for x in a:\n    if x:\n        y = f(x)\n        g(y)\n        h(x, y)\n",
    ),
    family="semantic",
    quiet="for x in a:\n    if not x:\n        continue\n    y = f(x)\n    g(y)\n",
)
def skip_falsy(node: cst.For) -> Iterator[cst.For]:
    """The loop that leaves out what is zero or empty."""
    targets = node.target.elements if isinstance(node.target, cst.Tuple) else [cst.Element(node.target)]
    _, rest = _parted(statements(node.body))
    for target in targets if rest else ():
        match target.value:
            case cst.Name(value=name) if _reads(name, rest) and not _is_asked(name, rest[0]):
                below = cst.If(cst.Name(name), cst.IndentedBlock(rest))
                yield node.with_changes(body=with_statements(node.body, [below]))


@operator(
    "edge_case",
    (
        "def f(a):\n    b = g(a)\n    c = h(b)\n    return c[0]\n",
        "def f(a):\n    try:\n        b = g(a)\n        c = h(b)\n        return c[0]\n"
        "    except Exception:\n        return None\n",
    ),
    family="semantic",
    quiet="def f(a):\n    b = g(a)\n    if not b:\n        raise ValueError(a)\n    return b\n",
)
def swallow_everything(node: cst.FunctionDef) -> Iterator[cst.FunctionDef]:
    """The function that gives None where what it calls raises an error."""
    head, rest = _parted(statements(node.body))
    inside = [n for s in rest for n in (s, *descendants(s))]
    if not _gives(rest) or any(isinstance(n, cst.Raise | cst.Try | cst.Yield) for n in inside):
        return
    line = cst.SimpleStatementLine([cst.Return(cst.Name("None"))])
    handler = cst.ExceptHandler(cst.IndentedBlock([line]), cst.Name("Exception"))
    caught = cst.Try(cst.IndentedBlock(rest), [handler])
    yield node.with_changes(body=with_statements(node.body, [*head, caught]))
