"""Calls: the wrong one of a pair of methods, a call dropped, a copy not taken."""

from collections.abc import Iterator
from typing import Any

import libcst as cst

from smith_lib.inject.nodes import call_name, is_docstring, last_comma_gone, small
from smith_lib.inject.operator import Context, operator

PAIRS: dict[str, tuple[str, ...]] = {
    "append": ("extend",), "extend": ("append",), "lstrip": ("rstrip", "strip"),
    "rstrip": ("lstrip", "strip"),
    "strip": ("rstrip", "lstrip"), "startswith": ("endswith",), "endswith": ("startswith",),
    "upper": ("lower",), "lower": ("upper",), "appendleft": ("append",), "popleft": ("pop",),
    "isdigit": ("isalnum",), "isalpha": ("isalnum",), "isalnum": ("isalpha",), "isspace": ("isalnum",),
    "issubset": ("issuperset",), "issuperset": ("issubset",), "union": ("intersection",),
    "intersection": ("union",), "match": ("search",), "search": ("match",), "fullmatch": ("match",),
    "remove": ("discard",), "discard": ("remove",),
    "ljust": ("rjust",), "rjust": ("ljust",), "title": ("capitalize",),
    "difference": ("intersection",), "keys": ("values",), "finditer": ("findall",),
    "ceil": ("floor",), "floor": ("ceil",), "bisect_left": ("bisect_right",),
    "bisect_right": ("bisect_left",),
    "takewhile": ("dropwhile",), "dropwhile": ("takewhile",),
}  # fmt: skip
CHANGES = frozenset({
    "append", "add", "update", "extend", "pop", "remove", "discard", "clear", "insert", "sort", "reverse",
    "setdefault",
    "write", "close", "flush", "register", "push", "appendleft", "popleft", "set", "reset", "invalidate",
})  # fmt: skip
COPIES = frozenset({"copy", "deepcopy"})
COLLECTIONS = frozenset({"list", "tuple", "set", "dict", "sorted", "frozenset"})
NORMALISING = frozenset({
    "strip", "lstrip", "rstrip", "lower", "upper", "casefold", "encode", "decode", "expandtabs", "normalize",
    "splitlines", "title", "removeprefix", "removesuffix", "resolve", "absolute", "expanduser",
})  # fmt: skip


@operator("logic_error", [("x = a.lstrip(b)\n", "x = a.rstrip(b)\n"), ("a.append(b)\n", "a.extend(b)\n")])
def sibling_method(node: cst.Call) -> Iterator[cst.Call]:
    """The call of a method's sibling, which does nearly the same."""
    match node.func:
        case cst.Attribute(attr=cst.Name(value=name)) if name in PAIRS:
            for other in PAIRS[name]:
                yield node.with_changes(func=node.func.with_changes(attr=cst.Name(other)))
        case cst.Name(value=name) if name in PAIRS and name in ("ceil", "floor", "takewhile", "dropwhile"):
            for other in PAIRS[name]:
                yield node.with_changes(func=cst.Name(other))


@operator(
    "edge_case",
    [("x = a.strip().lower()\n", "x = a.strip()\n"), ("x = a.strip().lower()\n", "x = a.lower()\n")],
)
def drop_normalisation(node: cst.Call) -> Iterator[cst.BaseExpression]:
    """The text without one of the steps that bring it into its normal form."""
    match node.func:
        case cst.Attribute(value=inner, attr=cst.Name(value=name)) if name in NORMALISING:
            if len(node.args) < 2 and name != "splitlines":
                yield inner
        case cst.Name(value="str" | "int" | "repr" | "abs" | "round" | "float" | "bool") if (
            len(node.args) == 1
        ):
            if not node.args[0].star:
                yield node.args[0].value


@operator("logic_error", ("a.append(b)\nf(a)\n", "f(a)\n"), quiet="x = a.append(b)\n")
def drop_call(node: cst.SimpleStatementLine, context: Context) -> Iterator[Any]:
    """The code without a call that changes something."""
    match small(node):
        case cst.Expr(value=cst.Call() as call):
            block, _ = context.siblings(node)
            if call_name(call) in CHANGES and len([s for s in block if not is_docstring(s)]) > 1:
                yield cst.RemoveFromParent()


@operator("other", [("x = a.copy()\n", "x = a\n"), ("x = list(a)\n", "x = a\n"), ("x = a[:]\n", "x = a\n")])
def drop_copy(node: cst.Call | cst.Subscript) -> Iterator[cst.BaseExpression]:
    """The thing itself where a copy was meant."""
    match node:
        case cst.Call(
            func=cst.Attribute(value=cst.Name(value="copy"), attr=cst.Name(value=name)), args=[arg]
        ):
            if name in COPIES:
                yield arg.value
        case cst.Call(func=cst.Attribute(value=inner, attr=cst.Name(value="copy")), args=[]):
            yield inner
        case cst.Call(func=cst.Name(value=name), args=[arg]) if name in COPIES or name in COLLECTIONS:
            if (
                not arg.star
                and not arg.keyword
                and isinstance(arg.value, cst.Name | cst.Attribute | cst.Call)
            ):
                yield arg.value
        case cst.Subscript(slice=[cst.SubscriptElement(slice=cst.Slice(lower=None, upper=None, step=None))]):
            yield node.value


