"""Where the statements of a piece of code stand, so that a change can be checked without what is around it.

Statements are told apart by lines: a region is a run of statements in one block with all the lines that are
theirs. Changed text of a region that keeps its indentation and ends its last line stands for itself: it has
the same meaning in a `head` that opens the same kinds of blocks (function, class, loop) as in its place.
"""

import ast
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from smith_lib.inject.rewrite import Edit

DEEPEST = 12
"""Blocks below this depth are not looked into; the compiler takes twenty."""
_ELSEWHERE = re.compile(r"\b(?:global|nonlocal|except\s*\*)")
"""Statements with rules that reach beyond their own lines."""
_HEADED = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.FunctionDef,
    ast.AsyncFunctionDef, ast.ClassDef,
)  # fmt: skip


@dataclass(slots=True, eq=False)
class Run:
    """Statements that share lines: mostly one."""

    first: int
    """The first and the one behind the last among the block's statements."""
    last: int
    start: int
    """Where its lines start and end in the text, comments above all but the first run of a block included."""
    end: int
    header: int
    """Where the lines of its header end; equal to `start` where that cannot be read alone."""
    blocks: tuple["Block", ...]


@dataclass(slots=True, eq=False)
class Block:
    """A list of statements on lines of their own."""

    way: tuple[str | int, ...]
    """The fields and indices that lead to it from the statement that holds it."""
    statements: list[ast.stmt]
    head: str
    """Lines that open blocks of the same kinds as are around it."""
    indent: str
    is_elif: bool
    runs: list[Run] = field(default_factory=list)

    def run(self, offset: int) -> int:
        """Which run's lines hold the offset."""
        return max(0, bisect_right(self.runs, offset, key=lambda run: run.start) - 1)

    def around(self, start: int, end: int) -> tuple[int, int] | None:
        """The runs (first, one behind the last) whose lines hold the span; none where they do not."""
        first = self.run(start)
        last = bisect_left(self.runs, end, key=lambda run: run.end)
        if last == len(self.runs) or start < self.runs[first].start:
            return None
        if first > last:  # an insertion between two runs
            first = last
        return first, last + 1


@dataclass(frozen=True, slots=True)
class Region:
    """Runs of a block, or the header of one statement."""

    block: Block
    first: int
    last: int
    is_header: bool = False

    @property
    def span(self) -> tuple[int, int]:
        """Where its lines start and end."""
        run = self.block.runs[self.first]
        return run.start, run.header if self.is_header else self.block.runs[self.last - 1].end

    @property
    def statements(self) -> list[ast.stmt]:
        """Its statements in the clean code."""
        return self.block.statements[self.block.runs[self.first].first : self.block.runs[self.last - 1].last]


def regions(block: Block, start: int, end: int) -> Iterator[Region]:
    """The regions that hold the span, from the outside in."""
    while True:
        found = block.around(start, end)
        if found is None:
            return
        yield Region(block, *found)
        if found[1] - found[0] > 1:
            return
        run = block.runs[found[0]]
        inside = next((b for b in run.blocks if b.runs[0].start <= start and end <= b.runs[-1].end), None)
        if inside is None:
            if run.start < run.header and end <= run.header:
                yield Region(block, *found, is_header=True)
            return
        block = inside


def grouped(layout: Block, edits: list[Edit]) -> list[list[Edit]]:
    """The edits in the order of the text, those together whose innermost regions overlap."""
    groups: list[tuple[int, list[Edit]]] = []
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        start, end, group = edit.start, edit.end, [edit]
        while True:
            found = [*regions(layout, start, end)]
            if found:
                start, end = min(start, found[-1].span[0]), max(end, found[-1].span[1])
            if not groups or groups[-1][0] <= start:
                break
            group = [*groups.pop()[1], *group]
            start = min(start, group[0].start)
        groups.append((end, group))
    return [group for _, group in groups]


def laid_out(tree: ast.Module, text: str, offset: int, wrapped: bool) -> Block | None:
    """The layout of a unit's text that starts at `offset` of its file; none where lines do not tell.

    The tree is of the text, below one more line `if 1:` where it is `wrapped`.
    """
    if "\f" in text or "\r" in text.replace("\r\n", "") or _ELSEWHERE.search(text):
        return None
    body: list[ast.stmt] = tree.body[0].body if wrapped else tree.body  # type: ignore[attr-defined]
    return _Lines(text, offset, 2 if wrapped else 1).block(body, (), "if 1:\n" if wrapped else "", "", 0)


