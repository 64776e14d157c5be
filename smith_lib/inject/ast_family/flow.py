"""The flow of control: missing returns and breaks, swapped statements, loops that end early."""

from collections.abc import Iterator
from typing import Any

import libcst as cst

from smith_lib.inject.nodes import (
    descendants,
    ends,
    is_remarked,
    n_statements,
    needs_value,
    small,
    statements,
    with_statements,
)
from smith_lib.inject.operator import Context, operator
from smith_lib.inject.reads import binds, reads


@operator(
    "logic_error",
    (
        "for x in a:\n    if x:\n        break\n    f(x)\n",
        "for x in a:\n    if x:\n        continue\n    f(x)\n",
    ),
)
def continue_for_break(node: cst.Break, context: Context) -> Iterator[cst.Continue]:
    """The loop that goes on where it should end."""
    line = context.parent(node)
    if line is not None and _follows(line, context):
        yield cst.Continue()


@operator(
    "logic_error",
    (
        "for x in a:\n    if x:\n        continue\n    f(x)\n",
        "for x in a:\n    if x:\n        break\n    f(x)\n",
    ),
)
def break_for_continue(node: cst.Continue) -> Iterator[cst.Break]:
    """The loop that ends where it should go on."""
    yield cst.Break()


def _follows(line: cst.CSTNode, context: Context) -> bool:
    """Whether something follows in the loop after the statement that holds the line."""
    above: cst.CSTNode | None = line
    while above is not None and not isinstance(above, cst.For | cst.While | cst.FunctionDef):
        block, at = context.siblings(above)
        if at + 1 < len(block):
            return True
        above = context.parent(above)
    return False


@operator(
    "logic_error",
    ("for x in a:\n    if x:\n        b = x\n        break\n", "for x in a:\n    if x:\n        b = x\n"),
)
def drop_break(node: cst.SimpleStatementLine, context: Context) -> Iterator[Any]:
    """The loop that misses its way out, so that the last match counts."""
    _block, at = context.siblings(node)
    if at > 0 and isinstance(small(node), cst.Break | cst.Continue):
        above = context.parent(node)
        while above is not None and not isinstance(above, cst.For | cst.While):
            above = context.parent(above)
        otherwise = isinstance(above, cst.For) and above.orelse is not None
        if (isinstance(above, cst.For) and not otherwise) or isinstance(small(node), cst.Continue):
            yield cst.RemoveFromParent()


@operator(
    "null_handling",
    ("def f(a):\n    b = g(a)\n    h(b)\n    return b\n", "def f(a):\n    b = g(a)\n    h(b)\n"),
)
def drop_return(node: cst.SimpleStatementLine, context: Context) -> Iterator[Any]:
    """The function that forgets to return what it made."""
    block, at = context.siblings(node)
    statement = small(node)
    if (
        isinstance(statement, cst.Return)
        and at > 0
        and at == len(block) - 1
        and isinstance(statement.value, cst.Name | cst.Attribute)
        and isinstance(context.parent(context.parent(node) or node), cst.FunctionDef)
    ):
        yield cst.RemoveFromParent()
    if isinstance(statement, cst.Return) and isinstance(statement.value, cst.Call):
        yield node.with_changes(body=[cst.Expr(statement.value)])


@operator(
    "logic_error",
    (
        "def f(a):\n    for x in a:\n        g(x)\n    return a\n",
        "def f(a):\n    for x in a:\n        g(x)\n        return a\n",
    ),
)
def return_in_loop(node: cst.IndentedBlock) -> Iterator[cst.IndentedBlock]:
    """The function that returns from within its loop, in the first turn."""
    body = list(node.body)
    for at in range(len(body) - 1):
        loop, line = body[at : at + 2]
        if isinstance(loop, cst.For) and isinstance(small(line), cst.Return) and loop.orelse is None:
            inner = statements(loop.body)
            if inner and not ends(inner) and at + 2 == len(body):
                moved = loop.with_changes(body=with_statements(loop.body, [*inner, _close(line)]))
                yield node.with_changes(body=[*body[:at], moved])


def _close(line: cst.BaseStatement) -> cst.BaseStatement:
    kept = [blank for blank in getattr(line, "leading_lines", ()) if blank.comment is not None]
    return line.with_changes(leading_lines=kept)


