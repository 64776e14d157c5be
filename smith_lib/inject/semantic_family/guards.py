"""Guards: the checks for nothing, for bounds, for kinds and for special cases that careful code makes."""

from collections.abc import Iterator
from typing import Any

import libcst as cst
import libcst.matchers as m

from smith_lib.inject.nodes import as_int, call_name, ends, n_statements, statements, unwrapped
from smith_lib.inject.operator import Context, operator

NONE = m.Name("None")
NONE_TEST = m.Comparison(
    comparisons=[m.ComparisonTarget(m.Is() | m.IsNot() | m.Equal() | m.NotEqual(), NONE)]
)
BOUND = m.ComparisonTarget(m.LessThan() | m.LessThanEqual() | m.GreaterThan() | m.GreaterThanEqual())
TYPE_CALLS = frozenset({"isinstance", "issubclass", "hasattr", "callable"})


def is_none_test(test: cst.BaseExpression) -> bool:
    """Whether a condition asks for None."""
    return m.matches(test, NONE_TEST)


def is_bound_test(test: cst.BaseExpression) -> bool:
    """Whether a condition compares by size."""
    return m.matches(test, m.Comparison(comparisons=[m.AtLeastN(BOUND, n=1)]))


def is_type_test(test: cst.BaseExpression) -> bool:
    """Whether a condition asks for a type or an ability."""
    if isinstance(test, cst.UnaryOperation):
        test = test.expression
    return call_name(test) in TYPE_CALLS


def is_emptiness_test(test: cst.BaseExpression) -> bool:
    """Whether a condition asks if something is empty or false."""
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        return isinstance(test.expression, cst.Name | cst.Attribute)
    match test:
        case cst.Comparison(left=left, comparisons=[cst.ComparisonTarget(comparator=value)]):
            empty = as_int(value) == 0 or (isinstance(value, cst.SimpleString) and len(value.value) == 2)
            return empty and (call_name(left) == "len" or isinstance(left, cst.Name | cst.Attribute))
    return False


MOST_FORGOTTEN = 4
"""Statements of a check that somebody may forget to write."""


def removed_guard(node: cst.If, context: Context) -> Iterator[Any]:
    """The code without a check that leaves early."""
    if n_statements([node.body]) > MOST_FORGOTTEN:
        return
    if node.orelse is not None or isinstance(context.parent(node), cst.If) or not ends(statements(node.body)):
        return
    block, at = context.siblings(node)
    if at + 1 < len(block):
        yield cst.RemoveFromParent()


def removed_wrapper(node: cst.If, context: Context) -> Iterator[Any]:
    """The body of a check without the check."""
    body = statements(node.body)
    if node.orelse is None and body and not isinstance(context.parent(node), cst.If) and not ends(body):
        yield unwrapped(node, body)


@operator(
    "null_handling",
    ("def f(a):\n    if a is None:\n        return 0\n    return a.b\n", "def f(a):\n    return a.b\n"),
    family="semantic",
    quiet="def f(a):\n    if a is None:\n        a = 1\n    return a\n",
)
def remove_none_guard(node: cst.If, context: Context) -> Iterator[Any]:
    """The function without its check for None that leaves early."""
    if is_none_test(node.test):
        yield from removed_guard(node, context)


@operator(
    "null_handling",
    ("if a is not None:\n    b = a.c\n    f(b)\n", "b = a.c\nf(b)\n"),
    family="semantic",
)
def unwrap_none_check(node: cst.If, context: Context) -> Iterator[Any]:
    """The code that was done only where there is a value, done always."""
    if is_none_test(node.test) and m.matches(
        node.test, m.Comparison(comparisons=[m.ComparisonTarget(m.IsNot())])
    ):
        yield from removed_wrapper(node, context)


@operator(
    "null_handling",
    ("def f(a):\n    if a is None:\n        a = []\n    return a\n", "def f(a):\n    return a\n"),
    family="semantic",
)
def remove_default_for_none(node: cst.If, context: Context) -> Iterator[Any]:
    """The function that no longer fills in a value for None."""
    body = statements(node.body)
    block, at = context.siblings(node)
    if node.orelse is None and is_none_test(node.test) and not ends(body) and at + 1 < len(block):
        absent = m.matches(node.test, m.Comparison(comparisons=[m.ComparisonTarget(m.Is() | m.Equal())]))
        target = node.test.left if absent and isinstance(node.test, cst.Comparison) else None
        if isinstance(target, cst.Name | cst.Attribute) and any(
            m.matches(s, m.SimpleStatementLine([m.Assign()])) for s in body
        ):
            yield cst.RemoveFromParent()


@operator(
    "off_by_one",
    (
        "def f(a, n):\n    if n >= len(a):\n        raise IndexError(n)\n    return a[n]\n",
        "def f(a, n):\n    return a[n]\n",
    ),
    family="semantic",
)
def remove_bounds_guard(node: cst.If, context: Context) -> Iterator[Any]:
    """The function without its check of a bound that leaves early."""
    if is_bound_test(node.test):
        yield from removed_guard(node, context)


