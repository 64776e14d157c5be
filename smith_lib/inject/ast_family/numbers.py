"""Arithmetic and constants."""

from collections.abc import Iterator

import libcst as cst

from smith_lib.inject.nodes import as_int, call_name, in_place_of
from smith_lib.inject.operator import Context, operator

SWAPS: dict[type[cst.CSTNode], tuple[type[cst.CSTNode], ...]] = {
    cst.Add: (cst.Subtract,), cst.Subtract: (cst.Add,), cst.Multiply: (cst.Add,),
    cst.Modulo: (cst.FloorDivide,), cst.FloorDivide: (cst.Modulo,), cst.BitAnd: (cst.BitOr,),
    cst.BitOr: (cst.BitAnd,), cst.LeftShift: (cst.RightShift,), cst.RightShift: (cst.LeftShift,),
}  # fmt: skip
AUGMENTED: dict[type[cst.CSTNode], type[cst.CSTNode]] = {
    cst.AddAssign: cst.SubtractAssign, cst.SubtractAssign: cst.AddAssign,
    cst.BitAndAssign: cst.BitOrAssign, cst.BitOrAssign: cst.BitAndAssign,
}  # fmt: skip
TEXT = cst.SimpleString | cst.FormattedString | cst.ConcatenatedString | cst.List | cst.Tuple


def _has_remark(node: cst.CSTNode, context: Context) -> bool:
    """Whether a comment stands behind the statement that holds the node."""
    line = context.statement(node)
    return isinstance(line, cst.SimpleStatementLine) and line.trailing_whitespace.comment is not None


def _is_number(value: cst.BaseExpression) -> bool:
    """Whether an expression looks like a number."""
    match value:
        case cst.Integer() | cst.Float() | cst.UnaryOperation(operator=cst.Minus()):
            return True
        case cst.BinaryOperation(operator=operator, left=left, right=right):
            return isinstance(operator, cst.Subtract) or _is_number(left) or _is_number(right)
    return call_name(value) in ("len", "int", "float", "abs", "round", "start", "end", "count")


@operator(
    "logic_error",
    [("x = a + len(b)\n", "x = a - len(b)\n"), ("x = a - b\n", "x = a + b\n")],
    quiet=('x = a + "b"\n', "x = a + b\n", 'x = "%s" % a\n'),
)
def swap_arithmetic(node: cst.BinaryOperation) -> Iterator[cst.BinaryOperation]:
    """The calculation with the wrong operator of the same group."""
    if isinstance(node.left, TEXT) or isinstance(node.right, TEXT):
        return
    if isinstance(node.operator, cst.Add) and not (_is_number(node.left) or _is_number(node.right)):
        return
    for kind in SWAPS.get(type(node.operator), ()):
        yield node.with_changes(operator=in_place_of(node.operator, kind))


@operator(
    "logic_error",
    [("a += len(b)\n", "a -= len(b)\n"), ("a |= b\n", "a &= b\n")],
    quiet=('a += "b"\n', "a += b\n"),
)
def swap_augmented(node: cst.AugAssign) -> Iterator[cst.AugAssign]:
    """The update with the wrong sign."""
    kind = AUGMENTED.get(type(node.operator))
    bits = isinstance(node.operator, cst.BitAndAssign | cst.BitOrAssign)
    if kind is not None and (bits or _is_number(node.value)):
        yield node.with_changes(operator=kind())


@operator("logic_error", ("total += a\n", "total = a\n"))
def overwrite_for_update(node: cst.AugAssign, context: Context) -> Iterator[cst.Assign]:
    """The variable set where it should be added to."""
    if isinstance(node.operator, cst.AddAssign | cst.BitOrAssign):
        yield cst.Assign([cst.AssignTarget(node.target)], node.value, semicolon=node.semicolon)


@operator("logic_error", ("x = a - b\n", "x = b - a\n"), quiet="x = a + b\n")
def swap_operands(node: cst.BinaryOperation) -> Iterator[cst.BinaryOperation]:
    """The operands of an operation, where their order matters, swapped."""
    if isinstance(node.operator, cst.Subtract | cst.FloorDivide | cst.Divide | cst.Power | cst.LeftShift):
        if isinstance(node.left, cst.BinaryOperation) or isinstance(node.right, cst.BinaryOperation):
            return
        yield node.with_changes(left=node.right, right=node.left)


