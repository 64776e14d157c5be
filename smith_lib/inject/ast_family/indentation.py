"""Statements one level too deep or not deep enough: the slip that moves whole stretches of code."""

from collections.abc import Iterator, Sequence
from typing import Any

import libcst as cst
import libcst.matchers as m

from smith_lib.inject.nodes import (
    children,
    descendants,
    ends,
    is_commented,
    n_statements,
    negated,
    small,
    statements,
    unwrapped,
    with_statements,
    without_blank,
)
from smith_lib.inject.operator import Context, operator

Block = list[cst.BaseStatement]
LONGEST = 10
"""Statements that are moved at once, at most, those inside others included."""
SHORT = 10
"""Nodes in a value that somebody may lose without noticing."""
MOST_OF_LOOP = 4
"""Statements at a loop's end that are moved out of it, at most."""
REST = 12
"""Statements after an early exit, at most."""


_WHOLE = cst.FunctionDef | cst.ClassDef | cst.For | cst.While | cst.Try | cst.With
"""Statements that nobody moves into a branch or loop before by a slip."""


def _splits(body: Sequence[cst.BaseStatement]) -> Iterator[int]:
    """Where a block's end may start that is moved by a slip."""
    yield from (n for n in range(1, len(body)) if n_statements(body[n:]) <= LONGEST)


def _leaves_loop(body: Sequence[cst.CSTNode]) -> bool:
    for node in body:
        if isinstance(node, cst.Break | cst.Continue):
            return True
        if not isinstance(node, cst.For | cst.While | cst.FunctionDef | cst.BaseExpression) and _leaves_loop(
            children(node)
        ):
            return True
    return False


@operator("logic_error", ("for x in a:\n    b = f(x)\n    g(b)\n", "for x in a:\n    b = f(x)\ng(b)\n"))
def dedent_loop_end(node: cst.For, context: Context) -> Iterator[Any]:
    """The end of a loop's body moved out, so that it is done once, after the loop."""
    body = statements(node.body)
    if node.orelse is not None or node.asynchronous is not None:
        return
    for at in _splits(body):
        kept, moved = body[:at], body[at:]
        block, place = context.siblings(node)
        if ends(kept) or _leaves_loop(moved) or (ends(moved) and place + 1 < len(block)):
            continue
        if n_statements(moved) > MOST_OF_LOOP:
            continue
        yield cst.FlattenSentinel([node.with_changes(body=with_statements(node.body, kept)), *moved])


@operator("logic_error", ("if a:\n    b = f(a)\n    g(b)\n", "if a:\n    b = f(a)\ng(b)\n"))
def dedent_branch_end(node: cst.If, context: Context) -> Iterator[Any]:
    """The end of a branch moved out, so that it is always done."""
    body = statements(node.body)
    if node.orelse is not None or isinstance(context.parent(node), cst.If):
        return
    block, place = context.siblings(node)
    for at in _splits(body):
        kept, moved = body[:at], body[at:]
        if ends(kept) or (ends(moved) and place + 1 < len(block)):
            continue
        yield cst.FlattenSentinel([node.with_changes(body=with_statements(node.body, kept)), *moved])


@operator(
    "logic_error",
    ("def f(a):\n    if a:\n        g()\n    h()\n", "def f(a):\n    if a:\n        g()\n        h()\n"),
)
def indent_into_branch(node: cst.IndentedBlock) -> Iterator[Any]:
    """The statements after a branch moved into it, so that they depend on its condition."""
    yield from _indented(node, cst.If)


@operator(
    "logic_error",
    (
        "def f(a):\n    for x in a:\n        g(x)\n    h()\n",
        "def f(a):\n    for x in a:\n        g(x)\n        h()\n",
    ),
)
def indent_into_loop(node: cst.IndentedBlock) -> Iterator[Any]:
    """The statements after a loop moved into it, so that they are done in every turn."""
    yield from _indented(node, cst.For)


def _indented(node: cst.IndentedBlock, kind: type[cst.If] | type[cst.For]) -> Iterator[Any]:
    body: Block = list(node.body)
    for at, holder in enumerate(body[:-1]):
        if not isinstance(holder, kind) or holder.orelse is not None:
            continue
        inside = statements(holder.body)
        if not inside or ends(inside):
            continue
        for to in range(at + 2, min(len(body), at + 1 + LONGEST) + 1):
            moved = body[at + 1 : to]
            if any(isinstance(s, _WHOLE) for s in moved) or ends(moved) or n_statements(moved) > LONGEST:
                break
            grown = holder.with_changes(body=with_statements(holder.body, [*inside, *moved]))
            yield node.with_changes(body=[*body[:at], grown, *body[to:]])


