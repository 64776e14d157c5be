"""What a model is told of the surroundings of a function or class: of its module and of its callers."""

import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import libcst as cst

from smith_lib.inject.llm_family.excerpt import Definition, Excerpt
from smith_lib.inject.llm_family.outline import head, own_text, stub
from smith_lib.inject.llm_family.prompt import fenced
from smith_lib.inject.nodes import call_name
from smith_lib.inject.program import Program

CALLERS = 5
"""Callers that are looked at."""
SHORT = 20
"""Lines of a caller that is shown whole; of a longer one the lines around the call."""
AROUND = 4
"""Lines that are shown on either side of a call."""
LONG = 6
"""Lines of an assignment from which on it is left out."""
EVERYWHERE = frozenset(
    name for kind in (str, bytes, list, dict, set, frozenset, tuple, int) for name in dir(kind)
) | {"read", "write", "close", "open", "run", "match", "search", "sub", "group", "debug", "info"}  # fmt: skip
"""Names of methods that say nothing of whose they are."""
_TOKENS = re.compile(r"[A-Za-z]{1,6}|\d{1,3}|\n[^\S\n]*|[^\w\s]|_|[^\x00-\x7f]")


def tokens(text: str) -> int:
    """About how many tokens a model reads in the text; rather too many than too few."""
    return sum(1 if piece.isascii() else 2 for piece in _TOKENS.findall(text))


@dataclass(frozen=True, slots=True)
class _Piece:
    """Something that may be told."""

    rank: int
    """How much it matters; 0 matters most."""
    place: tuple[str, int]
    """Where it stands: file and offset."""
    title: str
    """Under what it is told."""
    text: str


class Surroundings:
    """The modules of a repository, to be asked what is around a function or class."""

    def __init__(self, programs: Sequence[Program], budget: int) -> None:
        """Look up who calls what; `budget` is how many tokens an answer may have."""
        self._budget = budget
        self._calls: dict[str, list[tuple[Program, cst.Call]]] = defaultdict(list)
        self._defined: Counter[str] = Counter()
        for program in programs if budget else ():
            for node in program.nodes():
                if isinstance(node, cst.Call) and (name := call_name(node)):
                    self._calls[name].append((program, node))
                elif isinstance(node, cst.FunctionDef | cst.ClassDef):
                    self._defined[node.name.value] += 1

    def told(self, excerpt: Excerpt, hidden: bool, spent: int = 0) -> str:
        """What is around it within the budget; nothing that holds its code where that is to be `hidden`.

        `spent` tokens of the budget are taken already.
        """
        left = self._budget - spent
        chosen: list[_Piece] = []
        titles: set[str] = set()
        pieces = [*_of_module(excerpt), *self._callers(excerpt, hidden)]
        for piece in sorted(pieces, key=lambda piece: (piece.rank, piece.place)):
            cost = tokens(piece.text) + 2 + (0 if piece.title in titles else tokens(piece.title) + 12)
            if cost <= left:
                left -= cost
                titles.add(piece.title)
                chosen.append(piece)
        return _laid_out(chosen, excerpt.program.path)

    def _callers(self, excerpt: Excerpt, hidden: bool) -> Iterator[_Piece]:
        own = excerpt.program.span(excerpt.node)
        seen: set[tuple[str, int]] = set()
        here = excerpt.program.path
        calls = sorted(
            self._calls_of(excerpt), key=lambda c: (c[0].path != here, c[0].path, c[0].span(c[1])[0])
        )
        for program, call in calls:
            holder = program.function(call)
            if holder is None:
                continue
            start, end = program.span(holder)
            is_here = program is excerpt.program
            if is_here and (own[0] <= start < own[1] or (hidden and start <= own[0] < end)):
                continue
            if (program.path, start) in seen:
                continue
            seen.add((program.path, start))
            title = f"Called in {program.path} by {program.qualname(holder)}"
            rank = 2 if len(seen) == 1 else 4
            yield _Piece(rank, (program.path, start), title, _shown(program, holder, call))
            if len(seen) == CALLERS:
                return

    def _calls_of(self, excerpt: Excerpt) -> Iterator[tuple[Program, cst.Call]]:
        """The calls that are probably of it."""
        node, program = excerpt.node, excerpt.program
        owner = program.owner(node)
        name = node.name.value
        if name == "__init__" and owner is not None:
            name, owner = owner.name.value, None
        is_one = self._defined[name] == 1 and name not in EVERYWHERE
        for caller, call in self._calls.get(name, ()):
            if isinstance(call.func, cst.Name):
                known = caller is program or name in caller.names
                if owner is None and known:
                    yield caller, call
            elif is_one or (caller is program and owner is not None and caller.owner(call) is owner):
                yield caller, call


