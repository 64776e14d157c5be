"""Errors: swallowed, widened, narrowed, or turned into a quiet default."""

from collections.abc import Iterator
from typing import Any

import libcst as cst

from smith_lib.inject.nodes import (
    call_name,
    ends,
    n_statements,
    small,
    statements,
    unwrapped,
    with_statements,
)
from smith_lib.inject.operator import Context, operator

MOST_MOVED = 8
"""Statements that somebody may move into a `try` with the one that belongs there."""
CONFUSED = {
    "KeyError": "IndexError", "IndexError": "KeyError", "TypeError": "ValueError", "ValueError": "TypeError",
    "AttributeError": "TypeError", "StopIteration": "IndexError", "UnicodeDecodeError": "UnicodeEncodeError",
    "FileNotFoundError": "PermissionError", "OverflowError": "ValueError", "LookupError": "KeyError",
}  # fmt: skip


@operator(
    "other",
    ("def f(a):\n    raise ValueError(a)\n", "def f(a):\n    raise TypeError(a)\n"),
    family="semantic",
)
def wrong_error_raised(node: cst.Raise) -> Iterator[cst.Raise]:
    """The error raised as one of a neighbouring kind."""
    name = call_name(node.exc)
    if name in CONFUSED and isinstance(node.exc, cst.Call) and isinstance(node.exc.func, cst.Name):
        yield node.with_changes(exc=node.exc.with_changes(func=cst.Name(CONFUSED[name])))


@operator(
    "other",
    ("try:\n    f()\nexcept KeyError:\n    g()\n", "try:\n    f()\nexcept IndexError:\n    g()\n"),
    family="semantic",
)
def wrong_error_caught(node: cst.ExceptHandler) -> Iterator[cst.ExceptHandler]:
    """The handler of an error of a neighbouring kind, so that the real one escapes."""
    if isinstance(node.type, cst.Name) and node.type.value in CONFUSED:
        yield node.with_changes(type=node.type.with_changes(value=CONFUSED[node.type.value]))


@operator(
    "edge_case",
    (
        "try:\n    f()\nexcept (KeyError, ValueError):\n    g()\n",
        "try:\n    f()\nexcept KeyError:\n    g()\n",
    ),
    family="semantic",
)
def narrow_handler(node: cst.ExceptHandler) -> Iterator[cst.ExceptHandler]:
    """The handler that forgets one of the errors it was for."""
    if isinstance(node.type, cst.Tuple) and len(node.type.elements) > 1:
        for at in range(len(node.type.elements)):
            left = [element for i, element in enumerate(node.type.elements) if i != at]
            if len(left) == 1:
                yield node.with_changes(type=left[0].value)
            else:
                last = left[-1].with_changes(comma=node.type.elements[-1].comma)
                yield node.with_changes(type=node.type.with_changes(elements=[*left[:-1], last]))


@operator(
    "edge_case",
    ("try:\n    f()\nexcept KeyError:\n    g()\n    h()\n", "f()\n"),
    family="semantic",
    quiet="try:\n    f()\nfinally:\n    g()\n",
)
def remove_handling(node: cst.Try) -> Iterator[Any]:
    """The code that no longer expects an error."""
    body = statements(node.body)
    if node.handlers and node.finalbody is None and body:
        yield unwrapped(node, [*body, *(statements(node.orelse.body) if node.orelse else [])])


@operator(
    "edge_case",
    (
        "try:\n    f()\nexcept KeyError:\n    g()\nexcept ValueError:\n    h()\n",
        "try:\n    f()\nexcept ValueError:\n    h()\n",
    ),
    family="semantic",
)
def drop_handler(node: cst.Try) -> Iterator[cst.Try]:
    """The code that handles one error less."""
    if len(node.handlers) > 1:
        for at in range(len(node.handlers)):
            yield node.with_changes(handlers=[handler for i, handler in enumerate(node.handlers) if i != at])


@operator(
    "edge_case",
    (
        "def f(a):\n    try:\n        return g(a)\n    except KeyError:\n        raise ValueError(a)\n",
        "def f(a):\n    try:\n        return g(a)\n    except KeyError:\n        return None\n",
    ),
    family="semantic",
)
def swallow_error(node: cst.ExceptHandler, context: Context) -> Iterator[cst.ExceptHandler]:
    """The handler that gives None where it should raise."""
    body = statements(node.body)
    if body and isinstance(small(body[-1]), cst.Raise) and context.function(node) is not None:
        line = cst.SimpleStatementLine([cst.Return(cst.Name("None"))])
        yield node.with_changes(body=with_statements(node.body, [*body[:-1], line]), name=None)


@operator(
    "edge_case",
    (
        "def f(a):\n    if a < 0:\n        raise ValueError(a)\n    return g(a)\n",
        "def f(a):\n    if a < 0:\n        return None\n    return g(a)\n",
    ),
    family="semantic",
    quiet="def f(a):\n    raise ValueError(a)\n",
)
def default_for_error(node: cst.If, context: Context) -> Iterator[cst.If]:
    """The check that gives None, or corrects nothing, where it should raise."""
    body = statements(node.body)
    if not body or not isinstance(small(body[-1]), cst.Raise) or context.function(node) is None:
        return
    line = cst.SimpleStatementLine([cst.Return(cst.Name("None"))])
    yield node.with_changes(body=with_statements(node.body, [*body[:-1], line]))


@operator(
    "other",
    (
        "def f(a):\n    try:\n        b = g(a)\n    except KeyError:\n        b = 0\n    return h(b)\n",
        "def f(a):\n    try:\n        b = g(a)\n        return h(b)\n    except KeyError:\n        b = 0\n",
    ),
    family="semantic",
)
def widen_try(node: cst.IndentedBlock, context: Context) -> Iterator[cst.IndentedBlock]:
    """The code after a `try` moved into it, so that its errors are taken for the expected one."""
    body = list(node.body)
    for at, holder in enumerate(body[:-1]):
        if not isinstance(holder, cst.Try) or holder.orelse or holder.finalbody or not holder.handlers:
            continue
        inside = statements(holder.body)
        if not inside or ends(inside):
            continue
        for to in range(at + 2, min(len(body), at + 8) + 1):
            moved = body[at + 1 : to]
            if (ends(moved) and to < len(body)) or n_statements(moved) > MOST_MOVED:
                break
            grown = holder.with_changes(body=with_statements(holder.body, [*inside, *moved]))
            yield node.with_changes(body=[*body[:at], grown, *body[to:]])


@operator(
    "other",
    ("try:\n    f()\nexcept KeyError:\n    g()\n", "try:\n    f()\nexcept Exception:\n    g()\n"),
    family="semantic",
)
def widen_handler(node: cst.ExceptHandler) -> Iterator[cst.ExceptHandler]:
    """The handler of any error where one kind was meant."""
    if isinstance(node.type, cst.Name | cst.Tuple | cst.Attribute) and not (
        isinstance(node.type, cst.Name) and node.type.value in ("Exception", "BaseException")
    ):
        yield node.with_changes(type=cst.Name("Exception"))


@operator(
    "edge_case",
    (
        "try:\n    a = f()\nexcept KeyError:\n    a = 0\nelse:\n    g(a)\nh(a)\n",
        "try:\n    a = f()\nexcept KeyError:\n    a = 0\nh(a)\n",
    ),
    family="semantic",
)
def drop_try_else(node: cst.Try) -> Iterator[cst.Try]:
    """The `try` that forgets what to do when all went well."""
    if node.orelse is not None:
        yield node.with_changes(orelse=None)
