"""Comparisons: boundaries, directions, identity, membership."""

from collections.abc import Iterator

import libcst as cst

from smith_lib.inject.nodes import as_int, in_place_of, refuses
from smith_lib.inject.operator import Context, operator

BOUNDARY = {
    cst.LessThan: cst.LessThanEqual, cst.LessThanEqual: cst.LessThan,
    cst.GreaterThan: cst.GreaterThanEqual, cst.GreaterThanEqual: cst.GreaterThan,
}  # fmt: skip
DIRECTION = {
    cst.LessThan: cst.GreaterThan, cst.LessThanEqual: cst.GreaterThanEqual,
    cst.GreaterThan: cst.LessThan, cst.GreaterThanEqual: cst.LessThanEqual,
}  # fmt: skip


def _refuses(node: cst.ComparisonTarget, context: Context) -> bool:
    """Whether it is all that a check asks that raises: turned round, that refuses whatever is right."""
    check = context.parent(context.parent(node) or node)
    return isinstance(check, cst.If) and refuses(check)


def _swapped(node: cst.ComparisonTarget, table: dict) -> Iterator[cst.ComparisonTarget]:  # type: ignore[type-arg]
    kind = table.get(type(node.operator))
    if kind is not None:
        yield node.with_changes(operator=in_place_of(node.operator, kind))


@operator("off_by_one", ("x = a < b\n", "x = a <= b\n"), quiet="x = a == b\n")
def shift_boundary(node: cst.ComparisonTarget) -> Iterator[cst.ComparisonTarget]:
    """The comparison that takes the boundary in, or leaves it out."""
    yield from _swapped(node, BOUNDARY)


@operator("logic_error", ("x = a < b\n", "x = a > b\n"), quiet=("x = a in b\n", "x = a < b < c\n"))
def flip_direction(node: cst.ComparisonTarget, context: Context) -> Iterator[cst.ComparisonTarget]:
    """The comparison the wrong way round."""
    comparison = context.parent(node)
    if isinstance(comparison, cst.Comparison) and len(comparison.comparisons) > 1:
        return
    yield from _swapped(node, DIRECTION)


@operator("logic_error", ("x = a == b\n", "x = a != b\n"), quiet="if a == b:\n    f()\n")
def negate_equality(node: cst.ComparisonTarget, context: Context) -> Iterator[cst.ComparisonTarget]:
    """The comparison for equality turned into one for difference, or back, outside of `if`."""
    comparison = context.parent(node)
    if comparison is None or isinstance(context.parent(comparison), cst.If | cst.While):
        return
    yield from _swapped(node, {cst.Equal: cst.NotEqual, cst.NotEqual: cst.Equal})


@operator(
    "logic_error", ("x = a in b\n", "x = a not in b\n"), quiet="if a not in b:\n    raise ValueError(a)\n"
)
def negate_membership(node: cst.ComparisonTarget, context: Context) -> Iterator[cst.ComparisonTarget]:
    """The membership test negated."""
    if _refuses(node, context):
        return
    match node.operator:
        case cst.In(whitespace_before=before, whitespace_after=after):
            yield node.with_changes(operator=cst.NotIn(whitespace_before=before, whitespace_after=after))
        case cst.NotIn(whitespace_before=before, whitespace_after=after):
            yield node.with_changes(operator=cst.In(whitespace_before=before, whitespace_after=after))


@operator("edge_case", ("x = len(a) == 1\n", "x = len(a) >= 1\n"), quiet="x = len(a) == 0\n")
def loosen_equality(node: cst.ComparisonTarget) -> Iterator[cst.ComparisonTarget]:
    """The comparison with a number, an inequality where equality was meant."""
    if isinstance(node.operator, cst.Equal) and as_int(node.comparator):
        yield node.with_changes(operator=cst.GreaterThanEqual())
    elif isinstance(node.operator, cst.GreaterThanEqual) and as_int(node.comparator):
        yield node.with_changes(operator=cst.Equal())


@operator("null_handling", [("x = a is None\n", "x = not a\n"), ("x = a is not None\n", "x = bool(a)\n")])
def truthiness_for_none(node: cst.Comparison, context: Context) -> Iterator[cst.BaseExpression]:
    """The test of truth where one for None was meant, so that empty and zero count as missing."""
    match node.comparisons:
        case [cst.ComparisonTarget(operator=cst.Is(), comparator=cst.Name(value="None"))]:
            yield cst.UnaryOperation(cst.Not(), node.left)
        case [cst.ComparisonTarget(operator=cst.IsNot(), comparator=cst.Name(value="None"))]:
            above = context.parent(node)
            if isinstance(above, cst.If | cst.While | cst.IfExp | cst.BooleanOperation | cst.CompIf):
                yield node.left
            else:
                yield cst.Call(cst.Name("bool"), [cst.Arg(node.left)])