def _of_module(excerpt: Excerpt) -> Iterator[_Piece]:
    """Pieces of the module: imports, assignments, the class around, and the heads of what else there is."""
    program, node = excerpt.program, excerpt.node
    title = f"Also in {program.path}"
    used = {n.value for n in program.inside(node) if isinstance(n, cst.Name)}
    around = {id(above) for above in program.ancestors(node)}

    def piece(rank: int, of: cst.CSTNode, text: str) -> _Piece:
        return _Piece(rank, (program.path, program.span(of)[0]), title, text)

    def members(body: cst.CSTNode, rank: int) -> Iterator[_Piece]:
        for one in getattr(body, "body", ()):
            if one is node:
                continue
            if isinstance(one, cst.FunctionDef | cst.ClassDef):
                yield from definition(one, rank)
            elif isinstance(one, cst.SimpleStatementLine):
                yield from line(one, rank)

    def definition(one: Definition, rank: int) -> Iterator[_Piece]:
        if id(one) in around:
            if isinstance(one, cst.ClassDef):
                yield piece(0, one, head(program, one))
                yield from members(one.body, 1)
            return
        if one.name.value == "__init__" and rank == 1 and own_text(program, one).count("\n") < SHORT:
            yield piece(1, one, own_text(program, one))
            return
        matters = one.name.value in used or rank == 1
        yield piece(rank if matters else 5, one, stub(program, one, documented=matters))

    def line(one: cst.SimpleStatementLine, rank: int) -> Iterator[_Piece]:
        text = own_text(program, one)
        if text.count("\n") >= LONG:
            return
        small = one.body[0]
        if isinstance(small, cst.Import | cst.ImportFrom):
            yield piece(0, one, text)
        elif isinstance(small, cst.Assign | cst.AnnAssign):
            names = {n.value for n in program.inside(one) if isinstance(n, cst.Name)}
            yield piece(rank if rank == 1 or names & used else 5, one, text)

    yield from members(program.module, 3)


def _shown(program: Program, holder: cst.FunctionDef, call: cst.Call) -> str:
    """A caller's code, of a long one the lines around the call."""
    text = own_text(program, holder)
    lines = text.split("\n")
    if len(lines) > SHORT:
        at = program.line(program.span(call)[0]) - program.first_line(holder) + 1
        top = head(program, holder).count("\n") + 1
        first, last = max(top, at - AROUND), min(len(lines), at + AROUND + 1)
        above = [_dots(lines[first])] if first > top else []
        below = [_dots(lines[last])] if last < len(lines) else []
        lines = [*lines[:top], *above, *lines[first:last], *below]
    return textwrap.dedent("\n".join(line.removesuffix("\r") for line in lines))


def _dots(line: str) -> str:
    return line[: len(line) - len(line.lstrip())] + "..."


def _laid_out(chosen: Sequence[_Piece], own: str) -> str:
    """The pieces under their titles, in the order of the files, the own one first."""

    groups: dict[str, list[_Piece]] = {}
    order = sorted(chosen, key=lambda p: (not p.title.startswith("Also"), p.place[0] != own, p.place))
    for piece in order:
        groups.setdefault(piece.title, []).append(piece)
    told = []
    for title, pieces in groups.items():
        code = "\n".join(dict.fromkeys(piece.text.replace("\r\n", "\n") for piece in pieces))
        told.append(f"{title}:\n\n{fenced(code)}\n")
    return "\n".join(told)
