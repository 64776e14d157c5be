"""Names: the wrong variable, attribute or target."""

from collections.abc import Iterator

import libcst as cst

from smith_lib.inject.operator import Context, operator
from smith_lib.inject.reads import binds
from smith_lib.inject.untouchable import name_of

USES = (
    cst.Arg
    | cst.Return
    | cst.BinaryOperation
    | cst.Comparison
    | cst.ComparisonTarget
    | cst.Index
    | cst.Assign
)
PAIRS = frozenset({
    ("start", "end"), ("begin", "end"), ("first", "last"), ("left", "right"), ("old", "new"),
    ("key", "value"), ("name", "value"), ("min", "max"), ("low", "high"), ("before", "after"),
    ("head", "tail"), ("src", "dst"), ("source", "target"), ("width", "height"), ("row", "column"),
    ("row", "col"), ("line", "column"), ("parent", "child"), ("prev", "next"), ("previous", "current"),
    ("index", "offset"), ("i", "idx"), ("args", "kwargs"), ("data", "value"), ("item", "value"),
    ("key", "item"), ("count", "total"), ("lower", "upper"),
})  # fmt: skip
"""Words that name the two ends or halves of something."""
DUNDER = "__"
_EMPTY = cst.Module([])


def _alike(name: str, others: tuple[str, ...]) -> list[str]:
    """Up to three other names, those that look most like this one first."""
    rest = [
        o for o in others if o != name and o not in ("self", "cls", "_", "mcs") and not o.startswith(DUNDER)
    ]
    return sorted(rest, key=lambda other: (-_likeness(name, other), other))[:3]


def _likeness(one: str, other: str) -> int:
    parts = set(one.lower().split("_")) & set(other.lower().split("_"))
    head = sum(1 for a, b in zip(one, other, strict=False) if a == b)
    return (
        3 * len(parts)
        + (head > 0)
        + (one.endswith("s") == other.endswith("s"))
        + (abs(len(one) - len(other)) < 3)
    )


@operator(
    "logic_error",
    ("def f(start, stop):\n    return g(start) + stop\n", "def f(start, stop):\n    return g(stop) + stop\n"),
    quiet=(
        "def f(start):\n    return g(start)\n",
        "def f(least, *values):\n    return g(*values) + least[0]\n",
        "def f(start: int, stops: list):\n    return g(stops) + start.real\n",
        "def f(start=0, strict=False):\n    g(start)\n",
    ),
)
def wrong_variable(node: cst.Name, context: Context) -> Iterator[cst.Name]:
    """The use of another variable of the same function."""
    above = context.parent(node)
    if not isinstance(above, USES) or (isinstance(above, cst.Arg) and (above.keyword is node or above.star)):
        return
    known = context.variables(node)
    if node.value in known and node.value not in ("self", "cls"):
        kinds = _kinds(context.function(node))
        kind = kinds.get(node.value)
        set_here = _set_by(node, context)
        for other in _alike(node.value, known):
            alike = kinds[other] == kind if kind and other in kinds else _may_be_mixed_up(node.value, other)
            if alike and other not in set_here:
                yield node.with_changes(value=other)


def _may_be_mixed_up(one: str, other: str) -> bool:
    """Whether two names are of one family: a word in common, the same beginning, a well-known pair."""
    words, others = set(one.lower().split("_")) - {""}, set(other.lower().split("_")) - {""}
    if words & others or one[:2] == other[:2] or len(one) == len(other) == 1:
        return True
    return any(pair in PAIRS for a in words for b in others for pair in ((a, b), (b, a)))


def _set_by(node: cst.CSTNode, context: Context) -> frozenset[str]:
    """What the statement that holds the node sets, which may not be there before."""
    line = context.statement(node)
    return frozenset(binds(line)) if isinstance(line, cst.SimpleStatementLine) else frozenset()


def _kinds(function: cst.FunctionDef | None) -> dict[str, str]:
    """What parameters are known to be, by their annotation, their star, or a default that is a literal."""
    if function is None:
        return {}
    kinds: dict[str, str] = {}
    parameters = function.params
    for one in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params):
        if one.annotation is not None:
            kinds[one.name.value] = _EMPTY.code_for_node(one.annotation.annotation)
        elif one.default is not None and (kind := _literal(one.default)):
            kinds[one.name.value] = kind
    for star in (parameters.star_arg, parameters.star_kwarg):
        if isinstance(star, cst.Param):
            kinds[star.name.value] = f"{star.star}"
    return kinds


def _literal(value: cst.BaseExpression) -> str:
    if isinstance(value, cst.Name):
        return "flag" if value.value in ("True", "False") else ""
    return type(value).__name__ if isinstance(value, cst.SimpleString | cst.Integer | cst.List) else ""


