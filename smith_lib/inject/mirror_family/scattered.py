"""Lines that a fix wrote, found wherever they are today, and put back as they were."""

from collections.abc import Iterator

from smith_lib import diffs
from smith_lib.inject.mirror_family.fixes import CodeChange, Fix
from smith_lib.inject.mirror_family.placing import Run, indent, plain, reindented
from smith_lib.inject.mirror_family.symbolwise import Undone, called_otherwise, words
from smith_lib.inject.mirror_family.today import Today

LEAST = 20
"""Characters that lines must have, spaces aside, to be known again anywhere."""


def scattered(fix: Fix, today: Today) -> list[Undone]:
    """What the fix changed in lines that stand once in today's files, its own file first, as they were."""
    called = called_otherwise(fix)
    return [piece for change in fix.changes for piece in _of_change(change, today, called)]


def _of_change(change: CodeChange, today: Today, called: set[str]) -> Iterator[Undone]:
    after, before = diffs.lines_of(change.after), diffs.lines_of(change.before)
    order = sorted(today.lines, key=lambda path: (path != change.today, path))
    for i, a, j, b in diffs.runs(after, before):
        wanted = [plain(line) for line in after[i:a]]
        if sum(map(len, wanted)) < LEAST or wanted == [plain(line) for line in before[j:b]]:
            continue
        if called & words([*after[i:a], *before[j:b]]):
            continue
        for path in order:
            places = today.lines[path].places(wanted)
            if len(places) == 1:
                [at] = places
                here = today.lines[path].lines[at : at + a - i]
                old = reindented(before[j:b], indent(after[i:a]), indent(here), here[0].endswith("\r\n"))
                if old != here:
                    yield Undone(path, Run(at, at + a - i, tuple(old)))
                break
