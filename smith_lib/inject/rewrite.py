"""From an operator's replacement node to changed text, and whether the change is worth a candidate."""

import ast
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from smith_lib.inject.lint import Reading, objection, reading
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
        text = self.program.text
        first = text.count("\n", 0, self.edit.start)
        return first, first + text.count("\n", self.edit.start, max(self.edit.start, self.edit.end - 1))


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


def edit_of(program: Program, node: cst.CSTNode, new: Replacement) -> Edit | None:
    """The smallest edit that makes the replacement; none where it changes nothing."""
    if program.is_elif(node) and not isinstance(new, cst.If):
        return None
    if isinstance(new, cst.RemovalSentinel):
        edit = _statement_text(program, node, [])
    elif isinstance(new, cst.FlattenSentinel):
        edit = _statement_text(program, node, list(new.nodes))
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


def _parsed(text: str) -> tuple[ast.Module, int]:
    """The syntax tree of a statement at any indentation, and how many warnings compiling it gives.

    Raises `SyntaxError` or `ValueError` where it does not compile.
    """
    lines = text.lstrip("\f").split("\n")
    first = next((line for line in lines if line.strip() and line.strip()[0] != "#"), "")
    code = "if 1:\n" + text if first[:1] in (" ", "\t") else text
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tree = ast.parse(code)
        compile(tree, "<unit>", "exec", dont_inherit=True)
    return tree, len(caught)


def _dump(tree: ast.Module) -> str:
    return ast.dump(tree, annotate_fields=False)


class Judge:
    """Tells whether edits make a program worth keeping; remembers what it has read of the clean code."""

    def __init__(self) -> None:
        """Start with nothing read."""
        self._clean: dict[tuple[str, int, int], tuple[str, int, Reading]] = {}

    def _of_clean(self, program: Program, span: tuple[int, int]) -> tuple[str, int, Reading]:
        key = (program.path, *span)
        if key not in self._clean:
            tree, warned = _parsed(program.text[span[0] : span[1]])
            self._clean[key] = (_dump(tree), warned, reading(tree))
        return self._clean[key]

    def program_key(self, parts: Sequence[Part]) -> tuple[tuple[str, int, str], ...] | str:
        """What identifies the changed program (normalised trees of what changed); else why it is no good."""
        units: dict[tuple[str, int, int], list[Part]] = {}
        for part in parts:
            units.setdefault((part.program.path, *part.program.span(part.unit)), []).append(part)
        key: list[tuple[str, int, str]] = []
        for (path, start, end), inside in sorted(units.items(), key=lambda item: item[0]):
            program = inside[0].program
            text = edited(program, [part.edit for part in inside], start, end)
            dump, warned, before = self._of_clean(program, (start, end))
            try:
                tree, now_warned = _parsed(text)
                if not tree.body:
                    compile(edited(program, [part.edit for part in inside]), path, "exec", dont_inherit=True)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return "does not compile"
            now = _dump(tree)
            if now == dump:
                return "the same program"
            if now_warned > warned:
                return "the compiler warns"
            why = objection(before, reading(tree), program)
            if why:
                return why
            key.append((path, start, now))
        return tuple(key)