@operator(
    "edge_case",
    (
        "def f(a):\n    if not isinstance(a, str):\n        raise TypeError(a)\n    return a + 'b'\n",
        "def f(a):\n    return a + 'b'\n",
    ),
    family="semantic",
)
def remove_type_guard(node: cst.If, context: Context) -> Iterator[Any]:
    """The function without its check of a type that leaves early."""
    if is_type_test(node.test):
        yield from removed_guard(node, context)


@operator(
    "edge_case",
    ("def f(a):\n    if not a:\n        return 0\n    return g(a)\n", "def f(a):\n    return g(a)\n"),
    family="semantic",
)
def remove_emptiness_guard(node: cst.If, context: Context) -> Iterator[Any]:
    """The function without its special treatment of what is empty."""
    if is_emptiness_test(node.test):
        yield from removed_guard(node, context)


@operator(
    "edge_case",
    ('def f(a):\n    if a == "*":\n        return g()\n    return h(a)\n', "def f(a):\n    return h(a)\n"),
    family="semantic",
)
def remove_special_case(node: cst.If, context: Context) -> Iterator[Any]:
    """The function without one of the cases that it treats on its own."""
    test = node.test
    if not (is_none_test(test) or is_bound_test(test) or is_type_test(test) or is_emptiness_test(test)):
        yield from removed_guard(node, context)


@operator(
    "edge_case",
    ("if a and b:\n    c = g(a)\n    h(c)\n", "c = g(a)\nh(c)\n"),
    family="semantic",
    quiet="if a is not None:\n    f(a)\n",
)
def unwrap_conditional(node: cst.If, context: Context) -> Iterator[Any]:
    """The code that was done under a condition, done always."""
    if not is_none_test(node.test):
        yield from removed_wrapper(node, context)


@operator(
    "edge_case",
    ("while i < n and a[i] in b:\n    i += 1\n", "while a[i] in b:\n    i += 1\n"),
    family="semantic",
)
def drop_inline_bound(node: cst.BooleanOperation) -> Iterator[cst.BaseExpression]:
    """The condition without the check of a bound or a length that protects the rest of it."""
    if isinstance(node.operator, cst.And):
        if is_bound_test(node.left) or is_type_test(node.left):
            yield node.right
        if is_bound_test(node.right):
            yield node.left


@operator("null_handling", ("if a is not None and a.b:\n    f()\n", "if a.b:\n    f()\n"), family="semantic")
def drop_inline_none_check(node: cst.BooleanOperation) -> Iterator[cst.BaseExpression]:
    """The condition without the check for None or emptiness that protects the rest of it."""
    left = node.left
    if is_none_test(left) or (
        isinstance(left, cst.Name | cst.Attribute) and isinstance(node.operator, cst.And)
    ):
        yield node.right


@operator("null_handling", ("x = a or []\n", "x = a\n"), family="semantic", quiet="x = a or b\n")
def drop_fallback(node: cst.BooleanOperation, context: Context) -> Iterator[cst.BaseExpression]:
    """The value without the fallback for nothing."""
    if (
        isinstance(node.operator, cst.Or)
        and isinstance(
            node.right, cst.List | cst.Dict | cst.Tuple | cst.SimpleString | cst.Integer | cst.Call
        )
        and isinstance(context.parent(node), cst.Assign | cst.Return | cst.Arg | cst.Attribute | cst.For)
    ):
        yield node.left


@operator("null_handling", ("x = a.b if a is not None else c\n", "x = a.b\n"), family="semantic")
def drop_ternary_guard(node: cst.IfExp) -> Iterator[cst.BaseExpression]:
    """The value without the alternative for nothing."""
    test = node.test
    if is_none_test(test) or isinstance(test, cst.Name | cst.Attribute):
        absent = m.matches(test, m.Comparison(comparisons=[m.ComparisonTarget(m.Is())]))
        yield node.orelse if absent else node.body


@operator("null_handling", ('x = a.get("k", b)\n', 'x = a["k"]\n'), family="semantic", quiet="x = a.get()\n")
def index_for_get(node: cst.Call) -> Iterator[cst.BaseExpression]:
    """The look-up that no longer expects the key to be missing."""
    match node:
        case cst.Call(func=cst.Attribute(value=mapping, attr=cst.Name(value="get")), args=[key, *rest]):
            if len(rest) < 2 and not key.star and not key.keyword:
                index = cst.SubscriptElement(cst.Index(key.value))
                yield cst.Subscript(mapping, [index], lpar=node.lpar, rpar=node.rpar)


@operator("null_handling", ('x = getattr(a, "b", None)\n', "x = a.b\n"), family="semantic")
def attribute_for_getattr(node: cst.Call) -> Iterator[cst.BaseExpression]:
    """The attribute read without a thought that it may be missing."""
    match node:
        case cst.Call(
            func=cst.Name(value="getattr"), args=[thing, cst.Arg(value=cst.SimpleString() as name), _]
        ):
            text = name.evaluated_value
            if isinstance(text, str) and text.isidentifier():
                yield cst.Attribute(thing.value, cst.Name(text))
