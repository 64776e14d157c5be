"""Fixes undone symbol by symbol: the changed pieces are found in today's code by name and shape."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from smith_lib import diffs
from smith_lib.inject.mirror_family.fixes import Fix
from smith_lib.inject.mirror_family.merge import merged
from smith_lib.inject.mirror_family.placing import Run, indent, made, plain, reindented, undone
from smith_lib.inject.mirror_family.symbols import Symbol, symbols
from smith_lib.inject.mirror_family.today import Today

ALIKE = 0.5
"""Share of lines that today's piece must have in common with the fixed one to be taken for it."""
BODY_ALIKE = 0.5
"""The same where the old body is put back as a whole."""
BODY_MORE = 2
"""How many times the lines that the fix changed may change where the old body is put back as a whole."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Undone:
    """A piece of today's code as it was before the fix."""

    path: str
    run: Run


def pieces(fix: Fix, today: Today) -> list[Undone]:
    """What can be undone of a fix, piece by piece."""
    called = called_otherwise(fix)
    found: list[Undone] = []
    for change in fix.changes:
        before, after = symbols(change.before), symbols(change.after)
        for name, fixed in after.items():
            was = before.get(name)
            if was is None or shape(was) == shape(fixed) or _is_called_otherwise(was, fixed):
                continue
            place = None if called & _gone_words(was, fixed) else _counterpart(fixed, change.today, today)
            if place is None:
                continue
            path, now = place
            lines = _old(now, fixed, was)
            if lines is not None and lines != list(now.lines):
                found.append(Undone(path, Run(now.start, now.end, tuple(lines))))
    return found


def called_otherwise(fix: Fix) -> set[str]:
    """The last names of functions whose callers had to change with the fix.

    To undo one of them alone, or a call of one, would be no natural bug.
    """
    names: set[str] = set()
    for change in fix.changes:
        after = symbols(change.after)
        for name, was in symbols(change.before).items():
            fixed = after.get(name)
            if _is_called_otherwise(was, fixed) if fixed else was.parameters:
                names.add(was.last_name)
    return names


def _is_called_otherwise(was: Symbol, fixed: Symbol) -> bool:
    if was.returns and fixed.returns and was.returns != fixed.returns:
        return True
    return was.parameters != fixed.parameters or was.decorators != fixed.decorators


def _gone_words(was: Symbol, fixed: Symbol) -> set[str]:
    """The words of lines that the fix took away."""
    kept = set(shape(fixed))
    return words(line for line in was.lines if plain(line) not in kept)


def words(lines: Iterable[str]) -> set[str]:
    """The words in the lines."""
    return {word for line in lines for word in _WORD.findall(line)}


def shape(piece: Symbol) -> list[str]:
    """The piece's lines without layout and comments."""
    return [line for line in map(plain, piece.lines) if line and not line.startswith("#")]


def _likeness(one: Symbol, other: Symbol) -> float:
    """The share of lines that both have, 0 to 1, wherever they stand."""
    lines, others = Counter(shape(one)), Counter(shape(other))
    return 2 * (lines & others).total() / max(1, lines.total() + others.total())


def _counterpart(fixed: Symbol, path: str, today: Today) -> tuple[str, Symbol] | None:
    """Today's piece of that name: in its own file, else the one that is most alike of those elsewhere."""
    own = today.own(path, fixed.name)
    if own is not None:
        return (path, own) if _likeness(fixed, own) >= ALIKE / 2 else None
    best: tuple[float, str, Symbol] | None = None
    for other, piece in today.named(fixed.last_name):
        likeness = _likeness(fixed, piece) + (piece.name == fixed.name) * 0.1
        if likeness >= ALIKE and (best is None or likeness > best[0]):
            best = likeness, other, piece
    return None if best is None else (best[1], best[2])


def _old(now: Symbol, fixed: Symbol, was: Symbol) -> list[str] | None:
    """Today's piece with the change undone, or as much of it as fits."""
    today, after, before = list(now.lines), list(fixed.lines), list(was.lines)
    runs, unfit = undone(today, after, before, loose=True)
    if runs and not unfit:
        return made(today, runs)
    text = merged("".join(today), "".join(after), "".join(before))
    if text is not None and text != "".join(today):
        return diffs.lines_of(text)
    if _likeness(now, fixed) >= BODY_ALIKE and set(was.parameters) <= set(now.parameters):
        old = _with_old_body(now, was)
        if diffs.changed(today, old) <= BODY_MORE * diffs.changed(after, before) + 1:
            return old
    return made(today, runs) if runs else None


def _with_old_body(now: Symbol, was: Symbol) -> list[str]:
    """Today's head and docstring with the old body."""
    head = list(now.lines[: now.body - now.start])
    body = was.lines[was.body - was.start :]
    here = now.lines[now.body - now.start]
    return head + reindented(body, indent(body), indent([here]), here.endswith("\r\n"))

