"""Which commits are fixes: they change code and tests, and the code is still there."""

import logging
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from smith_lib.inject.mirror_family.blobs import blobs
from smith_lib.inject.mirror_family.history import Commit, History
from smith_lib.sources.roles import holds_tests, is_source

log = logging.getLogger(__name__)

MOST_FILES = 8
"""Source files that a fix may change; more of them are a reorganisation."""
MOST_BYTES = 1_000_000
"""Size of a file that is read."""
AT_ONCE = 50
"""Fixes whose files are held in memory."""


@dataclass(frozen=True, slots=True)
class CodeChange:
    """One source file before and after a fix."""

    path: str
    """Where it was after the fix."""
    today: str
    """Where it is today; its path then where it is gone."""
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A commit that changes code and tests."""

    commit: Commit
    changes: tuple[CodeChange, ...]


def candidates(commits: Sequence[Commit]) -> list[Commit]:
    """The commits that change source files in place, a few of them, and tests; newest first, merges last."""
    return sorted((commit for commit in commits if _is_fix(commit)), key=lambda c: len(c.parents) > 1)


def _is_fix(commit: Commit) -> bool:
    code = [change for change in commit.changes if is_source(change.path)]
    changed = [change for change in code if change.status in "MR" and change.in_place]
    return bool(changed) and len(code) <= MOST_FILES and any(holds_tests(c.path) for c in commit.changes)


def moved(commits: Sequence[Commit], there: Collection[str]) -> dict[str, str]:
    """Today's path by former path, for files that were renamed since; `there` are today's files."""
    names: dict[str, str] = {}
    for commit in commits:
        for change in commit.changes:
            if change.status == "R" and change.old_path not in there:
                today = names.get(change.path, change.path)
                if today in there:
                    names.setdefault(change.old_path, today)
    return names


def read(
    history: History, commits: Sequence[Commit], names: dict[str, str], skipped: Counter[str]
) -> Iterator[Fix]:
    """The fixes with their files' texts, in order; counts what is left out, by reason."""
    waiting = iter(commits)
    while group := list(islice(waiting, AT_ONCE)):
        ids = [sha for commit in group for change in commit.changes for sha in (change.old, change.new)
               if is_source(change.path)]  # fmt: skip
        texts = blobs(history, ids, MOST_BYTES)
        for commit in group:
            changes: list[CodeChange] = []
            for change in commit.changes:
                if not is_source(change.path):
                    continue
                if change.status not in "MR" or not change.in_place:
                    skipped["a file that the fix adds, deletes or turns into another kind"] += 1
                elif change.old not in texts or change.new not in texts:
                    skipped["a file that is missing, binary, not UTF-8 or very large"] += 1
                else:
                    today = names.get(change.path, change.path)
                    before, after = texts[change.old], texts[change.new]
                    changes.append(CodeChange(change.path, today, before, after))
            if changes:
                yield Fix(commit, tuple(changes))
