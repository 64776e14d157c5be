"""A fix undone on today's code: by its reverse patch, by a three-way merge, symbol by symbol."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from smith_lib.diffs import lines_of
from smith_lib.inject.mirror_family.fixes import Fix
from smith_lib.inject.mirror_family.merge import merged
from smith_lib.inject.mirror_family.placing import made, undone
from smith_lib.inject.mirror_family.scattered import scattered
from smith_lib.inject.mirror_family.symbolwise import Undone, pieces
from smith_lib.inject.mirror_family.today import Today

REVERSE, MERGE, SYMBOLS, PORTED = "mirror_reverse", "mirror_merge", "mirror_symbols", "mirror_ported"
NAMES = {
    REVERSE: "A fix from the history undone: its patch in reverse fits today's code.",
    MERGE: "A fix from the history undone by a three-way merge.",
    SYMBOLS: "A fix from the history undone function by function, where they are today.",
    PORTED: "A fix from the history undone by a model, where nothing else fits.",
}
MOST_PIECES = 3
"""Pieces of one fix that are offered alone."""


@dataclass(frozen=True, slots=True)
class Undo:
    """What a fix's undoing makes of today's files."""

    operator: str
    texts: Mapping[str, str]
    """By path, of the files that change."""


def ways(fix: Fix, today: Today) -> Iterator[Undo]:
    """The ways in which the fix can be undone, the truest first, at last parts of it."""
    whole = _together(fix, today)
    if whole is not None:
        yield whole
    found = pieces(fix, today)
    yield from _of_pieces(found, today)
    if not found:
        found = scattered(fix, today)
        yield from _of_pieces(found, today)
    if len(found) > 1:
        for piece in found[:MOST_PIECES]:
            yield from _of_pieces([piece], today)


def _together(fix: Fix, today: Today) -> Undo | None:
    """The whole fix undone file by file; none where a file is gone or one of its changes does not fit."""
    texts: dict[str, str] = {}
    operator = REVERSE
    for change in fix.changes:
        now = today.texts.get(change.today)
        if now is None:
            return None
        lines = lines_of(now)
        runs, unfit = undone(lines, lines_of(change.after), lines_of(change.before))
        text: str | None = "".join(made(lines, runs))
        if unfit:
            text, operator = merged(now, change.after, change.before), MERGE
        if text is None:
            return None
        if text != now:
            texts[change.today] = text
    return Undo(operator, texts) if texts else None


def _of_pieces(found: list[Undone], today: Today) -> Iterator[Undo]:
    texts: dict[str, str] = {}
    for path in sorted({piece.path for piece in found}):
        runs = {piece.run.start: piece.run for piece in found if piece.path == path}
        texts[path] = "".join(made(lines_of(today.texts[path]), list(runs.values())))
    if texts:
        yield Undo(SYMBOLS, texts)
