"""State: caches, stored values, methods of a class that must agree."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import libcst as cst
import libcst.matchers as m

from smith_lib.inject.nodes import children, ends, is_docstring, same, small, statements
from smith_lib.inject.operator import Context, operator


@operator(
    "other",
    (
        "def f(self, k):\n    if k in self.cache:\n        return self.cache[k]\n    v = g(k)\n"
        "    self.cache[k] = v\n    return v\n",
        "def f(self, k):\n    if k in self.cache:\n        return self.cache[k]\n    v = g(k)\n"
        "    return v\n",
    ),
    family="semantic",
    quiet="def f(a):\n    b = a\n    return b\n",
)
def forget_to_store(node: cst.SimpleStatementLine, context: Context) -> Iterator[Any]:
    """The value that is worked out but not stored."""
    match small(node):
        case cst.Assign(targets=[cst.AssignTarget(target=cst.Subscript())]):
            block, _ = context.siblings(node)
            if len([s for s in block if not is_docstring(s)]) > 1:
                yield cst.RemoveFromParent()


@operator(
    "other",
    (
        "class A:\n    def set(self, a):\n        self.a = a\n        self.cache = None\n"
        "        self.b = f(a)\n",
        "class A:\n    def set(self, a):\n        self.a = a\n        self.b = f(a)\n",
    ),
    family="semantic",
)
def forget_to_reset(node: cst.SimpleStatementLine, context: Context) -> Iterator[Any]:
    """The method that leaves an old value standing which it should reset."""
    match small(node):
        case (
            cst.Assign(targets=[cst.AssignTarget(target=cst.Attribute())], value=value)
            | cst.AnnAssign(target=cst.Attribute(), value=value)
        ) if value is not None:
            empty = (
                m.Name("None") | m.Name("False") | m.Integer("0") | m.List(elements=[]) | m.Dict(elements=[])
            )
            function = context.function(node)
            block, _ = context.siblings(node)
            if (
                m.matches(value, empty)
                and len(block) > 1
                and function is not None
                and function.name.value not in ("__init__", "__new__")
            ):
                yield cst.RemoveFromParent()


@operator(
    "logic_error",
    (
        "class A:\n    def __eq__(self, o):\n        return self.a == o.a and self.b == o.b\n",
        "class A:\n    def __eq__(self, o):\n        return self.a == o.a\n",
    ),
    family="semantic",
)
def forget_field(node: cst.Return, context: Context) -> Iterator[cst.Return]:
    """The comparison, hash or copy of an object that forgets one of its fields."""
    function = context.function(node)
    if function is None or function.name.value not in (
        "__eq__",
        "__hash__",
        "__ne__",
        "__lt__",
        "__reduce__",
        "copy",
    ):
        return
    if isinstance(node.value, cst.BooleanOperation):
        yield node.with_changes(value=node.value.left)
        yield node.with_changes(value=node.value.right)
    for call in m.findall(node, m.Tuple()):
        if isinstance(call, cst.Tuple) and len(call.elements) > 2:
            for at in range(len(call.elements)):
                left = [element for i, element in enumerate(call.elements) if i != at]
                left[-1] = left[-1].with_changes(comma=cst.MaybeSentinel.DEFAULT)
                changed = node.deep_replace(call, call.with_changes(elements=left))
                if isinstance(changed, cst.Return):
                    yield changed


@operator(
    "logic_error",
    (
        "class A:\n    def pop(self):\n        a = self.b\n        return a[0]\n"
        "    def push(self):\n        a = self.b\n        return a[1]\n",
        "class A:\n    def pop(self):\n        a = self.b\n        return a[1]\n"
        "    def push(self):\n        a = self.b\n        return a[1]\n",
    ),
    family="semantic",
)
def copied_body(node: cst.FunctionDef, context: Context) -> Iterator[cst.FunctionDef]:
    """The function with the body of a neighbour that takes the same arguments, copied and not adapted."""
    own = statements(node.body)
    beside = [s for s in context.siblings(node)[0] if isinstance(s, cst.FunctionDef)]
    methods = context.methods(node) or tuple(beside)
    if node.decorators or not any(method is node for method in methods) or node.name.value == "__init__":
        return
    lead = [s for s in own if is_docstring(s)]
    rest = own[len(lead) :]
    shape = _shape(node)
    for other in methods:
        if other is node or other.decorators or _shape(other) != shape or not same(other.params, node.params):
            continue
        body = [s for s in statements(other.body) if not is_docstring(s)]
        if not all(same(a, b) for a, b in zip(rest, body, strict=True)):
            yield node.with_changes(body=node.body.with_changes(body=[*lead, *body]))


@lru_cache(maxsize=1024)
def _shape(function: cst.FunctionDef) -> tuple[tuple[type[cst.CSTNode], int], ...]:
    """The kinds of nodes in the body and how many each holds, names, constants and the docstring aside."""
    waiting: list[Any] = [s for s in statements(function.body) if not is_docstring(s)][::-1]
    found = []
    while waiting:
        node = waiting.pop()
        below = children(node)
        found.append((type(node), len(below)))
        waiting += below[::-1]
    return tuple(found)


@operator(
    "other",
    (
        "def f(a):\n    if a in seen:\n        return seen[a]\n    b = g(a)\n    seen[a] = b\n    return b\n",
        "def f(a):\n    b = g(a)\n    seen[a] = b\n    return b\n",
    ),
    family="semantic",
)
def drop_memory(node: cst.If, context: Context) -> Iterator[Any]:
    """The function that no longer looks at what it remembers."""
    match node.test:
        case cst.Comparison(
            comparisons=[cst.ComparisonTarget(operator=cst.In(), comparator=cst.Name() | cst.Attribute())]
        ):
            body = statements(node.body)
            block, at = context.siblings(node)
            if (
                node.orelse is None
                and ends(body)
                and at + 1 < len(block)
                and not isinstance(context.parent(node), cst.If)
            ):
                yield cst.RemoveFromParent()


@operator(
    "other",
    (
        "class A:\n    def f(self, a):\n        b = list(self.c)\n        b.append(a)\n        return b\n",
        "class A:\n    def f(self, a):\n        b = self.c\n        b.append(a)\n        return b\n",
    ),
    family="semantic",
)
def alias_state(node: cst.Assign | cst.Return) -> Iterator[cst.CSTNode]:
    """The object's own list or dict handed out where a copy was meant."""
    match node.value:
        case cst.Call(
            func=cst.Name(value="list" | "dict" | "set"), args=[cst.Arg(value=cst.Attribute() as inner)]
        ):
            yield node.with_changes(value=inner)
        case cst.Call(
            func=cst.Attribute(value=cst.Attribute() as inner, attr=cst.Name(value="copy")), args=[]
        ):
            yield node.with_changes(value=inner)