@operator(
    "null_handling",
    ("if a is None:\n    f()\n", "if a is not None:\n    f()\n"),
    quiet="if a is None:\n    raise ValueError(a)\n",
)
def negate_none_check(node: cst.ComparisonTarget, context: Context) -> Iterator[cst.ComparisonTarget]:
    """The check for None turned round."""
    if _refuses(node, context):
        return
    match node:
        case cst.ComparisonTarget(operator=cst.Is(), comparator=cst.Name(value="None")):
            yield node.with_changes(operator=cst.IsNot())
        case cst.ComparisonTarget(operator=cst.IsNot(), comparator=cst.Name(value="None")):
            yield node.with_changes(operator=cst.Is())


@operator("logic_error", ('x = kind in ("a", "b", "c")\n', 'x = kind in ("a", "b")\n'))
def shorten_membership(node: cst.ComparisonTarget) -> Iterator[cst.ComparisonTarget]:
    """The membership test that forgets one of the values."""
    values = node.comparator
    if not isinstance(node.operator, cst.In | cst.NotIn) or not isinstance(
        values, cst.Tuple | cst.List | cst.Set
    ):
        return
    if len(values.elements) < 2:
        return
    for at in range(len(values.elements)):
        left = [e for i, e in enumerate(values.elements) if i != at]
        if isinstance(values, cst.Tuple) and len(left) == 1:
            left = [left[0].with_changes(comma=cst.Comma())]
        else:
            left[-1] = left[-1].with_changes(comma=values.elements[-1].comma)
        yield node.with_changes(comparator=values.with_changes(elements=left))


@operator("edge_case", ("x = a <= b < c\n", "x = b < c\n"))
def drop_chained_bound(node: cst.Comparison) -> Iterator[cst.Comparison]:
    """The chained comparison with one of its two bounds gone."""
    if len(node.comparisons) == 2:
        first, second = node.comparisons
        yield node.with_changes(left=first.comparator, comparisons=[second])
        yield node.with_changes(comparisons=[first])


@operator("edge_case", ("x = a.startswith(b)\n", "x = b in a\n"), quiet='x = a.startswith(("b", "c"))\n')
def loosen_prefix_test(node: cst.Call) -> Iterator[cst.Comparison]:
    """The test of a prefix or suffix turned into one for a part anywhere."""
    match node:
        case cst.Call(
            func=cst.Attribute(value=whole, attr=cst.Name(value="startswith" | "endswith")),
            args=[cst.Arg(value=cst.SimpleString() | cst.Name() as piece, keyword=None)],
        ):
            yield cst.Comparison(
                piece, [cst.ComparisonTarget(cst.In(), whole)], lpar=node.lpar, rpar=node.rpar
            )


@operator("logic_error", ("x = isinstance(a, (int, float))\n", "x = isinstance(a, int)\n"))
def narrow_type_test(node: cst.Call) -> Iterator[cst.Call]:
    """The type test that forgets one of the types."""
    match node:
        case cst.Call(
            func=cst.Name(value="isinstance" | "issubclass"),
            args=[what, cst.Arg(value=cst.Tuple(elements=kinds)) as types],
        ):
            for at in range(len(kinds) if len(kinds) > 1 else 0):
                left = [e for i, e in enumerate(kinds) if i != at]
                if len(left) == 1:
                    value: cst.BaseExpression = left[0].value
                else:
                    value = types.value.with_changes(
                        elements=[*left[:-1], left[-1].with_changes(comma=kinds[-1].comma)]
                    )
                yield node.with_changes(args=[what, types.with_changes(value=value)])


@operator(
    "edge_case",
    (
        "class B:\n    pass\n\n\nclass C(B):\n    pass\n\n\nx = isinstance(a, B)\n",
        "class B:\n    pass\n\n\nclass C(B):\n    pass\n\n\nx = type(a) is B\n",
    ),
    quiet="class B:\n    pass\n\n\nx = isinstance(a, B)\ny = isinstance(a, str)\n",
)
def exact_type(node: cst.Call, context: Context) -> Iterator[cst.BaseExpression]:
    """The type test that no longer holds for the types which the module derives."""
    match node:
        case cst.Call(
            func=cst.Name(value="isinstance"), args=[cst.Arg(value=what), cst.Arg(value=cst.Name() as kind)]
        ) if _is_derived_from(kind.value, node, context):
            yield cst.Comparison(
                cst.Call(cst.Name("type"), [cst.Arg(what)]),
                [cst.ComparisonTarget(cst.Is(), kind)],
                lpar=node.lpar,
                rpar=node.rpar,
            )


def _is_derived_from(name: str, node: cst.CSTNode, context: Context) -> bool:
    """Whether a class of the module has the base of that name."""
    above: cst.CSTNode | None = node
    while above is not None and not isinstance(above, cst.Module):
        above = context.parent(above)
    classes = [s for s in getattr(above, "body", ()) if isinstance(s, cst.ClassDef)]
    return any(isinstance(b.value, cst.Name) and b.value.value == name for c in classes for b in c.bases)
