"""Fixes out of a history as rows: what each says, what it changes, and what that does to the code."""

import logging
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from textwrap import dedent

from smith_lib import diffs
from smith_lib.errors import SourceError
from smith_lib.inject.mirror_family import fixes
from smith_lib.inject.mirror_family.category import category_told
from smith_lib.inject.mirror_family.evidence import reports_of
from smith_lib.inject.mirror_family.fixes import CodeChange, Fix
from smith_lib.inject.mirror_family.history import Commit, History, asked, branches, listed
from smith_lib.inject.mirror_family.mirror import Past
from smith_lib.inject.mirror_family.symbols import Symbol, symbols
from smith_lib.inject.mirror_family.symbolwise import shape
from smith_lib.pool.edits import TEXT, edits_of
from smith_lib.sources.protocol import Tree
from smith_lib.sources.roles import holds_tests
from smith_lib.sources.table import public
from smith_lib.types import Complexity, FixedPiece, PastFix

log = logging.getLogger(__name__)
MODULE = "<module>"


def collected(past: Past, tree: Tree, there: Collection[str], most: int) -> list[PastFix]:
    """The fixes among the newest `most` commits, newest first, none of them judged or embedded yet.

    `there` are today's source files. A merge counts where no commit of its branch does. Raises `SourceError`
    where there is none, which says what a fix is.
    """
    commits = listed(past.history, most)
    skipped: Counter[str] = Counter()
    merges = branches(commits)
    rows: dict[str, PastFix] = {}
    merged: set[str] = set()
    for fix in fixes.read(past.history, fixes.candidates(commits), fixes.moved(commits, there), skipped):
        if fix.commit.sha in merged:
            skipped["a merge of a branch that has the fix itself"] += 1
            continue
        row = _row(fix, past, tree, merges)
        if row is None:
            skipped["a change of comments and docstrings alone"] += 1
        elif row.patch in rows:
            skipped["the same change as a newer fix"] += 1
        else:
            rows[row.patch] = row
            if fix.commit.sha in merges:
                merged.add(merges[fix.commit.sha].sha)
    told = ", ".join(f"{n} times {reason}" for reason, n in sorted(skipped.items())) or "nothing left out"
    log.info("%s: %d fixes in %d commits (%s)", past.history.origin, len(rows), len(commits), told)
    shallow = is_shallow(past.history)
    if not rows:
        raise SourceError(
            f"{past.history.origin}: no fix in {len(commits):,} commits: a fix changes up to "
            f"{fixes.MOST_FILES} source files in place, and tests; "
            + ("the clone is shallow, `git fetch --unshallow` brings the rest" if shallow else
               "--limit looks further back" if len(commits) >= most else "its whole history was looked at")
        )
    if shallow:
        log.warning("%s: the clone is shallow: its %d commits are all that is looked at; "
                    "`git fetch --unshallow` brings the rest", past.history.origin, len(commits))  # fmt: skip
    return list(rows.values())


def is_shallow(history: History) -> bool:
    """Whether older commits were left out when the history was cloned."""
    return asked(history, ["rev-parse", "--is-shallow-repository"]).strip() == b"true"


def _row(fix: Fix, past: Past, tree: Tree, merges: Mapping[str, Commit]) -> PastFix | None:
    commit = fix.commit
    edits = tuple(edit for change in fix.changes for edit in _edits(change))
    if not edits:
        return None
    pieces = tuple(sorted(
        (piece for change in fix.changes for piece in _pieces(change)), key=lambda p: (p.file, p.name)
    ))  # fmt: skip
    before = {change.path: change.before for change in fix.changes}
    after = {change.path: change.after for change in fix.changes}
    patch = diffs.make(before, after)
    lines = diffs.fix_lines(patch)
    return PastFix(
        repo_id=tree.repo_id, fix_id=f"{tree.repo_id}.fix.{commit.sha[:8]}", repo=tree.pin.repo,
        source=public(tree.pin.source), license=tree.license, commit=commit.sha, date=commit.date,
        title=commit.title, body=commit.body, reports=reports_of(commit, merges, past.board),
        files=tuple(sorted(before)), functions=tuple(sorted({f"{p.file}::{p.name}" for p in pieces})),
        pieces=pieces, patch=patch,
        test_files=tuple(sorted({c.path for c in commit.changes if holds_tests(c.path)})),
        category=category_told(_stretches(fix)), edits=edits, fix_lines=lines,
        complexity=Complexity.of(lines), validated=False, outcome="", reason="it was not undone", operator="",
        candidate_id="", bug_patch="", fail_to_pass=(), fail_ratio=0.0, variations=(), embedding="",
        vector=b"", words=b"",
    )  # fmt: skip


def _edits(change: CodeChange) -> Iterator[str]:
    """The edits of a file; piece by piece where it does not parse as a whole (Python 2)."""
    found = edits_of(change.before, change.after)
    if found != (TEXT,):
        yield from found
        return
    changed = [piece for piece in _pieces(change) if piece.name != MODULE]
    for piece in changed:
        yield from edits_of(piece.buggy, piece.fixed)
    if not changed:
        yield TEXT


def _pieces(change: CodeChange) -> Iterator[FixedPiece]:
    """The named pieces that differ in more than layout and comments; else the lines that do."""
    before, after = symbols(change.before), symbols(change.after)
    found = [
        (was, fixed) for name, fixed in after.items()
        if (was := before.get(name)) is not None and shape(was) != shape(fixed)
    ]  # fmt: skip
    for was, fixed in found:
        yield FixedPiece(change.path, fixed.name, _text(was), _text(fixed))
    if not found:
        old, new = diffs.lines_of(change.before), diffs.lines_of(change.after)
        runs = diffs.runs(old, new)
        gone = dedent("".join(line for i, a, _, _ in runs for line in old[i:a]))
        come = dedent("".join(line for _, _, j, b in runs for line in new[j:b]))
        yield FixedPiece(change.path, MODULE, gone, come)


def _text(piece: Symbol) -> str:
    return dedent("".join(piece.lines)).rstrip() + "\n"


def _stretches(fix: Fix) -> Iterator[tuple[str, str]]:
    """The lines that the fix wrote, and those that they replaced."""
    for change in fix.changes:
        old, new = diffs.lines_of(change.before), diffs.lines_of(change.after)
        for i, a, j, b in diffs.runs(old, new):
            yield "".join(new[j:b]), "".join(old[i:a])
