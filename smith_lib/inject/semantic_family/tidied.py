"""Code that was tidied: nesting flattened, a generator made a list, with something forgotten on the way."""

from collections.abc import Iterator, Sequence
from typing import Any

import libcst as cst

from smith_lib.inject.nodes import (
    descendants,
    ends,
    in_parentheses,
    n_statements,
    negated,
    small,
    statements,
    with_statements,
)
from smith_lib.inject.operator import Context, operator
from smith_lib.inject.reads import binds

FEWEST, MOST = 2, 15
"""Statements under a condition that somebody flattens, those inside others included."""
MOST_OTHERWISE = 4
"""Statements of the alternative that becomes the early exit."""
MOST_AFTER = 5
"""Statements after it that somebody may forget."""
TESTS = {"any": ("True", "False"), "all": ("False", "True")}
"""What a search gives where it finds something, and at its end."""


def _line(statement: cst.BaseSmallStatement) -> cst.SimpleStatementLine:
    return cst.SimpleStatementLine([statement])


@operator(
    "edge_case",
    [
        (
            "def f(a):\n    if a:\n        b = g(a)\n        h(b)\n    k(a)\n",
            "def f(a):\n    if not a:\n        return\n    b = g(a)\n    h(b)\n    k(a)\n",
        ),
        (
            "def f(a):\n    c = []\n    if a:\n        b = g(a)\n        c.append(b)\n    c.sort()\n"
            "    return c\n",
            "def f(a):\n    c = []\n    if not a:\n        return c\n    b = g(a)\n    c.append(b)\n"
            "    c.sort()\n    return c\n",
        ),
        (
            "for x in a:\n    if x:\n        y = f(x)\n        g(y)\n    else:\n        h()\n    k(x)\n",
            "for x in a:\n    if not x:\n        h()\n        continue\n    y = f(x)\n    g(y)\n    k(x)\n",
        ),
    ],
    family="semantic",
    quiet="def f(a):\n    if a:\n        b = g(a)\n        h(b)\n",
)
def flatten_nesting(node: cst.IndentedBlock, context: Context) -> Iterator[cst.IndentedBlock]:
    """The condition turned into an early exit, which forgets that more was to be done."""
    holder = context.parent(node)
    if not isinstance(holder, cst.FunctionDef | cst.For):
        return
    block = list(node.body)
    for at, check in enumerate(block[:-1]):
        if not isinstance(check, cst.If) or isinstance(check.orelse, cst.If):
            continue
        body = statements(check.body)
        otherwise = statements(check.orelse.body) if check.orelse else []
        if not FEWEST <= n_statements(body) <= MOST or n_statements(otherwise) > MOST_OTHERWISE:
            continue
        if n_statements(block[at + 1 :]) > MOST_AFTER:
            continue
        leave = _exit(holder, block[:at], block[at + 1 :])
        if ends(body) or ends(otherwise) or leave is None:
            continue
        early = cst.If(
            negated(check.test), cst.IndentedBlock([*otherwise, leave]), leading_lines=check.leading_lines
        )
        yield node.with_changes(body=[*block[:at], early, *body, *block[at + 1 :]])


def _exit(
    holder: cst.FunctionDef | cst.For, before: Sequence[cst.CSTNode], rest: Sequence[cst.CSTNode]
) -> cst.SimpleStatementLine | None:
    """What somebody would leave with who thinks that nothing follows; none where nothing natural does."""
    if isinstance(holder, cst.For):
        return _line(cst.Continue())
    last = small(rest[-1])
    inside = [n for s in rest for n in (s, *descendants(s))]
    if not isinstance(last, cst.Return) or last.value is None:
        gives = any(isinstance(n, cst.Return) and n.value is not None for n in inside)
        return None if gives or holder.name.value == "__init__" else _line(cst.Return())
    names = {name for statement in before for name in binds(statement)}
    names |= {parameter.name.value for parameter in holder.params.params}
    known = isinstance(last.value, cst.Name) and last.value.value in names | {"True", "False", "None"}
    return _line(cst.Return(last.value)) if known and len(rest) > 1 else None


