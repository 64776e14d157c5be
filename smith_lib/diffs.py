"""Unified diffs, git style: made, applied exactly, and measured. Lines end at `\\n` alone, so that form
feeds and carriage returns are bytes of a line like any other."""

import bisect
import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from smith_lib.errors import InputError

CONTEXT = 3
WINDOW = 8
"""Lines on either side of a change that `replaced` looks at: equal lines may shift a change."""
NO_NEWLINE = "\\ No newline at end of file\n"
HUNK = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")


class DoesNotApply(InputError):  # noqa: N818
    """A patch that is malformed or does not fit the files; says which file and line."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """One hunk: where it starts in the old file (from 1), and its old and new lines, ends included."""

    start: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    changed: int
    """The larger of removed and added lines."""


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The hunks of one file; a path is None where the file is not there on that side."""

    old_path: str | None
    new_path: str | None
    hunks: tuple[Hunk, ...]


def lines_of(text: str) -> list[str]:
    """The text's lines with their ends; only `\\n` ends a line."""
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _anchors(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Places of lines that are the same and occur once on either side, rising on both (patience diff)."""
    seen_old, seen_new = Counter(old), Counter(new)
    places = {line: at for at, line in enumerate(new) if seen_new[line] == 1}
    pairs = [(i, places[line]) for i, line in enumerate(old) if seen_old[line] == 1 and line in places]
    ends: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for n, (_, j) in enumerate(pairs):
        pile = bisect.bisect_left(ends, j)
        before.append(piles[pile - 1] if pile else -1)
        ends[pile : pile + 1] = [j]
        piles[pile : pile + 1] = [n]
    rising: list[tuple[int, int]] = []
    at = piles[-1] if piles else -1
    while at >= 0:
        rising.append(pairs[at])
        at = before[at]
    return rising[::-1]


def _matches(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int]]:
    """Runs of equal lines (place in old, in new, length), rising; fast also where changes are far apart."""
    shortest = min(len(old), len(new))
    head = next((n for n in range(shortest) if old[n] != new[n]), shortest)
    rest = shortest - head
    tail = next((n for n in range(rest) if old[-1 - n] != new[-1 - n]), rest)
    yield 0, 0, head
    inner_old, inner_new = old[head : len(old) - tail], new[head : len(new) - tail]
    i = j = 0
    for a, b in [*_anchors(inner_old, inner_new), (len(inner_old), len(inner_new))]:
        if i < a and j < b:
            matcher = difflib.SequenceMatcher(None, inner_old[i:a], inner_new[j:b], autojunk=False)
            yield from ((head + i + m.a, head + j + m.b, m.size) for m in matcher.get_matching_blocks())
        if a < len(inner_old):
            yield head + a, head + b, 1
        i, j = a + 1, b + 1
    yield len(old) - tail, len(new) - tail, tail


def changed(old: list[str], new: list[str]) -> int:
    """As `fix_lines` of the diff between the lines."""
    return sum(max(a - i, b - j) for i, a, j, b in runs(old, new))


def runs(old: list[str], new: list[str]) -> list[tuple[int, int, int, int]]:
    """The runs of lines that differ, rising: `old[i:a]` becomes `new[j:b]`, as (i, a, j, b)."""
    return [(i, a, j, b) for tag, i, a, j, b in _opcodes(old, new) if tag != "equal"]


def _opcodes(old: list[str], new: list[str]) -> list[tuple[str, int, int, int, int]]:
    opcodes: list[tuple[str, int, int, int, int]] = []
    i = j = 0
    for a, b, size in [*_matches(old, new), (len(old), len(new), 0)]:
        if i < a or j < b:
            opcodes.append(("replace" if i < a and j < b else "delete" if i < a else "insert", i, a, j, b))
        if size and opcodes and opcodes[-1][0] == "equal":
            opcodes[-1] = ("equal", opcodes[-1][1], a + size, opcodes[-1][3], b + size)
        elif size:
            opcodes.append(("equal", a, a + size, b, b + size))
        i, j = a + size, b + size
    return opcodes


def _groups(old: list[str], new: list[str]) -> Iterator[list[tuple[str, int, int, int, int]]]:
    opcodes = _opcodes(old, new)
    grouping = difflib.SequenceMatcher(None, "", "")
    grouping.opcodes = opcodes  # type: ignore[attr-defined]
    yield from grouping.get_grouped_opcodes(CONTEXT)


def _range(start: int, stop: int) -> str:
    length = stop - start
    return f"{start + 1 if length else start}" + ("" if length == 1 else f",{length}")


def make(clean: Mapping[str, str], buggy: Mapping[str, str]) -> str:
    """The diff from one set of files (path to text) to another, paths sorted; empty where they are equal.

    A path that only one side has is created or deleted.
    """
    out: list[str] = []
    for path in sorted({*clean, *buggy}):
        before, after = clean.get(path), buggy.get(path)
        if before == after:
            continue
        out.append(f"diff --git a/{path} b/{path}\n")
        if before is None:
            out.append("new file mode 100644\n")
        if after is None:
            out.append("deleted file mode 100644\n")
        old, new = lines_of(before or ""), lines_of(after or "")
        if not old and not new:
            continue
        out.append("--- /dev/null\n" if before is None else f"--- a/{path}\n")
        out.append("+++ /dev/null\n" if after is None else f"+++ b/{path}\n")
        out += _hunks(old, new, 0, 0)
    return "".join(out)


def _hunks(old: list[str], new: list[str], above: int, above_new: int) -> Iterator[str]:
    """The hunks' text, where so many lines stand above these on either side."""
    for group in _groups(old, new):
        first, last = group[0], group[-1]
        was = _range(above + first[1], above + last[2])
        yield f"@@ -{was} +{_range(above_new + first[3], above_new + last[4])} @@\n"
        for tag, i, j, k, n in group:
            marked = (
                [(" ", line) for line in old[i:j]]
                if tag == "equal"
                else [("-", line) for line in old[i:j]] + [("+", line) for line in new[k:n]]
            )
            for mark, line in marked:
                yield mark + line if line.endswith("\n") else f"{mark}{line}\n{NO_NEWLINE}"


def replaced(path: str, old: list[str], changes: Sequence[tuple[int, int, list[str]]]) -> str:
    """As `make` for one file, `old` in lines, of which runs (first, one behind the last) become other lines.

    The runs rise and do not overlap. Only the lines around them are compared; runs that are far apart are
    compared one by one.
    """
    groups: list[list[tuple[int, int, list[str]]]] = []
    for change in changes:
        if groups and change[0] - groups[-1][-1][1] <= 2 * WINDOW:
            groups[-1].append(change)
        else:
            groups.append([change])
    out = [f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n"]
    grown = 0
    for group in groups:
        first, last = max(0, group[0][0] - WINDOW), min(len(old), group[-1][1] + WINDOW)
        before, after = old[first:last], _with(old, group, first, last)
        if not _fits(before, after, last == len(old)):
            return make({path: "".join(old)}, {path: "".join(_with(old, changes, 0, len(old)))})
        out += _hunks(before, after, first, first + grown)
        grown += len(after) - len(before)
    return "".join(out) if len(out) > 1 else ""


def _with(old: list[str], changes: Sequence[tuple[int, int, list[str]]], first: int, last: int) -> list[str]:
    new: list[str] = []
    for start, end, lines in changes:
        new += [*old[first:start], *lines]
        first = end
    return [*new, *old[first:last]]


def _fits(old: list[str], new: list[str], at_end: bool) -> bool:
    """Whether lines below would change nothing: the change ends, and there is its context."""
    shortest = min(len(old), len(new))
    head = next((n for n in range(shortest) if old[n] != new[n]), shortest)
    tail = next((n for n in range(shortest - head) if old[-1 - n] != new[-1 - n]), shortest - head)
    return at_end or (head < shortest and tail >= CONTEXT)


def hunk_at(lines: list[str], at: int) -> tuple[Hunk, int]:
    """The hunk whose header is that line of a patch, and the line after it. Raises `DoesNotApply`."""
    header = HUNK.match(lines[at])
    if header is None:
        raise DoesNotApply(f"line {at + 1} of the patch is no hunk header: {lines[at].rstrip()!r}")
    start, want_old, _, want_new = (1 if g is None else int(g) for g in header.groups())
    old: list[str] = []
    new: list[str] = []
    changed = removed = added = 0
    at += 1
    while len(old) < want_old or len(new) < want_new:
        if at >= len(lines):
            raise DoesNotApply(f"the hunk at old line {start} is cut short")
        mark, text = lines[at][:1], lines[at][1:]
        if mark == "\n":
            mark, text = " ", "\n"
        if mark not in (" ", "-", "+"):
            raise DoesNotApply(f"line {at + 1} of the patch is no diff line: {lines[at].rstrip()!r}")
        at += 1
        if at < len(lines) and lines[at].startswith("\\"):
            text = text.removesuffix("\n")
            at += 1
        if mark == " ":
            changed += max(removed, added)
            removed = added = 0
        if mark in " -":
            old.append(text)
        if mark in " +":
            new.append(text)
        removed += mark == "-"
        added += mark == "+"
    changed += max(removed, added)
    if (len(old), len(new)) != (want_old, want_new):
        raise DoesNotApply(f"the hunk at old line {start} has more lines than its header counts")
    return Hunk(start, tuple(old), tuple(new), changed), at


def _path(line: str) -> str | None:
    name = line[4:].rstrip("\n").split("\t")[0]
    if name == "/dev/null":
        return None
    return name[2:] if name[:2] in ("a/", "b/") else name


def parse(patch: str) -> tuple[FileDiff, ...]:
    """The patch's files and hunks. Raises `DoesNotApply` where it is malformed or binary."""
    lines = lines_of(patch)
    files: list[FileDiff] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if line.startswith(("GIT binary patch", "Binary files ", "rename ", "copy ")):
            raise DoesNotApply(f"cannot apply {line.rstrip()!r}: only text changes in place are taken")
        if not line.startswith("--- ") or at + 1 >= len(lines) or not lines[at + 1].startswith("+++ "):
            at += 1
            continue
        old_path, new_path = _path(line), _path(lines[at + 1])
        at += 2
        hunks: list[Hunk] = []
        while at < len(lines) and lines[at].startswith("@@"):
            hunk, at = hunk_at(lines, at)
            hunks.append(hunk)
        files.append(FileDiff(old_path, new_path, tuple(hunks)))
    if not files:
        raise DoesNotApply("the patch changes no file")
    return tuple(files)


def apply(patch: str, files: Callable[[str], str]) -> dict[str, str]:
    """The changed files (path to new text) after the patch; `files` gives a path's old text.

    Exact: every hunk must fit at its own line. Raises `DoesNotApply` that names file and line, also
    where a path leaves the tree or a file is deleted; `files` may raise `KeyError` or `OSError` for a
    path that is not there.
    """
    out: dict[str, str] = {}
    for diff in parse(patch):
        path = diff.new_path
        if path is None:
            raise DoesNotApply(f"{diff.old_path}: deleting files is not taken")
        if path.startswith("/") or ".." in path.split("/"):
            raise DoesNotApply(f"{path}: leaves the tree")
        try:
            before = "" if diff.old_path is None else out[path] if path in out else files(diff.old_path)
        except (KeyError, OSError) as error:
            raise DoesNotApply(f"{diff.old_path}: no such file") from error
        old = lines_of(before)
        new: list[str] = []
        at = 0
        for hunk in diff.hunks:
            start = hunk.start - 1 if hunk.old else hunk.start
            if start < at or tuple(old[start : start + len(hunk.old)]) != hunk.old:
                raise DoesNotApply(f"{path}: the hunk at line {hunk.start} does not fit")
            new += [*old[at:start], *hunk.new]
            at = start + len(hunk.old)
        out[path] = "".join([*new, *old[at:]])
    return out


def fix_lines(patch: str) -> int:
    """Changed lines: the larger of removed and added in every run of changes, summed over the patch."""
    return sum(hunk.changed for diff in parse(patch) for hunk in diff.hunks)


def paths(patch: str) -> tuple[str, ...]:
    """The files that the patch changes, sorted."""
    return tuple(sorted({p for d in parse(patch) if (p := d.new_path or d.old_path)}))
