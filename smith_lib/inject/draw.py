"""Drafts: rewrites that were drawn and made, from which the sampler chooses."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import libcst as cst

from smith_lib import diffs
from smith_lib.inject.checks import Judge, Key
from smith_lib.inject.operator import Operator
from smith_lib.inject.program import Program
from smith_lib.inject.rewrite import Edit, Part, changed_lines, edit_of
from smith_lib.types import Category, Complexity, Function, Report, Strategy

if TYPE_CHECKING:
    from smith_lib.inject.mirror_family.history import Commit

log = logging.getLogger(__name__)
TRIES = 12
"""Sites that may fail in a row, for each draft wanted, before an operator is given up."""
MOST_LINES = 60
"""Lines that a fix may change."""
LARGE = 6
"""Lines of a fix from which it is large: such drafts are rarer, and three of them count as one."""
MODULE_LEVEL = 0.06
"""Share of an operator's drafts that may lie outside functions."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A bug that compiles, differs from clean code, and reads naturally."""

    strategy: Strategy
    operator: str
    category: Category
    parts: tuple[Part, ...]
    fix_lines: int
    """Told part by part; parts of one file may come out a little different in one diff."""
    model: str = ""
    """The model that wrote it."""
    cost_usd: float = 0.0
    fix: "Commit | None" = None
    """The commit that it undoes."""
    reports: tuple[Report, ...] = ()
    """What people wrote about that."""
    combines: "tuple[Draft, ...]" = ()
    """The drafts that it is made of, where it is a combination."""

    @property
    def patch(self) -> str:
        """The diff from clean to buggy."""
        edits: dict[str, list[Edit]] = {}
        for part in self.parts:
            edits.setdefault(part.program.path, []).append(part.edit)
        programs = {part.program.path: part.program for part in self.parts}
        return "".join(
            diffs.replaced(path, programs[path].lines, changed_lines(programs[path], edits[path]))
            for path in sorted(edits)
        )

    @property
    def complexity(self) -> Complexity:
        """The class of its fix."""
        return Complexity.of(self.fix_lines)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that change, sorted."""
        return tuple(sorted({part.program.path for part in self.parts}))

    @property
    def functions(self) -> tuple[str, ...]:
        """`file::qualname` of what changes, sorted."""
        return tuple(sorted({f"{part.program.path}::{part.function}" for part in self.parts}))


@dataclass(slots=True, eq=False)
class Site:
    """A node that an operator may be asked about."""

    program: Program
    node: cst.CSTNode
    function: str
    lines: int
    """Lines that the node spans."""
    in_function: bool


class Sites:
    """The nodes of a set of programs in which bugs may be made, by kind."""

    def __init__(
        self,
        programs: Sequence[Program],
        functions: Sequence[Function] | None,
        executed: Mapping[str, Set[int]] | None = None,
    ) -> None:
        """Collect them; all functions count where `functions` is None.

        In functions, only statements count of which `executed` has the first line under the file's path; all
        where it is None.
        """
        self._executed = executed
        self.called = (
            None if functions is None else {(f.file, f.line, f.qualname.split(".")[-1]) for f in functions}
        )
        self._by_kind: dict[type[cst.CSTNode], list[Site]] = {}
        for program in programs:
            for site in self._of(program):
                self._by_kind.setdefault(type(site.node), []).append(site)

    def _is_called(self, program: Program, node: cst.FunctionDef) -> bool:
        return self.called is None or (program.path, program.first_line(node), node.name.value) in self.called

    def _of(self, program: Program) -> Iterator[Site]:
        holders: dict[int, tuple[str, bool, bool]] = {}
        lines = None if self._executed is None else self._executed.get(program.path, frozenset())
        for node in program.nodes():
            kind = node.__class__
            if kind is cst.FunctionDef:
                called = self._is_called(program, node)  # type: ignore[arg-type]
                holder = (program.qualname(node), True, called)
            elif kind is cst.ClassDef:
                holder = (program.qualname(node), False, True)
            else:
                above = program.parent(node)
                holder = ("<module>", False, True) if above is None else holders[id(above)]
            if lines is not None and holder[1] and holder[2] and kind in _STATEMENTS:
                holder = (holder[0], True, program.first_line(node) in lines)
            holders[id(node)] = holder
            label, in_function, called = holder
            if not called or not _may_change(kind) or not program.touchable(node):
                continue
            start, end = program.span(node)
            yield Site(program, node, label, program.line(end) - program.line(start) + 1, in_function)

    def of(self, operator: Operator) -> list[Site]:
        """The sites that an operator may be asked about, file by file in the order of the text."""
        return self.of_kinds(*operator.nodes)

    def of_kinds(self, *kinds: type[cst.CSTNode]) -> list[Site]:
        """The sites of these kinds of nodes, kind by kind."""
        return [site for kind in kinds for site in self._by_kind.get(kind, [])]


_STATEMENTS = frozenset(
    {cst.SimpleStatementLine, cst.If, cst.For, cst.While, cst.Try, cst.TryStar, cst.With, cst.Match}
)
"""Statements in functions, functions and classes aside, that a test can be seen to execute."""


_PIECES = (
    cst.Arg | cst.ExceptHandler | cst.CompFor | cst.CompIf | cst.Slice | cst.Index | cst.Param
    | cst.Parameters | cst.AssignTarget | cst.ComparisonTarget
    | cst.FormattedStringExpression | cst.IndentedBlock | cst.Module
)  # fmt: skip


_MAY_CHANGE: dict[type[cst.CSTNode], bool] = {}


def _may_change(kind: type[cst.CSTNode]) -> bool:
    known = _MAY_CHANGE.get(kind)
    if known is None:
        kinds = cst.BaseExpression | cst.BaseStatement | cst.BaseSmallStatement | _PIECES
        known = _MAY_CHANGE[kind] = issubclass(kind, kinds)
    return known


def rewrites(site: Site, operator: Operator) -> Iterator[Part]:
    """Everything that the operator would make of one node."""
    for new in operator.replacements(site.node, site.program):
        edit = edit_of(site.program, site.node, new)
        if edit is not None:
            yield Part(site.program, edit, site.program.unit(site.node), site.function)


def _one_rewrite(site: Site, operator: Operator, random: Random) -> Part | None:
    """One of the node's rewrites; code is generated for no other."""
    found = list(operator.replacements(site.node, site.program))
    while found:
        new = random.choice(found)
        edit = edit_of(site.program, site.node, new)
        if edit is not None:
            return Part(site.program, edit, site.program.unit(site.node), site.function)
        found = [other for other in found if other is not new]
    return None