@operator("other", ("x = copy.deepcopy(a)\n", "x = copy.copy(a)\n"))
def shallow_copy(node: cst.Attribute) -> Iterator[cst.Attribute]:
    """The shallow copy where a deep one was meant."""
    if node.attr.value == "deepcopy":
        yield node.with_changes(attr=cst.Name("copy"))


@operator(
    "logic_error", ("def f(self):\n    super().f()\n    self.a = 1\n", "def f(self):\n    self.a = 1\n")
)
def drop_super_call(node: cst.SimpleStatementLine, context: Context) -> Iterator[Any]:
    """The method that no longer calls its base class's."""
    match small(node):
        case cst.Expr(value=cst.Call(func=cst.Attribute(value=cst.Call(func=cst.Name(value="super"))))):
            block, _ = context.siblings(node)
            if len([s for s in block if not is_docstring(s)]) > 1:
                yield cst.RemoveFromParent()


@operator(
    "logic_error",
    ("async def f():\n    x = await g()\n    return x\n", "async def f():\n    x = g()\n    return x\n"),
)
def drop_await(node: cst.Await) -> Iterator[cst.BaseExpression]:
    """The coroutine that is not awaited, where its value is used."""
    yield node.expression


@operator("logic_error", ("def f():\n    yield from g()\n", "def f():\n    yield g()\n"))
def yield_for_yield_from(node: cst.Yield) -> Iterator[cst.Yield]:
    """The generator yielded whole instead of what is in it."""
    match node.value:
        case cst.From(item=item):
            yield node.with_changes(value=item, whitespace_after_yield=cst.SimpleWhitespace(" "))


@operator("logic_error", ('x = d.setdefault("k", a)\n', 'x = d.get("k", a)\n'))
def get_for_setdefault(node: cst.Call) -> Iterator[cst.Call]:
    """The look-up that no longer stores its default, or leaves in place what it should take out."""
    match node.func:
        case cst.Attribute(attr=cst.Name(value="setdefault")) if len(node.args) == 2:
            yield node.with_changes(func=node.func.with_changes(attr=cst.Name("get")))
        case cst.Attribute(attr=cst.Name(value="pop")) if len(node.args) == 2:
            yield node.with_changes(func=node.func.with_changes(attr=cst.Name("get")))


@operator("logic_error", ("x = set(a)\n", "x = list(a)\n"))
def other_collection(node: cst.Call) -> Iterator[cst.Call]:
    """The collection of another kind, which keeps or loses order and duplicates."""
    match node:
        case cst.Call(func=cst.Name(value="set" | "frozenset"), args=[_]):
            yield node.with_changes(func=cst.Name("list"))
        case cst.Call(func=cst.Name(value="tuple"), args=[_]):
            yield node.with_changes(func=cst.Name("list"))
        case cst.Call(func=cst.Name(value="reversed"), args=[_]):
            yield node.with_changes(func=cst.Name("iter"))
        case cst.Call(func=cst.Name(value="sorted"), args=[_]):
            yield node.with_changes(func=cst.Name("list"))


@operator(
    "other",
    (
        "class A:\n    @property\n    def b(self):\n        return 1\n",
        "class A:\n    def b(self):\n        return 1\n",
    ),
)
def drop_decorator(node: cst.FunctionDef) -> Iterator[cst.FunctionDef]:
    """The function without one of its decorators."""
    for at, decorator in enumerate(node.decorators):
        name = call_name(decorator.decorator) or getattr(
            getattr(decorator.decorator, "attr", decorator.decorator), "value", ""
        )
        if name not in (
            "setter",
            "getter",
            "deleter",
            "overload",
            "override",
            "final",
            "staticmethod",
            "abstractmethod",
        ):
            yield node.with_changes(decorators=[d for i, d in enumerate(node.decorators) if i != at])


@operator("other", ("class A(B, C):\n    pass\n", "class A(B):\n    pass\n"))
def drop_base(node: cst.ClassDef) -> Iterator[cst.ClassDef]:
    """The class without one of its several base classes."""
    if len(node.bases) > 1:
        for at, base in enumerate(node.bases):
            if not base.keyword:
                yield node.with_changes(
                    bases=last_comma_gone([b for i, b in enumerate(node.bases) if i != at])
                )