class _Lines:
    """Looks up lines while statements are laid out."""

    def __init__(self, text: str, offset: int, number: int) -> None:
        """Take the text, where it starts in its file, and the number of its first line in the tree."""
        self.text, self.offset, self.number = text, offset, number
        self.starts = [0]
        for line in text.split("\n"):
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.starts[-1] = len(text)

    def _first(self, statement: ast.stmt) -> int:
        decorators: Sequence[ast.expr] = getattr(statement, "decorator_list", ())
        return min([statement.lineno, *(d.lineno for d in decorators)]) - self.number

    def block(
        self, statements: list[ast.stmt], way: tuple[str | int, ...], head: str, function: str, depth: int
    ) -> Block | None:
        """The block of these statements; none where they do not stand on lines of their own.

        `head` opens the blocks around it, `function` only the innermost function or class.
        """
        if not statements or depth > DEEPEST:
            return None
        first = self.starts[self._first(statements[0])]
        line = self.text[first : self.text.find("\n", first) + 1 or None]
        code = line.lstrip(" \t")
        indent = line[: len(line) - len(code)]
        if not code.startswith("@") and statements[0].col_offset != len(indent):
            return None
        is_elif = way == ("orelse",) and isinstance(statements[0], ast.If) and code.startswith("elif")
        block = Block(way, statements, head, indent, is_elif)
        ended = -1
        for at, statement in enumerate(statements):
            begins, ends = self._first(statement), (statement.end_lineno or 0) - self.number
            end = self.starts[ends + 1]
            if begins <= ended:
                last = block.runs[-1]
                last.last, last.end, last.header, last.blocks = at + 1, self.offset + end, last.start, ()
            else:
                start = block.runs[-1].end if block.runs else self.offset + self.starts[begins]
                inner = tuple(self._inner(statement, head, function, indent, depth + 1))
                headed = isinstance(statement, _HEADED) and inner and inner[0].way == ("body",)
                header = inner[0].runs[0].start if headed else start
                block.runs.append(Run(at, at + 1, start, self.offset + end, header, inner))
            if self.text[:end].endswith(("\\\n", "\\\r\n")):
                return None
            ended = ends
        return block

    def _inner(
        self, statement: ast.stmt, head: str, function: str, indent: str, depth: int
    ) -> Iterator[Block]:
        found: list[Block | None] = []
        match statement:
            case ast.FunctionDef(body=body):
                found = [self.block(body, ("body",), "def f():\n", "def f():\n", depth)]
            case ast.AsyncFunctionDef(body=body):
                found = [self.block(body, ("body",), "async def f():\n", "async def f():\n", depth)]
            case ast.ClassDef(body=body):
                found = [self.block(body, ("body",), "class f:\n", "class f:\n", depth)]
            case ast.For() | ast.AsyncFor() | ast.While():
                outer = function or ("if 1:\n" if indent else "")
                loop = f"{outer}{indent}while 1:\n"
                found = [
                    self.block(statement.body, ("body",), loop, function, depth),
                    self.block(statement.orelse, ("orelse",), head, function, depth),
                ]
            case ast.If(body=body, orelse=orelse):
                found = [
                    self.block(body, ("body",), head, function, depth),
                    self.block(orelse, ("orelse",), head, function, depth),
                ]
            case ast.With(body=body) | ast.AsyncWith(body=body):
                found = [self.block(body, ("body",), head, function, depth)]
            case ast.Try():
                handlers = [
                    self.block(handler.body, ("handlers", at, "body"), head, function, depth)
                    for at, handler in enumerate(statement.handlers)
                ]
                found = [
                    self.block(statement.body, ("body",), head, function, depth),
                    *handlers,
                    self.block(statement.orelse, ("orelse",), head, function, depth),
                ]
            case ast.Match(cases=cases):
                found = [
                    self.block(case.body, ("cases", at, "body"), head, function, depth)
                    for at, case in enumerate(cases)
                ]
        return (block for block in found if block is not None)
