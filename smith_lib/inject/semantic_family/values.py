"""Values: fallbacks, normalising steps, partial updates, results that come too early."""

from collections.abc import Iterator
from typing import Any

import libcst as cst
import libcst.matchers as m

from smith_lib.inject.nodes import children, descendants, is_commented, is_docstring, small
from smith_lib.inject.operator import Context, operator
from smith_lib.inject.reads import binds, reads


@operator(
    "edge_case",
    ("def f(a):\n    a = a.strip()\n    return g(a)\n", "def f(a):\n    return g(a)\n"),
    family="semantic",
    quiet="def f(a):\n    b = a.strip()\n    return g(b)\n",
)
def drop_normalising_step(node: cst.SimpleStatementLine, context: Context) -> Iterator[Any]:
    """The function without the step that brings its input into the form that the rest expects."""
    match small(node):
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Name(value=name))], value=value):
            if (
                name in reads(value)
                and name in context.variables(node)
                and len(context.siblings(node)[0]) > 1
            ):
                yield cst.RemoveFromParent()


@operator(
    "logic_error",
    ("self.a = b\nself.c = d\n", "self.a = b\n"),
    family="semantic",
    quiet="self.a = b\nf()\n",
)
def partial_update(node: cst.SimpleStatementLine, context: Context) -> Iterator[Any]:
    """The update of an object's state that forgets one of several attributes."""
    if not _sets_attribute(node):
        return
    function = context.function(node)
    if function is not None and function.name.value == "__init__":
        return
    block, _ = context.siblings(node)
    if sum(_sets_attribute(other) for other in block) > 1:
        yield cst.RemoveFromParent()


def _sets_attribute(node: cst.CSTNode) -> bool:
    match small(node):
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Attribute() | cst.Subscript())]):
            return True
        case cst.AugAssign(target=cst.Attribute() | cst.Subscript()):
            return True
    return False


@operator(
    "logic_error",
    ("while a:\n    i += 1\n    f(i)\n    j += 2\n", "while a:\n    i += 1\n    f(i)\n"),
    family="semantic",
)
def forget_update(node: cst.SimpleStatementLine, context: Context) -> Iterator[Any]:
    """The loop or branch that forgets to bring a running value up to date."""
    block, _ = context.siblings(node)
    if isinstance(small(node), cst.AugAssign) and len([s for s in block if not is_docstring(s)]) > 1:
        yield cst.RemoveFromParent()


@operator(
    "logic_error",
    (
        "def f(a):\n    b = g(a)\n    if b:\n        b = h(b)\n    return b\n",
        "def f(a):\n    b = g(a)\n    return b\n",
    ),
    family="semantic",
)
def forget_adjustment(node: cst.If, context: Context) -> Iterator[Any]:
    """The function that no longer adjusts a value under some condition."""
    body = node.body.body
    block, at = context.siblings(node)
    if node.orelse is None and body and at + 1 < len(block):
        set_here = frozenset().union(*(binds(s) for s in body))
        if set_here and all(name in context.variables(node) for name in set_here):
            yield cst.RemoveFromParent()


@operator(
    "edge_case",
    (
        "def f(a):\n    for x in a:\n        if x:\n            return x\n    return a[0]\n",
        "def f(a):\n    for x in a:\n        if x:\n            return x\n    return None\n",
    ),
    family="semantic",
    quiet=(
        "def f(a):\n    if a is None:\n        return None\n    return g(a)\n",
        "def f(a):\n    if a:\n        return a\n    # nothing is known\n    return 'UNKNOWN'\n",
    ),
)
def none_for_fallback(node: cst.IndentedBlock, context: Context) -> Iterator[Any]:
    """The function that gives None where it should give its fallback."""
    if not isinstance(context.parent(node), cst.FunctionDef) or len(node.body) < 2:
        return
    if is_commented(node.body[-1]):  # which says what is given
        return
    match small(node.body[-1]):
        case cst.Return(value=value) as statement if value is not None and not isinstance(value, cst.Name):
            outer = [s for s in node.body[:-1] if not isinstance(s, cst.FunctionDef)]
            before = (n for s in outer for n in descendants(s) if isinstance(n, cst.Return))
            if any(n.value is not None and not m.matches(n.value, m.Name("None")) for n in before):
                line = node.body[-1].with_changes(body=[statement.with_changes(value=cst.Name("None"))])
                yield node.with_changes(body=[*node.body[:-1], line])


@operator(
    "null_handling",
    (
        "def f(a):\n    if not a:\n        return []\n    return g(a)\n",
        "def f(a):\n    if not a:\n        return None\n    return g(a)\n",
    ),
    family="semantic",
)
def none_for_empty(node: cst.Return) -> Iterator[cst.Return]:
    """The function that gives None where it should give something empty."""
    match node.value:
        case cst.List(elements=[]) | cst.Dict(elements=[]) | cst.Tuple(elements=[]):
            yield node.with_changes(value=cst.Name("None"))
        case cst.SimpleString(raw_value=""):
            yield node.with_changes(value=cst.Name("None"))
        case cst.Integer(value="0"):
            yield node.with_changes(value=cst.Name("None"))
        case cst.Call(func=cst.Name(value="list" | "dict" | "set" | "tuple"), args=[]):
            yield node.with_changes(value=cst.Name("None"))


@operator(
    "logic_error",
    ("def f(a):\n    return g(h(a))\n", "def f(a):\n    return h(a)\n"),
    family="semantic",
    quiet="def f(a):\n    return len(g(a))\n",
)
def drop_last_step(node: cst.Return) -> Iterator[cst.Return]:
    """The result without the last step of its making."""
    match node.value:
        case cst.Call(
            func=cst.Name(value=name), args=[cst.Arg(value=cst.Call() as inner, keyword=None, star="")]
        ):
            if name not in ("len", "bool", "super", "isinstance"):
                yield node.with_changes(value=inner)
        case cst.Call(func=cst.Attribute(value=cst.Call() as inner)):
            if not (isinstance(inner.func, cst.Name) and inner.func.value == "super"):
                yield node.with_changes(value=inner)


@operator(
    "edge_case",
    (
        "for x in a:\n    f(x)\nfor y in b:\n    g(y)\n",
        "for x in a:\n    f(x)\nfor y in b:\n    g(y)\n    break\n",
    ),
    family="semantic",
    quiet="for x in a:\n    if x:\n        break\n",
)
def first_turn_only(node: cst.For, context: Context) -> Iterator[cst.For]:
    """The loop that ends after its first turn."""
    body = node.body
    if isinstance(body, cst.IndentedBlock) and not _has_exit(node.body):
        block, _ = context.siblings(node)
        if len(block) > 1:
            line = cst.SimpleStatementLine([cst.Break()])
            yield node.with_changes(body=body.with_changes(body=[*body.body, line]))


def _has_exit(node: cst.CSTNode) -> bool:
    return any(
        isinstance(child, cst.Break | cst.Return | cst.Continue | cst.Yield) or _has_exit(child)
        for child in children(node)
    )
