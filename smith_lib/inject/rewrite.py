"""From an operator's replacement node to changed text."""

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from smith_lib.diffs import lines_of
from smith_lib.inject.nodes import BLANK_FIELDS
from smith_lib.inject.operator import Replacement
from smith_lib.inject.program import Program


@dataclass(frozen=True, slots=True)
class Edit:
    """A stretch of a file's text and what takes its place."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Part:
    """One rewrite at one place."""

    program: Program
    edit: Edit
    unit: cst.CSTNode
    function: str
    """`qualname` of the function or class it is in, or `<module>`."""

    @property
    def lines(self) -> tuple[int, int]:
        """First and last line (from 0) of the clean file that change."""
        start, end = self.edit.start, self.edit.end
        return self.program.line(start), self.program.line(max(start, end - 1))


def _is_word(character: str) -> bool:
    return character.isalnum() or character in "_\"'"


def _leading_blank(program: Program, node: cst.CSTNode) -> int:
    """How many characters of blank lines a statement starts with, comments not counted."""
    total = 0
    for line in getattr(node, "leading_lines", ()):
        if line.comment is not None:
            break
        start, end = program.span(line)
        total += end - start
    return total


def _statement_text(program: Program, node: cst.CSTNode, new: Sequence[cst.CSTNode]) -> Edit:
    start, end = program.span(node)
    text = "".join(program.generate(part, node) for part in new)
    blank = _leading_blank(program, node)
    if new:
        if blank and not text.startswith(program.text[start : start + blank]):
            start += blank
        return Edit(start, end, text)
    block, at = program.siblings(node)
    if at == 0 or (at + 1 < len(block) and not _leading_blank(program, block[at + 1])):
        start += blank
    if at == 0 and len(block) > 1 and isinstance(program.parent(node), cst.IndentedBlock):
        end += _leading_blank(program, block[1])
    return Edit(start, end, "")


def _expression_text(program: Program, node: cst.CSTNode, new: cst.CSTNode) -> Edit:
    start, end = program.span(node)
    text = program.generate(new, node)
    if getattr(node, "lpar", ()) and "\n" in text and not getattr(new, "lpar", ()):
        text = f"({text})"
    if text and start and _is_word(program.text[start - 1]) and _is_word(text[0]):
        text = " " + text
    if text and end < len(program.text) and _is_word(text[-1]) and _is_word(program.text[end]):
        text += " "
    return Edit(start, end, text)


_KEPT_WHOLE = (cst.Annotation, cst.AsName, cst.From, cst.Parameters, cst.Param, cst.ParamSlash, cst.ParamStar)
"""Nodes whose text depends on what holds them."""


def _difference(
    program: Program, node: cst.CSTNode, new: cst.CSTNode
) -> tuple[cst.CSTNode, cst.CSTNode] | None:
    """The one place right below in which the nodes differ, before and after; none where there are more."""
    found: tuple[cst.CSTNode, cst.CSTNode] | None = None
    for name in node.__slots__:
        old, now = getattr(node, name), getattr(new, name)
        if old is now or (old.__class__ is str and old == now):
            continue
        if name.startswith(BLANK_FIELDS) or (name == "orelse" and old.__class__ is not now.__class__):
            return None
        pairs = [(old, now)]
        if isinstance(old, list | tuple) and isinstance(now, list | tuple):
            if len(old) != len(now):
                return None
            pairs = [(a, b) for a, b in zip(old, now, strict=True) if a is not b]
        for a, b in pairs:
            if found is not None or not program.is_known(a) or not isinstance(b, cst.CSTNode):
                return None
            found = a, b
    if found is None or isinstance(found[0], _KEPT_WHOLE):
        return None
    old, now = found
    alike = all(getattr(old, name, None) is getattr(now, name, None) for name in ("comma", "semicolon"))
    return found if alike else None


def _narrowed(program: Program, node: cst.CSTNode, new: cst.CSTNode) -> tuple[cst.CSTNode, cst.CSTNode]:
    """The smallest nodes that differ, so that code is generated for no more than what is new."""
    while new.__class__ is node.__class__:
        found = _difference(program, node, new)
        if found is None:
            break
        node, new = found
    return node, new


def _block_text(program: Program, node: cst.IndentedBlock, new: cst.IndentedBlock) -> Edit | None:
    """The edit for a block of which some statements change; none where more of it does or none is left."""
    old, now = list(node.body), list(new.body)
    if not now or any(
        getattr(node, name) is not getattr(new, name) for name in ("header", "indent", "footer")
    ):
        return None
    head, shortest = 0, min(len(old), len(now))
    while head < shortest and old[head] is now[head]:
        head += 1
    tail = 0
    while tail < shortest - head and old[-1 - tail] is now[-1 - tail]:
        tail += 1
    gone = old[head : len(old) - tail]
    start = program.span(old[head])[0] if head < len(old) else program.span(old[-1])[1]
    end = program.span(gone[-1])[1] if gone else start
    return Edit(start, end, "".join(program.generate(part, old[0]) for part in now[head : len(now) - tail]))


def edit_of(program: Program, node: cst.CSTNode, new: Replacement) -> Edit | None:
    """The smallest edit that makes the replacement; none where it changes nothing."""
    if program.is_elif(node) and not isinstance(new, cst.If):
        return None
    if isinstance(new, cst.RemovalSentinel):
        edit = _statement_text(program, node, [])
    elif isinstance(new, cst.FlattenSentinel):
        edit = _statement_text(program, node, list(new.nodes))
    else:
        node, new = _narrowed(program, node, new)
        if isinstance(node, cst.IndentedBlock) and isinstance(new, cst.IndentedBlock):
            edit = _block_text(program, node, new) or _expression_text(program, node, new)
        elif isinstance(node, cst.BaseStatement):
            edit = _statement_text(program, node, [new])
        else:
            edit = _expression_text(program, node, new)
    old, text = program.text[edit.start : edit.end], edit.text
    head, shortest = 0, min(len(old), len(text))
    while head < shortest and old[head] == text[head]:
        head += 1
    tail = 0
    while tail < shortest - head and old[-1 - tail] == text[-1 - tail]:
        tail += 1
    if head == len(old) == len(text):
        return None
    return Edit(edit.start + head, edit.end - tail, text[head : len(text) - tail])


def edited(program: Program, edits: Sequence[Edit], start: int = 0, end: int | None = None) -> str:
    """The program's text between two offsets with the edits (which do not overlap) made."""
    out: list[str] = []
    at = start
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        out += [program.text[at : edit.start], edit.text]
        at = edit.end
    return "".join(out) + program.text[at : len(program.text) if end is None else end]


def changed_lines(program: Program, edits: Sequence[Edit]) -> list[tuple[int, int, list[str]]]:
    """The lines that the edits change (first and one behind the last, from 0) and what they become."""
    runs: list[tuple[int, int, list[Edit]]] = []
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        first, last = program.line(edit.start), min(program.line(edit.end) + 1, len(program.lines))
        if runs and first < runs[-1][1]:
            first, last, inside = runs[-1][0], max(last, runs[-1][1]), [*runs.pop()[2], edit]
        else:
            inside = [edit]
        runs.append((first, last, inside))
    changed: list[tuple[int, int, list[str]]] = []
    for first, last, inside in runs:
        text = edited(program, inside, program.line_start(first), program.line_start(last))
        changed.append((first, last, lines_of(text if first else program.bom + text)))
    return changed
