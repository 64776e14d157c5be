"""Code written anew in another natural form that is not quite the same: many lines, one mistake."""

from collections.abc import Iterator
from typing import Any

import libcst as cst

from smith_lib.inject.nodes import children, ends, negated, small, statements, with_statements
from smith_lib.inject.operator import Context, operator


def _line(statement: cst.BaseSmallStatement) -> cst.SimpleStatementLine:
    return cst.SimpleStatementLine([statement])


def _append(name: str, value: cst.BaseExpression, method: str) -> cst.SimpleStatementLine:
    value = value.with_changes(lpar=[], rpar=[]) if isinstance(value, cst.GeneratorExp) else value
    return _line(cst.Expr(cst.Call(cst.Attribute(cst.Name(name), cst.Name(method)), [cst.Arg(value)])))


def _loop(comp: cst.CompFor, body: list[cst.BaseStatement]) -> cst.For:
    for condition in reversed(comp.ifs):
        body = [cst.If(condition.test, cst.IndentedBlock(body))]
    return cst.For(comp.target, comp.iter, cst.IndentedBlock(body))


@operator(
    "logic_error",
    [
        (
            "def f(a):\n    return [g(x) for x in a if x.b]\n",
            "def f(a):\n    result = []\n    for x in a:\n        if not x.b:\n            break\n"
            "        result.append(g(x))\n    return result\n",
        ),
        (
            "def f(a):\n    return [g(x) for x in a if x.b]\n",
            "def f(a):\n    result = []\n    for x in a:\n        if x.b:\n"
            "            result.append(g(x))\n        return result\n",
        ),
    ],
    family="semantic",
)
def comprehension_as_loop(node: cst.SimpleStatementLine, context: Context) -> Iterator[Any]:
    """The comprehension written out as a loop that stops too early."""
    match small(node):
        case cst.Return(
            value=cst.ListComp(elt=elt, for_in=cst.CompFor(inner_for_in=None, asynchronous=None) as comp)
        ):
            start = _line(cst.Assign([cst.AssignTarget(cst.Name("result"))], cst.List([])))
            start = start.with_changes(leading_lines=node.leading_lines)
            end = _line(cst.Return(cst.Name("result")))
        case _:
            return
    if "result" in context.variables(node):
        return
    add = _append("result", elt, "append")
    if comp.ifs:
        stop = cst.If(negated(comp.ifs[0].test), cst.IndentedBlock([_line(cst.Break())]))
        bare = comp.with_changes(ifs=comp.ifs[1:])
        yield cst.FlattenSentinel([start, _loop(bare, [stop, add]), end])
    loop = _loop(comp, [add])
    grown = loop.with_changes(body=with_statements(loop.body, [*statements(loop.body), end]))
    yield cst.FlattenSentinel([start, grown])


@operator(
    "off_by_one",
    (
        "for i, x in enumerate(a):\n    if x:\n        continue\n    f(i, x)\n",
        "i = 0\nfor x in a:\n    if x:\n        continue\n    f(i, x)\n    i += 1\n",
    ),
    family="semantic",
)
def counter_by_hand(node: cst.For) -> Iterator[Any]:
    """The enumeration counted by hand, which misses the turns that are skipped."""
    body = statements(node.body)
    match node:
        case cst.For(
            target=cst.Tuple(elements=[cst.Element(value=cst.Name() as count), cst.Element(value=target)]),
            iter=cst.Call(func=cst.Name(value="enumerate"), args=[over]),
        ) if body and not ends(body) and node.asynchronous is None:
            zero = _line(cst.Assign([cst.AssignTarget(count)], cst.Integer("0")))
            step = _line(cst.AugAssign(count, cst.AddAssign(), cst.Integer("1")))
            skips = any(isinstance(child, cst.Continue) for child in _below(node.body))
            turn = [*body, step] if skips else [step, *body]
            loop = node.with_changes(
                target=target, iter=over.value, body=with_statements(node.body, turn), leading_lines=()
            )
            yield cst.FlattenSentinel([zero.with_changes(leading_lines=node.leading_lines), loop])


