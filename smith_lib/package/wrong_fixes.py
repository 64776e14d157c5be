"""Wrong fixes: what Smith's operators make of the fix's own lines, and fixes that mend a part only."""

import ast
import hashlib
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from random import Random

from smith_lib import diffs, syntax
from smith_lib.inject.candidates import row_of
from smith_lib.inject.checks import Judge, unit_code
from smith_lib.inject.draw import Draft, Site, Sites, rewrites
from smith_lib.inject.operator import Operator
from smith_lib.inject.program import Program, Skipped, read
from smith_lib.inject.rewrite import Part, edited
from smith_lib.inject.table import catalogue
from smith_lib.package.equivalent import same_program
from smith_lib.package.parts import by_function, by_run, several
from smith_lib.types import Candidate, Strategy
from smith_lib.validate.affected import Touched, touched

PARTIAL = "partial_fix"
"""Mends every run of lines but one."""
HALF = "half_fix"
"""Mends every function but one of a bug that is made of several changes."""
TRIES = 8
"""Rewrites that are looked at for each wrong fix that is wanted."""


@dataclass(frozen=True, slots=True)
class Place:
    """Lines (from 1) of a clean file."""

    lines: frozenset[int]
    """Those that the fix writes; where it only takes lines out, those next to them that hold code."""
    around: frozenset[int]
    """Those of the statements that they begin, too."""

    def holds(self, changed: Iterable[int], text: Sequence[str]) -> bool:
        """Whether a change of these lines is one of the fix's lines, and of its statements at most."""
        code = {n for n in changed if n <= len(text) and _is_code(text[n - 1])}
        return not code.isdisjoint(self.lines) and code <= self.around


def places(bug_patch: str, clean: Mapping[str, str]) -> dict[str, Place]:
    """Where the fix is, by path."""
    found: dict[str, Place] = {}
    for path, text in diffs.apply(bug_patch, clean.__getitem__).items():
        old, new = diffs.lines_of(clean[path]), diffs.lines_of(text)
        lines: set[int] = set()
        for start, end, _, _ in diffs.runs(old, new):
            lines.update(range(start + 1, end + 1))
            if start == end:
                lines.update(_next(old, range(start - 1, -1, -1)), _next(old, range(start, len(old))))
        begun = [span for span in _statements(clean[path]) if span.start in lines]
        found[path] = Place(frozenset(lines), frozenset(lines.union(*begun)))
    return found


@lru_cache(64)
def _statements(text: str) -> tuple[range, ...]:
    """The lines of every statement; of functions and classes those above their bodies."""
    found = []
    for node in ast.walk(syntax.parse(text)):
        if isinstance(node, ast.stmt):
            last = node.end_lineno or node.lineno
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                last = max(node.lineno, node.body[0].lineno - 1)
            found.append(range(node.lineno, last + 1))
    return tuple(found)


def _next(lines: Sequence[str], numbers: range) -> set[int]:
    """The number of the first of these lines (from 0) that holds code, if there is one."""
    return set(next(([at + 1] for at in numbers if _is_code(lines[at])), []))


def _is_code(line: str) -> bool:
    return line.strip()[:1] not in ("", "#")


