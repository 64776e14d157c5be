"""Building syntax nodes: what operators share."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

import libcst as cst
import libcst.matchers as m

SPACE = cst.SimpleWhitespace(" ")
ATOMS = (
    cst.Name
    | cst.Attribute
    | cst.Call
    | cst.Subscript
    | cst.Integer
    | cst.SimpleString
    | cst.List
    | cst.Dict
    | cst.Float
)


_BELOW: dict[type[Any], tuple[str, ...] | None] = {}
BLANK_FIELDS = ("whitespace", "trailing_whitespace", "leading_lines", "lines_after", "header", "footer")
"""How the fields start that hold white space and comments."""


def _below(kind: type[Any]) -> tuple[str, ...] | None:
    """The fields of a kind of node that may hold code; none for what is no node."""
    if not issubclass(kind, cst.CSTNode):
        return None
    return tuple(f.name for f in fields(kind) if not f.name.startswith(BLANK_FIELDS))


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes right below this one, those white space and comments left out; cheaper than `.children`."""
    found: list[cst.CSTNode] = []
    if node.__class__ not in _BELOW:
        _BELOW[node.__class__] = _below(node.__class__)
    for name in _BELOW[node.__class__] or ():
        value = getattr(node, name)
        for part in value if isinstance(value, list | tuple) else (value,):
            kind = part.__class__
            if kind not in _BELOW:
                _BELOW[kind] = _below(kind)
            if _BELOW[kind] is not None:
                found.append(part)
    return found


def number(value: int) -> cst.BaseExpression:
    """The integer as an expression."""
    if value < 0:
        return cst.UnaryOperation(cst.Minus(), cst.Integer(str(-value)))
    return cst.Integer(str(value))


def as_int(node: cst.CSTNode | None) -> int | None:
    """The value of a decimal integer literal, a minus sign included; none for anything else."""
    match node:
        case cst.Integer(value=digits) if digits.isdigit():
            return int(digits)
        case cst.UnaryOperation(operator=cst.Minus(), expression=cst.Integer(value=digits)) if (
            digits.isdigit()
        ):
            return -int(digits)
    return None


def shifted(node: cst.BaseExpression, by: int) -> cst.BaseExpression:
    """The expression with one more or one less, written as a person would."""
    value = as_int(node)
    if value is not None:
        return number(value + by)
    match node:
        case cst.BinaryOperation(left=left, operator=cst.Add() | cst.Subtract() as sign, right=right):
            step = as_int(right)
            if step is not None:
                total = (step if isinstance(sign, cst.Add) else -step) + by
                if total == 0:
                    return left
                return node.with_changes(operator=_sign(total), right=cst.Integer(str(abs(total))))
    return cst.BinaryOperation(tight(node), _sign(by), cst.Integer(str(abs(by))))


def _sign(by: int) -> cst.BaseBinaryOp:
    return cst.Add() if by > 0 else cst.Subtract()


def in_parentheses(node: cst.BaseExpression) -> cst.BaseExpression:
    """The expression in parentheses of its own."""
    return node.with_changes(lpar=[cst.LeftParen(), *node.lpar], rpar=[*node.rpar, cst.RightParen()])


def tight(node: cst.BaseExpression) -> cst.BaseExpression:
    """The expression, in parentheses unless it binds tightly or has them."""
    return node if isinstance(node, ATOMS) or node.lpar else in_parentheses(node)


def negated(node: cst.BaseExpression) -> cst.BaseExpression:
    """The opposite condition, written as a person would."""
    match node:
        case cst.UnaryOperation(operator=cst.Not(), expression=inner):
            return inner
        case cst.Comparison(comparisons=[cst.ComparisonTarget(operator=operator) as target]):
            opposite = OPPOSITE.get(type(operator))
            if opposite is not None:
                return node.with_changes(comparisons=[target.with_changes(operator=opposite())])
    loose = isinstance(node, cst.BooleanOperation | cst.Comparison | cst.IfExp | cst.NamedExpr | cst.Lambda)
    inner = in_parentheses(node) if loose and not node.lpar else node
    return cst.UnaryOperation(cst.Not(), inner)


OPPOSITE: dict[type[cst.CSTNode], type[Any]] = {
    cst.Equal: cst.NotEqual, cst.NotEqual: cst.Equal, cst.Is: cst.IsNot, cst.IsNot: cst.Is,
    cst.In: cst.NotIn, cst.NotIn: cst.In, cst.LessThan: cst.GreaterThanEqual,
    cst.GreaterThanEqual: cst.LessThan, cst.GreaterThan: cst.LessThanEqual,
    cst.LessThanEqual: cst.GreaterThan,
}  # fmt: skip


def statements(block: cst.BaseSuite) -> list[cst.BaseStatement]:
    """The statements of an indented block; none for a block on the line of its header."""
    return list(block.body) if isinstance(block, cst.IndentedBlock) else []


def with_statements(block: cst.BaseSuite, body: Sequence[cst.BaseStatement]) -> cst.BaseSuite:
    """The indented block with other statements."""
    return block.with_changes(body=list(body))