def _below(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for child in children(node):
        if not isinstance(child, cst.For | cst.While):
            yield child
            yield from _below(child)


@operator(
    "edge_case",
    (
        "def f(a):\n    if a:\n        b = g()\n    elif h(a):\n        b = k()\n    else:\n"
        "        b = m()\n    return b\n",
        "def f(a):\n    b = m()\n    if a:\n        b = g()\n    if h(a):\n        b = k()\n    return b\n",
    ),
    family="semantic",
)
def default_first(node: cst.If, context: Context) -> Iterator[Any]:
    """The chain of cases written as a default and separate conditions, of which the last wins."""
    cases: list[cst.If] = []
    last: cst.CSTNode | None = node
    while isinstance(last, cst.If):
        cases.append(last)
        last = last.orelse
    if len(cases) < 2 or not isinstance(last, cst.Else) or isinstance(context.parent(node), cst.If):
        return
    bodies = [statements(case.body) for case in cases]
    default = statements(last.body)
    if (
        len(default) != 1
        or not isinstance(small(default[0]), cst.Assign)
        or any(ends(body) for body in bodies)
    ):
        return
    first = default[0].with_changes(leading_lines=node.leading_lines)
    apart = [
        case.with_changes(orelse=None, leading_lines=case.leading_lines if i else ())
        for i, case in enumerate(cases)
    ]
    yield cst.FlattenSentinel([first, *apart])


@operator(
    "edge_case",
    (
        "def f(a):\n    for x in a:\n        if g(x):\n            return x\n    return None\n",
        "def f(a):\n    return next(x for x in a if g(x))\n",
    ),
    family="semantic",
)
def search_without_default(node: cst.IndentedBlock) -> Iterator[cst.IndentedBlock]:
    """The search written in one line, which fails where nothing is found."""
    body = list(node.body)
    for at in range(len(body) - 1):
        match body[at], small(body[at + 1]):
            case cst.For(
                target=cst.Name() as target,
                iter=over,
                body=cst.IndentedBlock(body=[cst.If(test=test, orelse=None, body=inside)]),
                orelse=None,
                asynchronous=None,
            ), cst.Return():
                match [small(s) for s in statements(inside)]:
                    case [cst.Return(value=cst.BaseExpression() as found)]:
                        comp = cst.CompFor(target, over, ifs=[cst.CompIf(test)])
                        search = cst.GeneratorExp(found, comp, lpar=[], rpar=[])
                        line = _line(cst.Return(cst.Call(cst.Name("next"), [cst.Arg(search)])))
                        line = line.with_changes(leading_lines=getattr(body[at], "leading_lines", ()))
                        yield node.with_changes(body=[*body[:at], line, *body[at + 2 :]])


@operator(
    "edge_case",
    (
        "def f(a):\n    try:\n        b = g(a)\n    except KeyError:\n        b = 0\n        h(b)\n"
        "    return b\n",
        "def f(a):\n    b = g(a)\n    if not b:\n        b = 0\n        h(b)\n    return b\n",
    ),
    family="semantic",
)
def check_for_error(node: cst.Try, context: Context) -> Iterator[Any]:
    """The expected error replaced by a check of the result, which does not catch it."""
    body = statements(node.body)
    match [small(s) for s in body], node:
        case [cst.Assign(targets=[cst.AssignTarget(target=cst.Name() as name)])], cst.Try(
            handlers=[cst.ExceptHandler(name=None, body=inside)], orelse=None, finalbody=None
        ):
            handled = statements(inside)
            if handled:
                check = cst.If(cst.UnaryOperation(cst.Not(), name), inside)
                first = body[0].with_changes(leading_lines=node.leading_lines)
                yield cst.FlattenSentinel([first, check])


@operator(
    "logic_error",
    (
        "def f(a):\n    b = []\n    for x in a:\n        if x:\n            b.append(g(x))\n    return b\n",
        "def f(a):\n    b = [g(x) for x in a]\n    return b\n",
    ),
    family="semantic",
)
def loop_as_comprehension(node: cst.IndentedBlock) -> Iterator[cst.IndentedBlock]:
    """The loop written as a comprehension that forgets the condition."""
    body = list(node.body)
    for at in range(len(body) - 1):
        match small(body[at]), body[at + 1]:
            case cst.Assign(
                targets=[cst.AssignTarget(target=cst.Name(value=name))], value=cst.List(elements=[])
            ) as start, cst.For(
                target=target,
                iter=over,
                body=cst.IndentedBlock(body=[cst.If(orelse=None, body=cst.IndentedBlock(body=[inside]))]),
                orelse=None,
                asynchronous=None,
            ):
                match small(inside):
                    case cst.Expr(
                        value=cst.Call(
                            func=cst.Attribute(value=cst.Name(value=to), attr=cst.Name(value="append")),
                            args=[cst.Arg(value=value)],
                        )
                    ) if to == name:
                        built = cst.ListComp(value, cst.CompFor(target, over))
                        line = body[at].with_changes(body=[start.with_changes(value=built)])
                        yield node.with_changes(body=[*body[:at], line, *body[at + 2 :]])
