"""The table of operators: one line a module, which is read from top to bottom."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from types import ModuleType

from smith_lib.errors import UnknownName
from smith_lib.inject import combine
from smith_lib.inject.llm_family import family
from smith_lib.inject.mirror_family import undo
from smith_lib.inject.operator import Family, Operator
from smith_lib.types import Category

WRITTEN = tuple(family.NAMES)
"""Operators whose bugs a model writes."""
MIRRORED = tuple(undo.NAMES)
"""Operators whose bugs are fixes out of a history, undone."""


@dataclass(frozen=True, slots=True)
class OperatorInfo:
    """What a person is told of an operator."""

    name: str
    family: Family
    category: Category
    summary: str
    before: str
    after: str


def _modules() -> tuple[ModuleType, ...]:
    from smith_lib.inject.ast_family import (
        arguments,
        blocks,
        booleans,
        calls,
        comparisons,
        flow,
        indentation,
        indices,
        numbers,
        text,
        turns,
        variables,
    )
    from smith_lib.inject.semantic_family import (
        branches,
        cleanup,
        errors,
        guards,
        rewritten,
        state,
        tidied,
        values,
        wrapped,
    )

    return (
        comparisons, booleans, numbers, indices, arguments, calls, variables, text, flow, indentation,
        turns, blocks, guards, branches, values, errors, cleanup, state, rewritten, tidied, wrapped,
    )  # fmt: skip


@cache
def catalogue() -> tuple[Operator, ...]:
    """Every operator, in the order of the table. Raises `ValueError` where two share a name."""
    found = [thing for module in _modules() for thing in vars(module).values() if isinstance(thing, Operator)]
    names = [op.name for op in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"operators that share a name: {', '.join(twice)}")
    return tuple(found)


def chosen(names: tuple[str, ...]) -> tuple[tuple[Operator, ...], tuple[str, ...]]:
    """The named operators and kinds of combination, all where none is named. Raises `UnknownName`.

    Where only combinations are named, they are made of all operators.
    """
    known = {op.name for op in catalogue()}
    for name in names:
        if name not in known and name not in (*combine.NAMES, *WRITTEN, *MIRRORED):
            raise UnknownName("operator", name, [*known, *combine.NAMES, *WRITTEN, *MIRRORED])
    some = not known.isdisjoint(names)
    return (
        tuple(op for op in catalogue() if not some or op.name in names),
        tuple(name for name in combine.NAMES if not names or name in names),
    )


def families(names: Iterable[str]) -> set[str]:
    """The families that operators of these names are of. Raises `UnknownName`."""
    chosen(tuple(names))
    of = {op.name: str(op.family) for op in catalogue()} | dict.fromkeys(combine.NAMES, "combine")
    of |= dict.fromkeys(MIRRORED, "mirror") | dict.fromkeys(WRITTEN, "llm")
    return {of[name] for name in names}


def operators() -> list[OperatorInfo]:
    """What `smith operators` lists: every operator with its category and an example."""
    return [OperatorInfo(op.name, op.family, op.category, op.summary, *op.examples[0]) for op in catalogue()]
