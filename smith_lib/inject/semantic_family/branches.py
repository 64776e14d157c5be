"""Branches: a case forgotten, cases in the wrong order, a condition that no longer tells them apart."""

from collections.abc import Iterator
from typing import Any

import libcst as cst

from smith_lib.inject.nodes import (
    asks_for_key,
    call_name,
    descendants,
    ends,
    is_commented,
    is_remarked,
    n_statements,
    needs_value,
    negated,
    refuses,
    same,
    small,
    statements,
    unwrapped,
)
from smith_lib.inject.operator import Context, operator

MOST_MIXED_UP = 8
"""Statements in two cases that somebody may mix up without noticing."""
MOST_GONE = 6
"""Statements of a case that somebody may forget."""
MOST_KEPT = 4
"""Statements of the alternative that is then done always."""
MOST_NEEDLESS = 3
"""Statements of an alternative that somebody may take for needless."""


def _is_of_type(test: cst.BaseExpression) -> bool:
    """Whether a condition asks for a type, on which its case depends."""
    asked = ("isinstance", "issubclass", "hasattr", "type")
    return any(call_name(n) in asked for n in (test, *descendants(test)))


def _leaves(block: cst.BaseSuite) -> bool:
    """Whether a case only goes on, or ends in an error."""
    body = statements(block)
    only = len(body) == 1 and isinstance(small(body[0]), cst.Continue | cst.Break | cst.Pass)
    return only or (bool(body) and isinstance(small(body[-1]), cst.Raise))


def _is_inner(node: cst.If, context: Context) -> bool:
    return isinstance(context.parent(node), cst.If)


@operator(
    "edge_case",
    [
        ("if a:\n    f()\nelif b:\n    g()\nelse:\n    h()\n", "if a:\n    f()\nelse:\n    h()\n"),
        ("if a:\n    f()\nelif b:\n    g()\n    h()\n", "if a:\n    f()\n"),
    ],
    family="semantic",
    quiet="if a:\n    f()\nelse:\n    g()\n",
)
def drop_elif(node: cst.If, context: Context) -> Iterator[cst.If]:
    """The chain of cases that forgets one of them."""
    if isinstance(node.orelse, cst.If) and n_statements([node.orelse.body]) <= MOST_GONE:
        yield node.with_changes(orelse=node.orelse.orelse)


@operator(
    "edge_case",
    ("if a:\n    f()\nelif b:\n    g()\nelse:\n    h()\n", "if b:\n    g()\nelse:\n    h()\n"),
    family="semantic",
    quiet="c()\n# where a\nif a:\n    f()\nelif b:\n    g()\n",
)
def drop_first_case(node: cst.If, context: Context) -> Iterator[cst.If]:
    """The chain of cases without its first."""
    if isinstance(node.orelse, cst.If) and not _is_inner(node, context) and not is_commented(node):
        yield node.orelse.with_changes(leading_lines=node.leading_lines)


@operator(
    "logic_error",
    (
        "if a:\n    f()\nelif b:\n    g()\nelse:\n    h()\n",
        "if b:\n    g()\nelif a:\n    f()\nelse:\n    h()\n",
    ),
    family="semantic",
)
def swap_cases(node: cst.If, context: Context) -> Iterator[cst.If]:
    """The chain of cases asked in another order, so that the wider one hides the narrower."""
    other = node.orelse
    if isinstance(other, cst.If):
        yield node.with_changes(
            test=other.test, body=other.body, orelse=other.with_changes(test=node.test, body=node.body)
        )


@operator(
    "logic_error",
    (
        "if a:\n    f()\nelif b:\n    g()\nelse:\n    h()\n",
        "if a:\n    g()\nelif b:\n    f()\nelse:\n    h()\n",
    ),
    family="semantic",
    quiet=(
        "if a:\n    # nothing there\n    f()\nelif b:\n    g()\n",
        "if not a:\n    f()\nelif b:\n    g(a.c)\n",
        "if isinstance(a, str):\n    f(a)\nelif b:\n    g()\n",
    ),
)
def mix_up_cases(node: cst.If) -> Iterator[cst.If]:
    """The chain of cases in which two do what the other should."""
    other = node.orelse
    if (
        isinstance(other, cst.If)
        and not any(is_remarked(case) for case in (node.with_changes(leading_lines=()), other))
        and not any(_is_of_type(case.test) or _leaves(case.body) for case in (node, other))
        and not needs_value(node.test, other.body)
        and not needs_value(other.test, node.body)
        and n_statements([node.body, other.body]) <= MOST_MIXED_UP
    ):
        yield node.with_changes(body=other.body, orelse=other.with_changes(body=node.body))


