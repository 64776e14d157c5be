"""Clean-up and protection: `finally`, context managers, locks."""

from collections.abc import Iterator
from typing import Any

import libcst as cst

from smith_lib.inject.nodes import ends, statements, unwrapped, with_statements
from smith_lib.inject.operator import Context, operator


@operator(
    "other",
    ("try:\n    f()\nfinally:\n    g()\n    h()\n", "f()\ng()\nh()\n"),
    family="semantic",
    quiet="try:\n    f()\nexcept KeyError:\n    g()\n",
)
def finally_only_on_success(node: cst.Try) -> Iterator[Any]:
    """The clean-up done only where nothing went wrong."""
    body = statements(node.body)
    if node.finalbody is not None and not node.handlers and body and not ends(body):
        yield unwrapped(node, [*body, *statements(node.finalbody.body)])


@operator(
    "other",
    ("try:\n    f()\nfinally:\n    g()\n", "f()\n"),
    family="semantic",
)
def drop_finally(node: cst.Try) -> Iterator[Any]:
    """The code that cleans up nothing."""
    if node.finalbody is not None:
        if node.handlers:
            yield node.with_changes(finalbody=None)
        elif statements(node.body):
            yield unwrapped(node, statements(node.body))


@operator(
    "other",
    ("with lock:\n    f()\n    g()\n", "f()\ng()\n"),
    family="semantic",
    quiet="with open(a) as b:\n    f(b)\n",
)
def drop_context(node: cst.With) -> Iterator[Any]:
    """The code without the context that it was done in."""
    if (
        statements(node.body)
        and node.asynchronous is None
        and all(item.asname is None for item in node.items)
    ):
        yield unwrapped(node, statements(node.body))


@operator(
    "other",
    ("with lock:\n    f()\n    g()\n    h()\n", "with lock:\n    f()\ng()\nh()\n"),
    family="semantic",
)
def narrow_context(node: cst.With, context: Context) -> Iterator[Any]:
    """The end of the code moved out of its context, which is over by then."""
    body = statements(node.body)
    block, place = context.siblings(node)
    for at in range(1, len(body)):
        kept, moved = body[:at], body[at:]
        if not ends(kept) and (not ends(moved) or place + 1 == len(block)):
            yield cst.FlattenSentinel([node.with_changes(body=with_statements(node.body, kept)), *moved])


@operator(
    "other",
    ("with a as b:\n    c = b.read()\n", "b = a\nc = b.read()\n"),
    family="semantic",
)
def assign_for_with(node: cst.With) -> Iterator[Any]:
    """The resource that is used without being entered or closed."""
    match node.items:
        case [cst.WithItem(item=item, asname=cst.AsName(name=cst.Name() as name))] if statements(node.body):
            if node.asynchronous is None:
                line = cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(name)], item)])
                yield unwrapped(node, [line, *statements(node.body)])