@operator(
    "logic_error",
    (
        "class A:\n    def f(self):\n        return self.lower + self.upper\n",
        "class A:\n    def f(self):\n        return self.lower + self.lower\n",
    ),
    quiet="class A:\n    def f(self):\n        self._query_cache[0] = self._storage\n",
)
def wrong_attribute(node: cst.Attribute, context: Context) -> Iterator[cst.Attribute]:
    """The use of another attribute of the same object."""
    above = context.parent(node)
    if not isinstance(above, USES | cst.Attribute | cst.Subscript | cst.For | cst.If | cst.BooleanOperation):
        return
    if isinstance(above, cst.Attribute) and isinstance(context.parent(above), cst.Call):
        return  # another thing has no such method
    if isinstance(node.value, cst.Name) and node.value.value == "self":
        known = context.attributes(node)
        if node.attr.value in known:
            for other in _alike(node.attr.value, known):
                if _may_be_mixed_up(node.attr.value, other):
                    yield node.with_changes(attr=node.attr.with_changes(value=other))


@operator("logic_error", ("a, b = f()\n", "b, a = f()\n"), quiet="a, b = b, a\n")
def swap_targets(node: cst.AssignTarget | cst.For | cst.CompFor, context: Context) -> Iterator[cst.CSTNode]:
    """The unpacking into names in the wrong order."""
    match node.target:
        case cst.Tuple(
            elements=[cst.Element(value=cst.Name()) as one, cst.Element(value=cst.Name()) as two, *rest]
        ):
            above = context.parent(node)
            if isinstance(above, cst.Assign) and isinstance(above.value, cst.Tuple):
                return
            if "_" in (name_of(one.value), name_of(two.value)):
                return
            elements = [one.with_changes(value=two.value), two.with_changes(value=one.value), *rest]
            yield node.with_changes(target=node.target.with_changes(elements=elements))


@operator("logic_error", ("def f():\n    return a, b\n", "def f():\n    return b, a\n"))
def swap_returned(node: cst.Return) -> Iterator[cst.Return]:
    """The values returned in the wrong order."""
    match node.value:
        case cst.Tuple(elements=[one, two]) if isinstance(one, cst.Element) and isinstance(two, cst.Element):
            elements = [one.with_changes(value=two.value), two.with_changes(value=one.value)]
            yield node.with_changes(value=node.value.with_changes(elements=elements))


@operator("logic_error", ("x = {k: v for k, v in a}\n", "x = {v: k for k, v in a}\n"))
def swap_key_and_value(node: cst.DictComp) -> Iterator[cst.DictComp]:
    """The mapping from values to keys."""
    yield node.with_changes(key=node.value, value=node.key)


@operator(
    "logic_error",
    ("for x in a:\n    for y in x:\n        f(y)\n", "for x in a:\n    for y in x:\n        f(x)\n"),
    quiet="for x in a:\n    for y in b:\n        y(1)\n",
)
def wrong_loop_variable(node: cst.For, context: Context) -> Iterator[cst.For]:
    """The inner loop whose body uses the outer loop's variable."""
    outer = context.parent(node)
    while outer is not None and not isinstance(outer, cst.For | cst.FunctionDef):
        outer = context.parent(outer)
    if (
        isinstance(outer, cst.For)
        and isinstance(outer.target, cst.Name)
        and isinstance(node.target, cst.Name)
    ):
        body = node.body.visit(_Renamed(node.target.value, outer.target.value))
        if isinstance(body, cst.BaseSuite):
            yield node.with_changes(body=body)


class _Renamed(cst.CSTTransformer):
    """Puts one name in place of another where it is read."""

    def __init__(self, old: str, new: str) -> None:
        """Rename `old` to `new`."""
        super().__init__()
        self.old, self.new = old, new

    def visit_Attribute(self, node: cst.Attribute) -> bool:  # noqa: N802
        return not isinstance(node.value, cst.Name)

    def visit_AssignTarget(self, node: cst.AssignTarget) -> bool:  # noqa: N802
        return False

    def leave_Call(self, original_node: cst.Call, updated_node: cst.Call) -> cst.Call:  # noqa: N802
        return updated_node.with_changes(func=original_node.func)

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.Name:  # noqa: N802
        return updated_node.with_changes(value=self.new) if updated_node.value == self.old else updated_node


@operator(
    "logic_error",
    (
        "class A:\n    def f(self, a):\n        self.a = a\n        return self.a\n",
        "class A:\n    def f(self, a):\n        self.a = a\n        return a\n",
    ),
)
def local_for_attribute(node: cst.Attribute, context: Context) -> Iterator[cst.Name]:
    """The parameter or variable where the attribute of the same name was meant."""
    if (
        isinstance(node.value, cst.Name)
        and node.value.value == "self"
        and isinstance(context.parent(node), USES)
    ) and node.attr.value in context.variables(node):
        yield cst.Name(node.attr.value, lpar=node.lpar, rpar=node.rpar)