def partial(bug: Candidate, clean: Mapping[str, str], buggy: Mapping[str, str]) -> list[Candidate]:
    """Fixes that mend every place of the bug but one, where it has more: every function but one of a bug that
    is made of several changes, then every run of lines but one; the first place first."""
    functions = by_function(clean, buggy) if several(bug) else ()
    left = ((HALF, functions), (PARTIAL, by_run(clean, buggy)))
    found: dict[str, Candidate] = {}
    for name, part in ((name, part) for name, some in left if len(some) > 1 for part in some):
        path, text = part.path, part.text
        if not _compiles(path, text) or same_program(clean[path], text):
            continue
        if len(buggy) == 1 and same_program(buggy[path], text):
            continue
        patch = diffs.make({path: clean[path]}, {path: text})
        digest = hashlib.sha256(patch.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        made = replace(bug, candidate_id=f"{bug.repo_id}.{name}.{digest}", operator=name, parts=(),
                       bug_patch=patch, files=(path,))  # fmt: skip
        found.setdefault(patch, made)
    return list(found.values())


def _compiles(path: str, text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text.removeprefix(syntax.MARK), path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


@dataclass(slots=True)
class _Option:
    """A node that an operator may be asked about, and the lines (from 1) that it spans."""

    operator: Operator
    site: Site
    lines: range


class Maker:
    """Makes wrong fixes in one clean tree; every file is read once."""

    def __init__(self, tree: Path) -> None:
        """Nothing is read yet."""
        self._tree = tree
        self._files: dict[str, dict[str, list[_Option]]] = {}
        self._judge = Judge()

    def made(
        self, bug: Candidate, at: Mapping[str, Place], buggy: Mapping[str, str], most: int, random: Random,
        known: Set[str] = frozenset(),
    ) -> list[Candidate]:  # fmt: skip
        """Up to that many, of as many operators as there are, none of them the bug or the clean program.

        Each is a change of the clean code at the fix's lines. One that is the same program as the clean
        one, or differs in what only people read, is not taken, nor is one whose diff is among the known ones.
        """
        if most < 1:
            return []
        parts: dict[str, list[tuple[Operator, Part]]] = {}
        for operator, part in self._parts(bug, at):
            parts.setdefault(operator.name, []).append((operator, part))
        names = sorted(parts)
        random.shuffle(names)
        for name in names:
            random.shuffle(parts[name])
        turns = [parts[name][n] for n in range(max(map(len, parts.values()), default=0))
                 for name in names if n < len(parts[name])]  # fmt: skip
        found: list[Candidate] = []
        seen: set[object] = set()
        for operator, part in turns[: TRIES * most]:
            if len(found) == most:
                break
            key = self._judge.program_key((part,))
            if isinstance(key, str) or key in seen or _is_the_bug(part, buggy) or _is_clean(part):
                continue
            seen.add(key)
            draft = Draft(Strategy(operator.family), operator.name, operator.category, (part,), 0)
            row = row_of(bug.repo_id, draft, bug.seed)
            if row.bug_patch not in known:
                found.append(row)
        return found

    def _parts(self, bug: Candidate, at: Mapping[str, Place]) -> Iterator[tuple[Operator, Part]]:
        for path in sorted(at):
            for function, options in self._options(path).items():
                if f"{path}::{function}" not in bug.functions:
                    continue
                for option in options:
                    if at[path].lines.isdisjoint(option.lines):
                        continue
                    for part in rewrites(option.site, option.operator):
                        first, last = part.lines
                        if at[path].holds(range(first + 1, last + 2), part.program.lines):
                            yield option.operator, part

    def _options(self, path: str) -> dict[str, list[_Option]]:
        """What may be asked of a file, by function; nothing of one that bugs cannot be made in."""
        if path in self._files:
            return self._files[path]
        found = self._files.setdefault(path, {})
        try:
            program = read(self._tree, path)
        except Skipped:
            return found
        sites = Sites([program], None)
        for operator in catalogue():
            for site in sites.of(operator):
                found.setdefault(site.function, []).append(_Option(operator, site, _lines(program, site)))
        return found


def _lines(program: Program, site: Site) -> range:
    start, end = program.span(site.node)
    return range(program.line(start) + 1, program.line(max(start, end - 1)) + 2)


def _is_the_bug(part: Part, buggy: Mapping[str, str]) -> bool:
    """Whether it is the bug that the fix mends."""
    program = part.program
    text = program.bom + edited(program, [part.edit])
    return touched(buggy.get(program.path, ""), text) == Touched(frozenset())


def _is_clean(part: Part) -> bool:
    program = part.program
    start, end = program.span(part.unit)
    other = edited(program, [part.edit], start, end)
    return same_program(unit_code(program.text[start:end]), unit_code(other))