@operator(
    "logic_error",
    (
        "def f(a):\n    b = g(a)\n    a = h(a)\n    return a + b\n",
        "def f(a):\n    a = h(a)\n    b = g(a)\n    return a + b\n",
    ),
)
def swap_statements(node: cst.IndentedBlock) -> Iterator[cst.IndentedBlock]:
    """Two neighbouring statements in the wrong order, where one reads what the other sets."""
    body = list(node.body)
    for at in range(len(body) - 1):
        one, two = body[at : at + 2]
        if not isinstance(one, cst.SimpleStatementLine) or not isinstance(two, cst.SimpleStatementLine):
            continue
        if isinstance(small(two), cst.Return | cst.Raise | cst.Break | cst.Continue) or small(two) is None:
            continue
        depends = (binds(one) & reads(two)) | (binds(two) & reads(one))
        fresh = binds(one) - reads(one) - {name for s in body[:at] for name in binds(s)}
        if depends and not (fresh & reads(two) and not _assigned_before(fresh, body[:at])):
            swapped = [
                two.with_changes(leading_lines=one.leading_lines),
                one.with_changes(leading_lines=two.leading_lines),
            ]
            yield node.with_changes(body=[*body[:at], *swapped, *body[at + 2 :]])


def _assigned_before(names: frozenset[str] | set[str], body: list[cst.BaseStatement]) -> bool:
    return any(names & binds(statement) for statement in body)


@operator("off_by_one", ("i += 1\nx = a[i]\n", "x = a[i]\ni += 1\n"))
def move_step(node: cst.IndentedBlock | cst.Module) -> Iterator[Any]:
    """The counter that is stepped after its use where it was stepped before, or the other way round."""
    body = list(node.body)
    for at in range(len(body) - 1):
        one, two = body[at : at + 2]
        if not isinstance(one, cst.SimpleStatementLine) or not isinstance(two, cst.SimpleStatementLine):
            continue
        steps = [isinstance(small(s), cst.AugAssign) for s in (one, two)]
        step, other = (one, two) if steps[0] else (two, one)
        if steps.count(True) == 1 and binds(step) & reads(other) and not binds(other) & reads(step):
            if isinstance(small(two), cst.Return | cst.Raise):
                continue
            swapped = [
                two.with_changes(leading_lines=one.leading_lines),
                one.with_changes(leading_lines=two.leading_lines),
            ]
            yield node.with_changes(body=[*body[:at], *swapped, *body[at + 2 :]])


@operator("logic_error", ("while a:\n    b = f(a)\n    c(b)\n", "if a:\n    b = f(a)\n    c(b)\n"))
def if_for_while(node: cst.While) -> Iterator[Any]:
    """The loop whose body is done once at most."""
    if (
        node.orelse is None
        and not any(isinstance(n, cst.Break | cst.Continue) for n in descendants(node.body))
        and not (isinstance(node.test, cst.Name) and node.test.value == "True")
    ):
        yield cst.If(node.test, node.body, leading_lines=node.leading_lines)


@operator(
    "logic_error",
    ("if a:\n    f()\nelif b:\n    g()\n", "if a:\n    f()\nif b:\n    g()\n"),
    quiet="if a:\n    f()\nelse:\n    g()\n",
)
def if_for_elif(node: cst.If, context: Context) -> Iterator[Any]:
    """The later branches tested also where an earlier one was taken."""
    if (
        isinstance(node.orelse, cst.If)
        and not isinstance(context.parent(node), cst.If)
        and not ends(statements(node.body))
    ):
        yield cst.FlattenSentinel([node.with_changes(orelse=None), node.orelse])


MOST_SWAPPED = 8
"""Statements in two branches that somebody may swap without noticing."""


@operator(
    "logic_error",
    ("if a:\n    f()\nelse:\n    g()\n", "if a:\n    g()\nelse:\n    f()\n"),
    quiet=(
        "# where a\nif a:\n    f()\n# or not\nelse:\n    g()\n",
        "if a:\n    f()\nelse:  # never so far\n    g()\n",
        "if a is None:\n    f()\nelse:\n    g(a.b)\n",
    ),
)
def swap_branches(node: cst.If) -> Iterator[cst.If]:
    """The two branches, of few statements and without comments that tell them apart, swapped."""
    if (
        isinstance(node.orelse, cst.Else)
        and not any(is_remarked(case) for case in (node.with_changes(leading_lines=()), node.orelse))
        and n_statements([node.body, node.orelse.body]) <= MOST_SWAPPED
        and not needs_value(node.test, node.orelse.body)
        and isinstance(node.body, cst.IndentedBlock)
        and isinstance(node.orelse.body, cst.IndentedBlock)
    ):
        yield node.with_changes(body=node.orelse.body, orelse=node.orelse.with_changes(body=node.body))
