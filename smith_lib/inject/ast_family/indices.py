"""Indices, slices, ranges and lengths."""

from collections.abc import Iterator

import libcst as cst

from smith_lib.inject.nodes import as_int, number, shifted
from smith_lib.inject.operator import Context, operator


@operator("off_by_one", ("x = a[0]\n", "x = a[1]\n"), quiet='x = a["k"]\n')
def shift_index(node: cst.Index, context: Context) -> Iterator[cst.Index]:
    """The element next to the one that was meant."""
    value = as_int(node.value)
    if value is not None:
        yield node.with_changes(value=number(value + (1 if value >= 0 else -1)))
        if value not in (0, -1):
            yield node.with_changes(value=number(value - (1 if value >= 0 else -1)))


@operator("edge_case", ("x = a[-1]\n", "x = a[0]\n"))
def swap_ends(node: cst.Index) -> Iterator[cst.Index]:
    """The first element where the last was meant, or the other way round."""
    value = as_int(node.value)
    if value in (0, -1):
        yield node.with_changes(value=number(-1 - value))


@operator("off_by_one", [("x = a[:n]\n", "x = a[:n - 1]\n"), ("x = a[n:]\n", "x = a[n + 1:]\n")])
def shift_slice(node: cst.Slice) -> Iterator[cst.Slice]:
    """The slice with one of its bounds one off."""
    if node.upper is not None:
        yield node.with_changes(upper=shifted(node.upper, -1))
        if as_int(node.upper) != -1:
            yield node.with_changes(upper=shifted(node.upper, 1))
    if node.lower is not None:
        yield node.with_changes(lower=shifted(node.lower, 1))
        if as_int(node.lower) not in (0, 1):
            yield node.with_changes(lower=shifted(node.lower, -1))


@operator("edge_case", ("x = a[1:n]\n", "x = a[1:]\n"), quiet="x = a[:]\n")
def drop_slice_bound(node: cst.Slice) -> Iterator[cst.Slice]:
    """The slice without one of its two bounds."""
    if node.lower is not None and node.upper is not None:
        yield node.with_changes(lower=None)
        yield node.with_changes(upper=None)


@operator(
    "off_by_one",
    [
        ("for i in range(n):\n    f(i)\n", "for i in range(n - 1):\n    f(i)\n"),
        ("for i in range(1, n):\n    f(i)\n", "for i in range(n):\n    f(i)\n"),
    ],
)
def shift_range(node: cst.Call) -> Iterator[cst.Call]:
    """The range that starts or ends one off."""
    if not (isinstance(node.func, cst.Name) and node.func.value == "range") or not node.args:
        return
    if any(arg.star or arg.keyword for arg in node.args):
        return
    if len(node.args) == 1:
        only = node.args[0]
        yield node.with_changes(args=[only.with_changes(value=shifted(only.value, -1))])
        yield node.with_changes(args=[only.with_changes(value=shifted(only.value, 1))])
        return
    first, stop, *step = node.args
    yield node.with_changes(args=[first, stop.with_changes(value=shifted(stop.value, -1)), *step])
    yield node.with_changes(args=[first, stop.with_changes(value=shifted(stop.value, 1)), *step])
    if as_int(first.value) == 1 and not step:
        yield node.with_changes(args=[stop])
    else:
        yield node.with_changes(args=[first.with_changes(value=shifted(first.value, 1)), stop, *step])


@operator(
    "off_by_one",
    ("x = n == len(a)\n", "x = n == len(a) - 1\n"),
    quiet=("x = len(a) - 1\n", "def f(a):\n    return len(a)\n"),
)
def shift_length(node: cst.Call, context: Context) -> Iterator[cst.BinaryOperation]:
    """The length one too small."""
    above = context.parent(node)
    if (
        isinstance(node.func, cst.Name)
        and node.func.value == "len"
        and len(node.args) == 1
        and isinstance(above, cst.ComparisonTarget | cst.Comparison | cst.Assign | cst.AugAssign)
    ):
        if isinstance(above, cst.Comparison) and as_int(above.comparisons[0].comparator) is not None:
            return
        yield cst.BinaryOperation(node, cst.Subtract(), cst.Integer("1"))


@operator(
    "off_by_one", ("for i, x in enumerate(a, 1):\n    f(i, x)\n", "for i, x in enumerate(a):\n    f(i, x)\n")
)
def shift_enumeration(node: cst.Call) -> Iterator[cst.Call]:
    """The enumeration that counts from the wrong number."""
    if not (isinstance(node.func, cst.Name) and node.func.value == "enumerate"):
        return
    if len(node.args) == 1:
        yield node.with_changes(
            args=[node.args[0].with_changes(comma=cst.MaybeSentinel.DEFAULT), cst.Arg(cst.Integer("1"))]
        )
    elif len(node.args) == 2:
        yield node.with_changes(args=[node.args[0].with_changes(comma=cst.MaybeSentinel.DEFAULT)])


@operator(
    "off_by_one",
    ("for x in a[1:]:\n    f(x)\n", "for x in a:\n    f(x)\n"),
    quiet="for x in a[:]:\n    f(x)\n",
)
def drop_slice(node: cst.Subscript, context: Context) -> Iterator[cst.BaseExpression]:
    """The whole sequence where a part of it was meant."""
    match node.slice:
        case [cst.SubscriptElement(slice=cst.Slice(lower=lower, upper=upper, step=None))] if lower or upper:
            if isinstance(context.parent(node), cst.For | cst.Arg | cst.Return | cst.Assign | cst.CompFor):
                yield node.value


@operator("edge_case", ('x = a.split("=", 1)\n', 'x = a.split("=")\n'))
def drop_limit(node: cst.Call) -> Iterator[cst.Call]:
    """The splitting or replacing without its limit."""
    match node:
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="split" | "rsplit")), args=[first, _]):
            yield node.with_changes(args=[first.with_changes(comma=cst.MaybeSentinel.DEFAULT)])
        case cst.Call(func=cst.Attribute(attr=cst.Name(value="replace")), args=[one, two, _]):
            yield node.with_changes(args=[one, two.with_changes(comma=cst.MaybeSentinel.DEFAULT)])
