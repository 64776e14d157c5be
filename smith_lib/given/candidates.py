"""Bugs from elsewhere as candidates."""

import ast
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path

from smith_lib import diffs, syntax
from smith_lib.given.fit import fitted
from smith_lib.given.read import GivenBug
from smith_lib.types import Candidate, Category, Complexity, Repo, Strategy

OPERATOR = "given"

Scope = tuple[int, int, str]
"""First line, last line and qualified name of a function or class."""


def candidates(bugs: Sequence[GivenBug], repo: Repo, tree: Path) -> list[Candidate]:
    """A row for each bug, in their order, under its own id.

    One that fits has its diff in Smith's own form. One that does not has it as it was given, and no files.
    """
    tests = frozenset(repo.test_files)

    @cache
    def scopes(path: str) -> list[Scope]:
        return _scopes((tree / path).read_bytes())

    return [_candidate(bug, repo.repo_id, tree, tests, scopes) for bug in bugs]


def _candidate(
    bug: GivenBug, repo_id: str, tree: Path, tests: frozenset[str], scopes: Callable[[str], list[Scope]]
) -> Candidate:
    try:
        patch = fitted(bug.patch, tree, tests)
    except diffs.DoesNotApply:
        return _row(bug.instance_id, repo_id, bug.patch, (), (), 0)
    files = diffs.paths(patch)
    functions = sorted({f"{path}::{name}" for path, name in _functions(patch, scopes)})
    return _row(bug.instance_id, repo_id, patch, files, functions, diffs.fix_lines(patch))


def _row(
    candidate_id: str, repo_id: str, patch: str, files: Iterable[str], functions: Iterable[str], lines: int
) -> Candidate:
    return Candidate(
        repo_id=repo_id, candidate_id=candidate_id, strategy=Strategy.GIVEN, operator=OPERATOR,
        category=Category.OTHER, bug_patch=patch, files=tuple(files), functions=tuple(functions),
        fix_lines=lines, complexity=Complexity.of(lines), seed=0, model="", cost_usd=0.0, covering_tests=(),
    )  # fmt: skip


def _functions(patch: str, scopes: Callable[[str], list[Scope]]) -> Iterator[tuple[str, str]]:
    """Path and name of what holds each changed line of the clean files."""
    for diff in diffs.parse(patch):
        path = str(diff.new_path)
        for hunk in diff.hunks:
            for line in _changed_lines(hunk):
                around = [scope for scope in scopes(path) if scope[0] <= line <= scope[1]]
                yield path, min(around, key=lambda s: s[1] - s[0])[2] if around else "<module>"


def _changed_lines(hunk: diffs.Hunk) -> Iterable[int]:
    """Old lines (from 1) from the first change to the last; the one above where lines are only added."""
    shortest = min(len(hunk.old), len(hunk.new))
    head = next((n for n in range(shortest) if hunk.old[n] != hunk.new[n]), shortest)
    rest = shortest - head
    tail = next((n for n in range(rest) if hunk.old[-1 - n] != hunk.new[-1 - n]), rest)
    first, last = hunk.start + head, hunk.start + len(hunk.old) - tail
    return range(first, last) if first < last else (first - 1,)


def _scopes(source: bytes) -> list[Scope]:
    """Every function and class; none where the source does not parse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes and the like are the repository's own affair
        try:
            tree = syntax.parse(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return []
    found: list[Scope] = []
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, above = waiting.pop()
        for child in ast.iter_child_nodes(node):
            inner = above
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = above + child.name
                found.append((child.lineno, child.end_lineno or child.lineno, name))
                inner = f"{name}." if isinstance(child, ast.ClassDef) else f"{name}.<locals>."
            waiting.append((child, inner))
    return found