def small(node: cst.CSTNode | None) -> cst.BaseSmallStatement | None:
    """The one small statement on a line; none where it is something else or there are several."""
    if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1:
        return node.body[0]
    return None


def ends(block: Sequence[cst.CSTNode]) -> bool:
    """Whether control never runs past the block."""
    if not block:
        return False
    last = block[-1]
    if isinstance(last, cst.If) and isinstance(last.orelse, cst.Else):
        return ends(statements(last.body)) and ends(statements(last.orelse.body))
    return isinstance(small(last), cst.Return | cst.Raise | cst.Continue | cst.Break)


def n_statements(nodes: Iterable[cst.CSTNode]) -> int:
    """How many statements there are, those inside others included."""
    total = 0
    for node in nodes:
        total += isinstance(node, cst.BaseStatement)
        total += n_statements(children(node)) if isinstance(node, _HOLDERS) else 0
    return total


_HOLDERS = (
    cst.BaseCompoundStatement | cst.BaseSuite | cst.Else | cst.Finally
    | cst.ExceptHandler | cst.ExceptStarHandler | cst.MatchCase
)  # fmt: skip
"""Nodes that may hold statements."""


def is_commented(node: cst.CSTNode) -> bool:
    """Whether there is a comment above a statement."""
    return any(line.comment is not None for line in getattr(node, "leading_lines", ()))


def is_remarked(node: cst.If | cst.Else) -> bool:
    """Whether a comment above a case, beside it or at the head of its block tells what it is for."""
    block = node.body
    beside = getattr(block, "header", None)
    return (
        is_commented(node)
        or (isinstance(beside, cst.TrailingWhitespace) and beside.comment is not None)
        or any(is_commented(first) for first in statements(block)[:1])
    )


def needs_value(test: cst.BaseExpression, block: cst.CSTNode) -> bool:
    """Whether a block uses attributes or items of what the test says is None or empty."""
    match test:
        case cst.Comparison(
            left=thing, comparisons=[cst.ComparisonTarget(operator=cst.Is() | cst.Equal(), comparator=other)]
        ) if isinstance(other, cst.Name) and other.value == "None":
            pass
        case cst.UnaryOperation(operator=cst.Not(), expression=thing):
            pass
        case _:
            return False
    used = (n for n in descendants(block) if isinstance(n, cst.Attribute | cst.Subscript))
    return any(same(n.value, thing) for n in used)


def descendants(node: cst.CSTNode) -> Iterable[cst.CSTNode]:
    """The nodes below this one, those white space and comments left out."""
    for child in children(node):
        yield child
        yield from descendants(child)


def refuses(node: cst.If) -> bool:
    """Whether a condition does nothing but raise an error."""
    body = statements(node.body)
    return node.orelse is None and bool(body) and isinstance(small(body[-1]), cst.Raise)


def asks_for_key(test: cst.BaseExpression, body: cst.CSTNode) -> bool:
    """Whether a condition asks if something is in what the body then looks it up in."""
    match test:
        case cst.Comparison(comparisons=[cst.ComparisonTarget(operator=cst.In(), comparator=holder)]):
            return any(isinstance(n, cst.Subscript) and same(n.value, holder) for n in descendants(body))
    return False


def is_docstring(node: cst.CSTNode) -> bool:
    """Whether a statement is a bare string."""
    return m.matches(node, m.SimpleStatementLine([m.Expr(m.SimpleString() | m.ConcatenatedString())]))


def unwrapped(node: cst.CSTNode, body: Iterable[cst.BaseStatement]) -> cst.FlattenSentinel[Any]:
    """The statements in place of the one that held them; comments above it stay above the first."""
    first, *rest = body
    lead = [*getattr(node, "leading_lines", ()), *getattr(first, "leading_lines", ())]
    return cst.FlattenSentinel([first.with_changes(leading_lines=lead), *rest])


def call_name(node: cst.CSTNode | None) -> str:
    """The last name of what is called; empty where it is no call of a name."""
    match node:
        case cst.Call(func=cst.Name(value=name)) | cst.Call(func=cst.Attribute(attr=cst.Name(value=name))):
            return name
    return ""


def last_comma_gone(args: Sequence[Any]) -> list[Any]:
    """The elements of a call or display without a comma after the last one."""
    return [*args[:-1], args[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)] if args else []


def without_blank(body: Sequence[Any]) -> list[Any]:
    """The statements without blank lines above the first."""
    first, *rest = body
    lead = list(first.leading_lines)
    while lead and lead[0].comment is None:
        del lead[0]
    return [first.with_changes(leading_lines=lead), *rest]


def same(one: cst.CSTNode, other: cst.CSTNode) -> bool:
    """Whether two nodes are the same code."""
    return one.deep_equals(other)


def in_place_of(old: Any, kind: type[Any]) -> Any:
    """An operator of another kind with the same space around it."""
    return kind(whitespace_before=old.whitespace_before, whitespace_after=old.whitespace_after)