class Studio:
    """Makes drafts, each program only once; counts what was turned down, by reason."""

    def __init__(self) -> None:
        """Start with nothing made."""
        self._judge = Judge()
        self._seen: set[Key] = set()
        self.refused: Counter[str] = Counter()

    def draft(
        self, parts: tuple[Part, ...], strategy: Strategy, name: str, category: Category
    ) -> Draft | None:
        """The draft of these parts; none where it is no good or was made before."""
        draft = self.made(parts, strategy, name, category)
        return None if isinstance(draft, str) else draft

    def made(self, parts: tuple[Part, ...], strategy: Strategy, name: str, category: Category) -> Draft | str:
        """The draft of these parts, or the reason why it is turned down."""
        key = self._judge.program_key(parts)
        if isinstance(key, str):
            return self._turned_down(name, key)
        if key in self._seen:
            return self._turned_down(name, "made before")
        fix_lines = sum(map(_fix_lines, parts))
        if fix_lines > MOST_LINES:
            return self._turned_down(name, f"more than {MOST_LINES} lines")
        self._seen.add(key)
        return Draft(strategy, name, category, parts, fix_lines)

    def _turned_down(self, name: str, reason: str) -> str:
        self.refused[f"{name}: {reason}"] += 1
        return reason


def _fix_lines(part: Part) -> int:
    """The lines that the fix of this part alone changes, told from the lines around it."""
    edit, old = part.edit, part.program.text[part.edit.start : part.edit.end]
    if "\n" not in old and "\n" not in edit.text:
        return 1
    [(first, last, new)] = changed_lines(part.program, [edit])
    return diffs.changed(part.program.lines[first:last], new)


def _in_random_order(sites: list[Site], random: Random) -> list[Site]:
    """The sites shuffled, half of the weight on the larger ones, so that large fixes are met early."""
    keyed = [
        (random.random() ** (1 / (min(site.lines, 40) if random.random() < 0.5 else 1)), at)
        for at, site in enumerate(sites)
    ]
    return [sites[at] for _, at in sorted(keyed, reverse=True)]


def drafts_of(operator: Operator, sites: Sites, studio: Studio, wanted: int, random: Random) -> list[Draft]:
    """Up to `wanted` drafts of one operator, large ones counted as a third, spread over functions."""
    made: list[Draft] = []
    full = 0.0
    used: Counter[tuple[str, str]] = Counter()
    outside = 0
    tries = 0
    waiting = _in_random_order(sites.of(operator), random)
    for most in (1, 2, 4):
        later: list[Site] = []
        for site in waiting:
            label = site.program.path, site.function
            if used.get(label, 0) >= most:
                later.append(site)
                continue
            if not site.in_function and outside >= max(1, round(MODULE_LEVEL * wanted)):
                continue
            part = _one_rewrite(site, operator, random)
            if part is None:
                continue
            tries += 1
            if full >= wanted or tries > wanted * TRIES:
                return made
            draft = studio.draft((part,), Strategy(operator.family), operator.name, operator.category)
            if draft is None:
                continue
            made.append(draft)
            full += 1 / 3 if draft.fix_lines >= LARGE else 1
            used[label] += 1
            outside += not site.in_function
        waiting = later
    return made


def by_function(drafts: Sequence[Draft]) -> Mapping[str, list[Draft]]:
    """The drafts of each function, in order."""
    found: dict[str, list[Draft]] = {}
    for draft in drafts:
        found.setdefault(draft.functions[0], []).append(draft)
    return found
