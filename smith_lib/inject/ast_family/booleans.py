"""Conditions: negated, weakened, strengthened, and wrong connectives."""

from collections.abc import Iterator

import libcst as cst

from smith_lib.inject.nodes import (
    asks_for_key,
    call_name,
    descendants,
    in_parentheses,
    in_place_of,
    negated,
    refuses,
    same,
)
from smith_lib.inject.operator import Context, operator


@operator("logic_error", [("x = a and b\n", "x = a or b\n"), ("x = a or b\n", "x = a and b\n")])
def swap_connective(node: cst.BooleanOperation) -> Iterator[cst.BooleanOperation]:
    """The condition with `and` and `or` mixed up."""
    kind = cst.Or if isinstance(node.operator, cst.And) else cst.And
    yield node.with_changes(operator=in_place_of(node.operator, kind))


@operator("edge_case", ("if a and b:\n    f()\n", "if a:\n    f()\n"), quiet="x = a or b\n")
def drop_condition(node: cst.BooleanOperation, context: Context) -> Iterator[cst.BaseExpression]:
    """The condition with one of its terms forgotten."""
    above = context.parent(node)
    if isinstance(node.operator, cst.And) or isinstance(
        above, cst.If | cst.While | cst.CompIf | cst.BooleanOperation
    ):
        yield node.left
        yield node.right


@operator(
    "logic_error",
    [("if a == b:\n    f()\n", "if a != b:\n    f()\n"), ("while not a:\n    f()\n", "while a:\n    f()\n")],
    quiet=("if a in b:\n    f(b[a])\n", "if a == b:\n    raise ValueError(a)\n", "while True:\n    f()\n"),
)
def negate_condition(node: cst.If | cst.While | cst.IfExp | cst.CompIf) -> Iterator[cst.CSTNode]:
    """The condition turned into its opposite."""
    constant = isinstance(node.test, cst.Name) and node.test.value in ("True", "False")
    if constant or (isinstance(node, cst.If) and refuses(node)):
        return
    if not isinstance(node.test, cst.BooleanOperation) and not asks_for_key(node.test, node):
        yield node.with_changes(test=negated(node.test))


@operator("logic_error", ("x = a and not b\n", "x = a and b\n"))
def drop_not(node: cst.UnaryOperation, context: Context) -> Iterator[cst.BaseExpression]:
    """The term without its `not`, inside a longer condition."""
    if isinstance(node.operator, cst.Not) and not isinstance(
        context.parent(node), cst.If | cst.While | cst.IfExp
    ):
        yield node.expression


@operator(
    "logic_error",
    ("if a and b:\n    f()\n", "if not a and b:\n    f()\n"),
    quiet=("x = not a\n", "x = a or b\n"),
)
def negate_term(node: cst.BooleanOperation, context: Context) -> Iterator[cst.BooleanOperation]:
    """The condition with one of its terms negated."""
    if not isinstance(context.parent(node), cst.If | cst.While | cst.CompIf | cst.BooleanOperation):
        return
    for side in ("left", "right"):
        term = getattr(node, side)
        if not isinstance(term, cst.BooleanOperation):
            yield node.with_changes(**{side: negated(term)})


@operator("logic_error", ("x = not (a and b)\n", "x = not a and not b\n"))
def distribute_not_wrongly(node: cst.UnaryOperation, context: Context) -> Iterator[cst.BaseExpression]:
    """The negated condition multiplied out without swapping `and` and `or`."""
    inner = node.expression
    if isinstance(inner, cst.BooleanOperation) and not isinstance(inner.left, cst.BooleanOperation):
        if not isinstance(node.operator, cst.Not) or isinstance(inner.right, cst.BooleanOperation):
            return
        both = {"left": negated(inner.left), "right": negated(inner.right)}
        bare = inner.with_changes(lpar=node.lpar, rpar=node.rpar, **both)
        yield in_parentheses(bare) if isinstance(context.parent(node), cst.BooleanOperation) else bare


@operator("logic_error", ("x = a or (b and c)\n", "x = (a or b) and c\n"))
def regroup_condition(node: cst.BooleanOperation) -> Iterator[cst.BooleanOperation]:
    """The condition of mixed connectives with its grouping changed."""
    right = node.right
    if isinstance(right, cst.BooleanOperation) and not same(right.operator, node.operator):
        first = cst.BooleanOperation(
            node.left, node.operator, right.left, [cst.LeftParen()], [cst.RightParen()]
        )
        yield cst.BooleanOperation(first, right.operator, right.right, node.lpar, node.rpar)


@operator("logic_error", ("x = a if c else b\n", "x = b if c else a\n"))
def swap_ternary(node: cst.IfExp) -> Iterator[cst.IfExp]:
    """The conditional expression with its two values swapped."""
    if not isinstance(node.orelse, cst.IfExp):
        yield node.with_changes(body=node.orelse, orelse=node.body)


@operator(
    "edge_case",
    ("x = all(f(y) for y in z)\n", "x = any(f(y) for y in z)\n"),
    quiet="x = any(y) and not all(y)\n",
)
def swap_quantifier(node: cst.Call, context: Context) -> Iterator[cst.Call]:
    """The test of all where one of any was meant, or the other way round."""
    if _is_beside_its_like(node, context):
        return
    match node.func:
        case cst.Name(value="all"):
            yield node.with_changes(func=cst.Name("any"))
        case cst.Name(value="any"):
            yield node.with_changes(func=cst.Name("all"))


def _is_beside_its_like(node: cst.Call, context: Context) -> bool:
    """Whether the same condition tests the same things by the other word: then each of them is meant."""
    whole: cst.CSTNode = node
    while isinstance(above := context.parent(whole), cst.BooleanOperation | cst.UnaryOperation):
        whole = above
    others = (n for n in descendants(whole) if call_name(n) in ("any", "all") and n is not node)
    return any(isinstance(n, cst.Call) and _same_arguments(n, node) for n in others)


def _same_arguments(one: cst.Call, other: cst.Call) -> bool:
    pairs = zip(one.args, other.args, strict=False)
    return len(one.args) == len(other.args) and all(same(a.value, b.value) for a, b in pairs)


@operator("other", ("f(strict=True)\n", "f(strict=False)\n"), quiet="if True:\n    f()\n")
def flip_flag(node: cst.Name, context: Context) -> Iterator[cst.Name]:
    """The flag that is passed, returned, or set, the other way round."""
    if node.value in ("True", "False") and isinstance(
        context.parent(node), cst.Arg | cst.Assign | cst.Return | cst.Param | cst.AnnAssign
    ):
        yield node.with_changes(value="False" if node.value == "True" else "True")