@operator(
    "logic_error", ("if a:\n    f()\nelse:\n    g()\n    h()\n", "if a:\n    f()\nelse:\n    g()\nh()\n")
)
def dedent_else_end(node: cst.If, context: Context) -> Iterator[Any]:
    """The end of the last branch moved out, so that it is always done."""
    if isinstance(context.parent(node), cst.If) or not isinstance(node.orelse, cst.Else):
        return
    body = statements(node.orelse.body)
    block, place = context.siblings(node)
    for at in _splits(body):
        kept, moved = body[:at], body[at:]
        if ends(kept) or ends(statements(node.body)) or (ends(moved) and place + 1 < len(block)):
            continue
        shorter = node.orelse.with_changes(body=with_statements(node.orelse.body, kept))
        yield cst.FlattenSentinel([node.with_changes(orelse=shorter), *moved])


@operator("logic_error", ("if a:\n    f()\nelse:\n    g()\n    h()\n", "if a:\n    f()\ng()\nh()\n"))
def drop_else(node: cst.If, context: Context) -> Iterator[Any]:
    """The alternative done in every case."""
    if isinstance(context.parent(node), cst.If) or not isinstance(node.orelse, cst.Else):
        return
    body = statements(node.orelse.body)
    block, place = context.siblings(node)
    if body and not ends(statements(node.body)) and (not ends(body) or place + 1 == len(block)):
        lead = [*node.orelse.leading_lines, *getattr(body[0], "leading_lines", ())]
        first = body[0].with_changes(leading_lines=lead)
        yield cst.FlattenSentinel([node.with_changes(orelse=None), first, *body[1:]])


@operator(
    "edge_case",
    ("if a:\n    if b:\n        f()\n        g()\n", "if a:\n    f()\n    g()\n"),
    quiet="if a:\n    if b:\n        # only where b\n        f()\n        g()\n",
)
def drop_inner_condition(node: cst.If, context: Context) -> Iterator[Any]:
    """The code under two conditions, done under the outer one alone."""
    above = context.parent(context.parent(node) or node)
    body = statements(node.body)
    if (
        node.orelse is None
        and body
        and isinstance(above, cst.If | cst.Else)
        and not isinstance(context.parent(node), cst.If)
    ):
        block, place = context.siblings(node)
        refusal = isinstance(small(body[-1]), cst.Raise)
        if not refusal and not is_commented(body[0]) and (not ends(body) or place + 1 == len(block)):
            yield unwrapped(node, body)


@operator(
    "edge_case",
    [
        (
            "def f(a):\n    if a:\n        return 1\n    g()\n    return h()\n",
            "def f(a):\n    if not a:\n        g()\n        return h()\n",
        ),
        (
            "for x in a:\n    if x.b and x.c:\n        continue\n    g(x)\n",
            "for x in a:\n    if not x.b and not x.c:\n        g(x)\n",
        ),
    ],
    quiet=("if a:\n    f()\ng()\n", "def f(a):\n    if a is None:\n        return\n    g(a)\n"),
)
def nest_rest(node: cst.IndentedBlock) -> Iterator[Any]:
    """The early exit made a condition around the rest, its value lost or each term negated."""
    body: Block = list(node.body)
    for at, holder in enumerate(body[:-1]):
        if not isinstance(holder, cst.If) or holder.orelse is not None or len(body) - at > REST:
            continue
        rest = without_blank(body[at + 1 :])
        inside = statements(holder.body)
        if not inside or any(isinstance(s, cst.FunctionDef | cst.ClassDef) for s in rest):
            continue
        match small(inside[-1]):
            case cst.Return(value=v) if v is not None and _is_short(v) and _gives(rest):
                opposite = with_statements(holder.body, rest)
                yield node.with_changes(
                    body=[*body[:at], holder.with_changes(test=negated(holder.test), body=opposite)]
                )
            case cst.Return(value=None) | cst.Continue() if (
                len(inside) == 1 and isinstance(holder.test, cst.BooleanOperation)
            ):
                yield node.with_changes(
                    body=[
                        *body[:at],
                        holder.with_changes(
                            test=_negated_each(holder.test), body=with_statements(holder.body, rest)
                        ),
                    ]
                )


def _gives(rest: Block) -> bool:
    """Whether a function that ends so gives something."""
    last = small(rest[-1])
    return isinstance(last, cst.Return) and last.value is not None


def _is_short(value: cst.BaseExpression) -> bool:
    """Whether a value is something, and little."""
    return not m.matches(value, m.Name("None")) and sum(1 for _ in descendants(value)) <= SHORT


def _negated_each(test: cst.BaseExpression) -> cst.BaseExpression:
    """The condition with each of its terms negated and its `and` and `or` as they were."""
    if not isinstance(test, cst.BooleanOperation):
        return negated(test)
    return test.with_changes(left=_negated_each(test.left), right=_negated_each(test.right))