@operator(
    "edge_case",
    (
        "def f(a):\n    for x in a:\n        if x:\n            yield g(x)\n        yield x, a\n",
        "def f(a):\n    found = []\n    for x in a:\n        if x:\n            found.append(g(x))\n"
        "        found.append((x, a))\n        return found\n",
    ),
    family="semantic",
    quiet="def f(a):\n    for x in a:\n        b = yield x\n",
)
def list_for_generator(node: cst.FunctionDef, context: Context) -> Iterator[cst.FunctionDef]:
    """The generator made a function that gives a list, which returns from within the loop."""
    body = statements(node.body)
    loop = body[-1] if body else None
    if not isinstance(loop, cst.For) or loop.orelse is not None or node.asynchronous is not None:
        return
    inside = [n for s in body for n in descendants(s)]
    yields = [n for n in inside if isinstance(n, cst.Yield)]
    lines = [n for n in inside if isinstance(n, cst.Expr) and isinstance(n.value, cst.Yield)]
    if not lines or len(lines) != len(yields) or any(isinstance(y.value, cst.From) for y in yields):
        return
    others = cst.FunctionDef | cst.Lambda | cst.Return | cst.ClassDef
    if any(isinstance(n, others) or (isinstance(n, cst.Name) and n.value == "found") for n in inside):
        return
    start = _line(cst.Assign([cst.AssignTarget(cst.Name("found"))], cst.List([])))
    head = 1 if isinstance(small(body[0]), cst.Expr) and len(body) > 1 else 0
    rest: list[Any] = [s.visit(_Appended()) for s in body[head:]]
    last = rest[-1]
    if isinstance(last, cst.For) and not ends(statements(last.body)):
        end = _line(cst.Return(cst.Name("found")))
        grown = last.with_changes(body=with_statements(last.body, [*statements(last.body), end]))
        yield node.with_changes(body=with_statements(node.body, [*body[:head], start, *rest[:-1], grown]))


class _Appended(cst.CSTTransformer):
    """Puts what is yielded at a list's end."""

    def leave_Expr(self, original_node: cst.Expr, updated_node: cst.Expr) -> cst.Expr:  # noqa: N802
        match updated_node.value:
            case cst.Yield(value=value) if not isinstance(value, cst.From):
                to = cst.Attribute(cst.Name("found"), cst.Name("append"))
                one = value or cst.Name("None")
                one = in_parentheses(one) if isinstance(one, cst.Tuple) and not one.lpar else one
                return updated_node.with_changes(value=cst.Call(to, [cst.Arg(one)]))
        return updated_node


@operator(
    "logic_error",
    [
        (
            "def f(a):\n    return any(g(x) for x in a)\n",
            "def f(a):\n    for x in a:\n        if g(x):\n            return True\n        return False\n",
        ),
        (
            "def f(a):\n    return all(x == 1 for x in a)\n",
            "def f(a):\n    for x in a:\n        if x != 1:\n            return False\n        return True\n",
        ),
    ],
    family="semantic",
)
def search_by_hand(node: cst.SimpleStatementLine, context: Context) -> Iterator[Any]:
    """The search of any or all written out as a loop that answers after its first turn."""
    match small(node):
        case cst.Return(
            value=cst.Call(
                func=cst.Name(value="any" | "all" as kind),
                args=[cst.Arg(value=cst.GeneratorExp(elt=elt, for_in=comp))],
            )
        ) if comp.inner_for_in is None and comp.asynchronous is None:
            found, otherwise = TESTS[kind]
            test = elt if kind == "any" else negated(elt)
            answer: cst.BaseStatement = cst.If(test, cst.IndentedBlock([_line(cst.Return(cst.Name(found)))]))
            for condition in reversed(comp.ifs):
                answer = cst.If(condition.test, cst.IndentedBlock([answer]))
            end = _line(cst.Return(cst.Name(otherwise)))
            loop = cst.For(comp.target, comp.iter, cst.IndentedBlock([answer, end]))
            yield loop.with_changes(leading_lines=node.leading_lines)
