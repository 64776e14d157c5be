"""Which functions call which, told by names, so that bugs of both ends of a call can be combined."""

from collections.abc import Iterator, Sequence

import libcst as cst

from smith_lib.inject.draw import Draft
from smith_lib.inject.program import Program

COMMON = frozenset(name for kind in (str, bytes, list, dict, set, tuple, int, object) for name in dir(kind))
"""Methods of builtin types: a call of one says little about who is called."""

Group = tuple[str, int]


def _called(program: Program, function: cst.FunctionDef) -> Iterator[str]:
    """The names that a function calls: of functions, and of methods where they are no builtin type's."""
    for node in program.inside(function):
        if not isinstance(node, cst.Call):
            continue
        if isinstance(node.func, cst.Name):
            yield node.func.value
        elif isinstance(node.func, cst.Attribute):
            own = isinstance(node.func.value, cst.Name) and node.func.value.value in ("self", "cls")
            if own or node.func.attr.value not in COMMON:
                yield node.func.attr.value


def neighbours(drafts: Sequence[Draft]) -> list[tuple[list[Draft], list[Draft]]]:
    """The drafts of each function beside those of a function that it calls, in the order of the drafts.

    The one that is called is the only one of its name, in the same file or else in all of them.
    """
    groups: dict[Group, list[Draft]] = {}
    places: dict[Group, tuple[Program, cst.FunctionDef]] = {}
    named: dict[str, list[Group]] = {}
    for draft in drafts:
        part = draft.parts[0]
        if not isinstance(part.unit, cst.FunctionDef):
            continue
        group = part.program.path, part.program.span(part.unit)[0]
        if group not in groups:
            named.setdefault(part.unit.name.value, []).append(group)
            places[group] = part.program, part.unit
        groups.setdefault(group, []).append(draft)
    found: list[tuple[list[Draft], list[Draft]]] = []
    for group, callers in groups.items():
        for name in dict.fromkeys(_called(*places[group])):
            there = named.get(name, [])
            near = [other for other in there if other[0] == group[0]] or there
            if len(near) == 1 and near[0] != group:
                found.append((callers, groups[near[0]]))
    return found
