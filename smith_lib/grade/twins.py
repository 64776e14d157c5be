"""Twins of wanted tests that must fail: the same test, but what it compares with is something else.

Who fixes nothing and gives back what equals anything passes the test, and its twin too. Where the value
allows it the other one is of the same type and made of the same parts, so that what equals all that looks
right does, too.
"""

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random

from smith_lib import syntax

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
_ASSERTS = frozenset(("assertEqual", "assertEquals", "assertListEqual", "assertDictEqual"))


@dataclass(frozen=True, slots=True)
class Twin:
    """A test that fails on every honest run."""

    of: str
    """The node id of the wanted test."""
    test_id: str
    text: str
    """To be put at the end of its module."""


def twin(test: str, module: ast.Module, named: Callable[[str], str], rng: Random) -> Twin | None:
    """A twin of the test of that id; None where it compares nothing, or is not written in its module.

    `named` gives a free name that begins as the one that it is given.
    """
    path, _, rest = test.partition("::")
    plain, bracket, case = rest.partition("[")
    names = plain.split("::")
    found = _found(module, names)
    if found is None:
        return None
    holder, function = found
    changed = copy.deepcopy(function)
    places = list(_comparisons(changed))
    if not places:
        return None
    for node, put in places:  # all: which of them a case comes to, the clean run that tried the twin has seen
        put(_other(node, rng))
    if holder is None:
        changed.name = named(function.name)
        return Twin(test, f"{path}::{changed.name}{bracket}{case}", f"\n{ast.unparse(changed)}\n")
    others = [node for node in holder.body if not _is_test(node)]
    shell = copy.copy(holder)
    shell.name, shell.body = named(holder.name), [*others, changed]
    return Twin(test, f"{path}::{shell.name}::{names[1]}{bracket}{case}", f"\n{ast.unparse(shell)}\n")


def _found(module: ast.Module, names: Sequence[str]) -> tuple[ast.ClassDef | None, FunctionNode] | None:
    holder: ast.ClassDef | None = None
    body = module.body
    if len(names) == 2:
        holder = next((n for n in body if isinstance(n, ast.ClassDef) and n.name == names[0]), None)
        body = holder.body if holder is not None else []
    if len(names) > 2:
        return None
    function = next((n for n in body if isinstance(n, FunctionNode) and n.name == names[-1]), None)
    return None if function is None else (holder, function)


def _is_test(node: ast.stmt) -> bool:
    return isinstance(node, FunctionNode) and node.name.startswith("test")


def _comparisons(function: FunctionNode) -> Iterator[tuple[ast.expr, Callable[[ast.expr], None]]]:
    """What the test compares with what it has computed, and what puts another value in its place."""
    for node in ast.walk(function):
        match node:
            case ast.Assert(test=ast.Compare(ops=[ast.Eq()]) as compare):
                if _computes(compare.left) or not _computes(compare.comparators[0]):
                    yield compare.comparators[0], partial(compare.comparators.__setitem__, 0)
                else:
                    yield compare.left, partial(setattr, compare, "left")
            case ast.Call(func=ast.Attribute(attr=name), args=[one, other, *_]) if name in _ASSERTS:
                at = 1 if _computes(one) or not _computes(other) else 0
                yield node.args[at], partial(node.args.__setitem__, at)


def _computes(node: ast.expr) -> bool:
    return any(isinstance(n, ast.Call | ast.Name | ast.Attribute) for n in ast.walk(node))


def _other(node: ast.expr, rng: Random) -> ast.expr:
    """What has another value than the expression, of the same type and of like parts where that can be."""
    word, number = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=9)), rng.randrange(10**8, 10**9)
    texts = (f"'{word}'", f"['{word}', {number}]", f"('{word}', {number})", f"{{'{word}': {number}}}",
             f"{number}.5", f"b'{word}'", str(number))  # fmt: skip
    far = rng.choice(texts)
    moved = rng.choice(("v[1:] + v[:1]", "v[::-1]", "v[:-1]"))
    cases = (
        ("isinstance(v, bool)", "not v"),
        ("isinstance(v, (int, float, complex))", f"v + {rng.choice((1, 2, -1))}"),
        ("v and isinstance(v, (str, bytes, list, tuple))", f"{moved} if {moved} != v else v + v[:1]"),
        ("v and isinstance(v, dict)", "dict(list(v.items())[1:])"),
        ("v and isinstance(v, (set, frozenset))", "v - {next(iter(v))}"),
    )
    like = f"{{str: '{word}', bytes: b'{word}', list: ['{word}'], tuple: ('{word}',)}}.get(type(v), {far})"
    text = like
    for test, value in reversed(cases):
        text = f"({value}) if {test} else ({text})"
    made = syntax.expression(f"(lambda v: {text})(None)")
    assert isinstance(made, ast.Call)
    made.args = [node]
    return made
