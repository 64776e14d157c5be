"""Clean files with holes: the functions that tasks change have no body there, so that nobody finds a fix."""

import ast
import difflib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from smith_lib import syntax

_Def = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Hole:
    """A function without its body."""

    line: int
    """The first of its code object, decorators included."""
    name: str
    body: range
    """The lines that are gone, from 1."""
    stands: str
    """What stands in the first of them."""


@dataclass(frozen=True, slots=True)
class Holed:
    """A file with holes; every other line is where it was."""

    text: str
    holes: tuple[Hole, ...]

    def without(self, clean: str, holes: Sequence[Hole]) -> str:
        """The clean text with these holes alone."""
        return _cut(clean.split("\n"), holes)

    def but(self, clean: str, whole: Collection[tuple[int, str]]) -> "Holed":
        """The same file where the functions of these lines and names are whole."""
        left = tuple(hole for hole in self.holes if (hole.line, hole.name) not in whole)
        return Holed(self.without(clean, left), left)

    def hides(self, clean: str, buggy: str) -> bool:
        """Whether no line of the clean text that the buggy one lacks is left, nor what it adds lines to."""
        gone = {line for hole in self.holes for line in hole.body}
        return all(
            lines <= gone if whole else not gone.isdisjoint(lines) for lines, whole in _regions(clean, buggy)
        )


def changed_lines(clean: str, buggy: str) -> set[int]:
    """The lines of the clean text, from 1, that the buggy one has otherwise; of additions those around."""
    return {line for lines, _ in _regions(clean, buggy) for line in lines}


def _regions(clean: str, buggy: str) -> Iterator[tuple[set[int], bool]]:
    """Lines of the clean text that differ, and whether it has them; else those around an addition."""
    old, new = clean.split("\n"), buggy.split("\n")
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    old, new = old[head : len(old) - tail], new[head : len(new) - tail]
    for kind, first, last, _, _ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            lines = range(head + first + 1, head + last + 1)
            yield set(lines) or {head + first, head + first + 1}, last > first


def holed(clean: str, changed: Collection[int], at_import: Collection[int]) -> Holed:
    """The file with a hole for each function that holds a changed line in its body.

    None is made where a statement of the body is executed outside tests (`at_import`): it is needed then.
    """
    try:
        module = syntax.parse(clean)
    except (SyntaxError, ValueError, RecursionError):
        return Holed(clean, ())
    if "\r" in clean.replace("\r\n", ""):  # a line of its own to Python alone
        return Holed(clean, ())
    lines = clean.split("\n")
    holes = []
    for node, in_class in _outermost(module):
        body = _body(node)
        inside = range(body[0].lineno, (node.end_lineno or 0) + 1) if body else range(0)
        if not body or body[0].lineno == node.lineno or not any(line in inside for line in changed):
            continue
        if any(line in at_import for line in inside) or _before(lines, body[0]).strip():
            continue
        words = ["raise NotImplementedError"]
        words += ["yield"] if _yields(node) else []
        words += ["__class__"] if in_class and _names(node) & {"super", "__class__"} else []
        stands = _before(lines, body[0]) + "; ".join(words)
        holes.append(Hole(syntax.span(node).start, node.name, inside, stands))
    return Holed(_cut(lines, holes), tuple(holes))


def _cut(lines: list[str], holes: Sequence[Hole]) -> str:
    for hole in holes:
        lines[hole.body.start - 1 : hole.body.stop - 1] = [hole.stands, *("" for _ in hole.body[1:])]
    return "\n".join(lines)


def _outermost(module: ast.Module) -> Iterator[tuple[_Def, bool]]:
    """Functions that are in no other one, and whether they are methods."""
    todo: list[tuple[ast.AST, bool]] = [(module, False)]
    while todo:
        node, in_class = todo.pop()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, _Def):
                yield child, in_class
            elif not isinstance(child, ast.expr):
                todo.append((child, in_class or isinstance(child, ast.ClassDef)))


def _body(node: _Def) -> Sequence[ast.stmt]:
    """Its statements but for the docstring, which the function's object has."""
    first = node.body[0]
    told = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    rest = node.body[1:] if told else node.body
    if told and rest and rest[0].lineno == first.end_lineno:
        return ()
    return rest


def _before(lines: Sequence[str], statement: ast.stmt) -> str:
    return lines[statement.lineno - 1].encode()[: statement.col_offset].decode(errors="replace")


def _yields(function: _Def) -> bool:
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, _Def | ast.Lambda | ast.ClassDef):
            todo.extend(ast.iter_child_nodes(node))
    return False


def _names(function: _Def) -> set[str]:
    return {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
