"""Whole blocks as a merge may leave them: done twice, or in the wrong order."""

import itertools
from collections.abc import Iterator

import libcst as cst

from smith_lib.inject.nodes import call_name, descendants, is_commented, n_statements
from smith_lib.inject.operator import Context, operator
from smith_lib.inject.reads import binds, reads

SMALLEST, LARGEST = 3, 14
"""Statements of a block, those inside others included."""
UNMOVED = cst.FunctionDef | cst.ClassDef
COMPOUND = cst.If | cst.For | cst.While | cst.With | cst.Try
"""Statements that hold others."""
GROWS = frozenset({"append", "extend", "insert", "pop", "popleft", "write", "send", "appendleft", "next"})
"""Calls that do something else the second time."""


def _is_block(node: cst.CSTNode) -> bool:
    return isinstance(node, COMPOUND) and SMALLEST <= n_statements([node]) <= LARGEST


def _may_leave(node: cst.CSTNode) -> bool:
    """Whether control may leave by the block, so that what follows is not done."""
    leaving = cst.Return | cst.Raise | cst.Continue | cst.Break
    return any(isinstance(n, leaving) for n in descendants(node))


def _grows(node: cst.CSTNode) -> bool:
    """Whether a block does something else when it is done again."""
    inside = descendants(node)
    return any(isinstance(n, cst.AugAssign | cst.Yield) or call_name(n) in GROWS for n in inside)


@operator(
    "logic_error",
    (
        "for x in a:\n    if x:\n        b.append(x)\nf(b)\n",
        "for x in a:\n    if x:\n        b.append(x)\nfor x in a:\n    if x:\n        b.append(x)\nf(b)\n",
    ),
    quiet="for x in a:\n    if x:\n        b = x\nf(b)\n",
)
def repeat_block(node: cst.IndentedBlock | cst.Module) -> Iterator[cst.CSTNode]:
    """The block that is there twice, as a merge leaves it, and does something else the second time."""
    body = list(node.body)
    for at, block in enumerate(body):
        if not _is_block(block) or isinstance(block, cst.While) or is_commented(block):
            continue  # the second of two such loops finds its end reached
        if _grows(block) and not _may_leave(block):
            yield node.with_changes(body=[*body[: at + 1], block, *body[at + 1 :]])


@operator(
    "logic_error",
    (
        "def f(a, b):\n    if a:\n        b = g(b)\n        h()\n    for x in b:\n        k()\n        m()\n",
        "def f(a, b):\n    for x in b:\n        k()\n        m()\n    if a:\n        b = g(b)\n        h()\n",
    ),
    quiet="def f(a):\n    if a:\n        b = 1\n        c = 2\n    for x in a:\n        g(b)\n        h(c)\n",
)
def swap_blocks(node: cst.IndentedBlock, context: Context) -> Iterator[cst.IndentedBlock]:
    """Two neighbouring blocks in the wrong order, where one reads what the other sets."""
    body = list(node.body)
    for one, two in itertools.pairwise(body):
        sizes = n_statements([one]), n_statements([two])
        if not (_is_block(one) or _is_block(two)) or min(sizes) < 2 or max(sizes) > LARGEST:
            continue
        if any(isinstance(s, UNMOVED) or is_commented(s) or _may_leave(s) for s in (one, two)):
            continue
        fresh = {name for name in binds(one) & reads(two) if "." not in name} - {*context.variables(one)}
        if (binds(one) & reads(two) or binds(two) & reads(one)) and not fresh:
            first = two.with_changes(leading_lines=_lead(one))
            second = one.with_changes(leading_lines=_lead(two))
            at = body.index(one)
            yield node.with_changes(body=[*body[:at], first, second, *body[at + 2 :]])


def _lead(node: cst.CSTNode) -> list[cst.EmptyLine]:
    return [*getattr(node, "leading_lines", ())]