@operator(
    "edge_case",
    ("if a:\n    f()\nelse:\n    g()\n", "if a:\n    f()\n"),
    family="semantic",
)
def forget_alternative(node: cst.If) -> Iterator[cst.If]:
    """The condition that forgets what to do otherwise."""
    if isinstance(node.orelse, cst.Else):
        yield node.with_changes(orelse=None)


@operator(
    "logic_error",
    ("if a:\n    f()\nelse:\n    g()\n", "f()\n"),
    family="semantic",
    quiet="if a:\n    f()\nelif b:\n    g()\n",
)
def always_one_branch(node: cst.If, context: Context) -> Iterator[Any]:
    """One of two alternatives, taken in every case."""
    if isinstance(node.orelse, cst.Else) and not _is_inner(node, context):
        for block in (node.body, node.orelse.body):
            body = statements(block)
            siblings, at = context.siblings(node)
            gone = n_statements([node.body, node.orelse.body]) - n_statements(body)
            little = gone <= MOST_NEEDLESS and n_statements(body) <= MOST_KEPT
            if body and little and (not ends(body) or at + 1 == len(siblings)):
                yield unwrapped(node, body)


@operator(
    "edge_case",
    ("if a and b:\n    f()\nelse:\n    g()\n", "if a:\n    f()\nelse:\n    g()\n"),
    family="semantic",
)
def simplify_condition(node: cst.If | cst.While) -> Iterator[cst.CSTNode]:
    """The condition reduced to one of its terms."""
    test = node.test
    terms: list[cst.BaseExpression] = []
    while isinstance(test, cst.BooleanOperation):
        terms.insert(0, test.right)
        test = test.left
    terms.insert(0, test)
    if len(terms) > 1:
        for term in terms:
            yield node.with_changes(test=term)


@operator(
    "edge_case",
    (
        "match a:\n    case 1:\n        f()\n    case _:\n        g()\n",
        "match a:\n    case _:\n        g()\n",
    ),
    family="semantic",
)
def drop_match_case(node: cst.Match) -> Iterator[cst.Match]:
    """The match that forgets one of its cases."""
    for at in range(len(node.cases) if len(node.cases) > 1 else 0):
        yield node.with_changes(cases=[case for i, case in enumerate(node.cases) if i != at])


@operator(
    "logic_error",
    ("x = [f(y) for y in a if y.b]\n", "x = [f(y) for y in a]\n"),
    family="semantic",
)
def drop_filter(node: cst.CompFor) -> Iterator[cst.CompFor]:
    """The comprehension that no longer leaves anything out."""
    for at in range(len(node.ifs)):
        yield node.with_changes(ifs=[condition for i, condition in enumerate(node.ifs) if i != at])


@operator(
    "edge_case",
    ("for x in a:\n    if x.b:\n        continue\n    f(x)\n", "for x in a:\n    f(x)\n"),
    family="semantic",
)
def forget_to_skip(node: cst.If, context: Context) -> Iterator[Any]:
    """The loop that no longer skips, or stops at, what it should."""
    body = statements(node.body)
    if node.orelse is None and body and not _is_inner(node, context):
        last = body[-1]
        if isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[0], cst.Continue | cst.Break):
            block, _at = context.siblings(node)
            if len(block) > 1:
                yield cst.RemoveFromParent()


@operator(
    "logic_error",
    ("if a:\n    return b\nf()\n", "if not a:\n    return b\nf()\n"),
    family="semantic",
    quiet=("if a and b:\n    return c\n", "if a in b:\n    return b[a]\n", "if a:\n    raise b\n"),
)
def invert_guard(node: cst.If) -> Iterator[cst.If]:
    """The guard that leaves early in just the wrong cases."""
    if (
        node.orelse is None
        and ends(statements(node.body))
        and not refuses(node)
        and not isinstance(node.test, cst.BooleanOperation)
        and not asks_for_key(node.test, node.body)
    ):
        yield node.with_changes(test=negated(node.test))


@operator(
    "edge_case",
    (
        "if a:\n    x = 1\n    f(x)\nelse:\n    x = 2\n    f(x)\n",
        "x = 1\nf(x)\n",
    ),
    family="semantic",
)
def merge_alike_branches(node: cst.If, context: Context) -> Iterator[Any]:
    """The two branches that look alike merged into the first, as if they were the same."""
    if isinstance(node.orelse, cst.Else) and not _is_inner(node, context):
        one, two = statements(node.body), statements(node.orelse.body)
        if len(one) == len(two) > 1 and any(same(a, b) for a, b in zip(one, two, strict=True)):
            yield unwrapped(node, one)