@operator("logic_error", ('x = prefix + name + "."\n', 'x = name + prefix + "."\n'))
def swap_concatenation(node: cst.BinaryOperation) -> Iterator[cst.BinaryOperation]:
    """The pieces of a text or list joined in the wrong order."""
    if not isinstance(node.operator, cst.Add):
        return
    left, right = node.left, node.right
    if isinstance(left, TEXT) != isinstance(right, TEXT) and not isinstance(left, cst.BinaryOperation):
        yield node.with_changes(left=right, right=left)
    elif (
        isinstance(left, cst.BinaryOperation)
        and isinstance(right, TEXT)
        and not isinstance(left.left, TEXT)
        and isinstance(left.operator, cst.Add)
    ):
        yield node.with_changes(left=left.with_changes(left=left.right, right=left.left))


@operator("edge_case", ("x = a // b\n", "x = a / b\n"))
def true_division(node: cst.BinaryOperation) -> Iterator[cst.BinaryOperation]:
    """The division that keeps its fraction, or loses it."""
    old = node.operator
    if isinstance(old, cst.FloorDivide):
        yield node.with_changes(operator=in_place_of(old, cst.Divide))
    elif isinstance(old, cst.Divide) and not isinstance(node.right, TEXT):
        yield node.with_changes(operator=in_place_of(old, cst.FloorDivide))


@operator("off_by_one", [("x = 7\n", "x = 8\n"), ("f(7)\n", "f(6)\n")], quiet="x = a[0]\n")
def shift_constant(node: cst.Integer, context: Context) -> Iterator[cst.Integer]:
    """The number one too large or one too small."""
    value = as_int(node)
    above = context.parent(node)
    if value is None or isinstance(above, cst.Index | cst.Slice | cst.UnaryOperation | cst.ComparisonTarget):
        return
    if isinstance(above, cst.BinaryOperation) and value == 1:
        return
    yield node.with_changes(value=str(value + 1))
    if value > 0:
        yield node.with_changes(value=str(value - 1))


@operator("off_by_one", ("x = n - 1\n", "x = n\n"), quiet="x = n - 2\n")
def drop_one(node: cst.BinaryOperation) -> Iterator[cst.BaseExpression]:
    """The calculation without its `+ 1` or `- 1`."""
    if isinstance(node.operator, cst.Add | cst.Subtract) and as_int(node.right) == 1:
        yield node.left


@operator("off_by_one", ("x = n - 1\n", "x = n + 1\n"))
def flip_one(node: cst.BinaryOperation) -> Iterator[cst.BinaryOperation]:
    """The step of one in the wrong direction."""
    old = node.operator
    if as_int(node.right) != 1:
        return
    if isinstance(old, cst.Add):
        yield node.with_changes(operator=in_place_of(old, cst.Subtract))
    elif isinstance(old, cst.Subtract):
        yield node.with_changes(operator=in_place_of(old, cst.Add))


@operator("logic_error", ("x = -a\n", "x = a\n"), quiet=("x = a[-1]\n", "x = -1  # nothing yet\n"))
def drop_sign(node: cst.UnaryOperation, context: Context) -> Iterator[cst.BaseExpression]:
    """The value without its minus sign."""
    told = isinstance(node.expression, cst.Integer) and _has_remark(node, context)
    if (
        isinstance(node.operator, cst.Minus)
        and not told
        and not isinstance(context.parent(node), cst.Index | cst.Slice)
    ):
        yield node.expression


@operator("edge_case", ("x = min(a, b)\n", "x = max(a, b)\n"))
def swap_extremes(node: cst.Call) -> Iterator[cst.Call]:
    """The smallest where the largest was meant, or the other way round."""
    match node.func:
        case cst.Name(value="min" | "max" as name):
            yield node.with_changes(func=cst.Name("max" if name == "min" else "min"))
        case cst.Attribute(
            attr=cst.Name(
                value="find"
                | "rfind"
                | "index"
                | "rindex"
                | "split"
                | "rsplit"
                | "partition"
                | "rpartition" as name
            )
        ):
            other = name[1:] if name.startswith("r") else f"r{name}"
            if "split" not in name or len(node.args) > 1:
                yield node.with_changes(func=node.func.with_changes(attr=cst.Name(other)))
