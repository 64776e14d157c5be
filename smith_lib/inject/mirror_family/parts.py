"""From what a file becomes to the parts of a draft: what changes in each function or statement."""

import ast
import re
import warnings
from collections.abc import Iterator

import libcst as cst

from smith_lib import diffs, syntax
from smith_lib.inject.program import Program
from smith_lib.inject.rewrite import Edit, Part, edited

_IMPORT = re.compile(r"^(?:import|from)\s", re.M)


def parts_of(program: Program, text: str) -> tuple[Part, ...]:
    """The parts that make the text of the program; what changes no code but in docstrings is left out."""
    old = diffs.lines_of(program.text)
    units: dict[int, tuple[cst.CSTNode, list[Edit]]] = {}
    for edit in _edits(program, old, diffs.lines_of(text)):
        unit = unit_of(program, edit)
        if _IMPORT.search(program.text[edit.start : edit.end] + edit.text):
            unit = program.module  # what an import is for is told by the whole file
        units.setdefault(id(unit), (unit, []))[1].append(edit)
    parts: list[Part] = []
    for unit, edits in _outermost(program, list(units.values())):
        if not _is_same(program, unit, edits):
            parts += [Part(program, edit, unit, _name(program, unit_of(program, edit))) for edit in edits]
    return tuple(parts)


def _edits(program: Program, old: list[str], new: list[str]) -> Iterator[Edit]:
    for i, a, j, b in diffs.runs(old, new):
        first = i - 1 if i == a and i > 0 else i  # what is only added belongs to the line above it
        lines = [*old[first:i], *new[j:b]]
        yield Edit(program.line_start(first), program.line_start(a), "".join(lines))


def unit_of(program: Program, edit: Edit) -> cst.CSTNode:
    """The outermost function or the statement that holds the edit; else the class or module that does."""
    holder: cst.CSTNode = program.module
    while True:
        block = holder.body if isinstance(holder, cst.ClassDef) else holder
        body: tuple[cst.CSTNode, ...] = tuple(getattr(block, "body", ()))
        inside = next((node for node in body if _holds(program, node, edit)), None)
        if inside is None:
            return holder
        if not isinstance(inside, cst.ClassDef):
            return inside
        holder = inside


def _holds(program: Program, node: cst.CSTNode, edit: Edit) -> bool:
    start, end = program.span(node)
    return start <= edit.start and edit.end <= end and edit.start < end


def _outermost(
    program: Program, units: list[tuple[cst.CSTNode, list[Edit]]]
) -> list[tuple[cst.CSTNode, list[Edit]]]:
    """The units of which none lies in another, with the edits of those inside."""
    kept: list[tuple[cst.CSTNode, list[Edit]]] = []
    for unit, edits in sorted(units, key=lambda u: (program.span(u[0])[0], -program.span(u[0])[1])):
        if kept and program.span(unit)[1] <= program.span(kept[-1][0])[1]:
            kept[-1][1].extend(edits)
        else:
            kept.append((unit, list(edits)))
    return [(unit, sorted(edits, key=lambda e: (e.start, e.end))) for unit, edits in kept]


def _name(program: Program, unit: cst.CSTNode) -> str:
    for node in (unit, *program.ancestors(unit)):
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            return program.qualname(node)
    return "<module>"


def _is_same(program: Program, unit: cst.CSTNode, edits: list[Edit]) -> bool:
    start, end = program.span(unit)
    try:
        clean, buggy = (_bare(edited(program, some, start, end)) for some in ([], edits))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return clean == buggy


def _bare(text: str) -> str:
    """The code's structure without docstrings."""
    lines = (line for line in text.split("\n") if line.strip() and line.strip()[0] != "#")
    code = "if 1:\n" + text if next(lines, "")[:1] in (" ", "\t") else text
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = syntax.parse(code)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
            first = body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                first.value = ast.Constant(0)
    return ast.dump(tree)
