"""Changes of one text made in another: where each belongs is told by the lines around it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from smith_lib import diffs

EXACT = ((3, 3),)
"""Lines of context above and below that must be there."""
LOOSE = ((3, 3), (2, 2), (1, 1), (3, 0), (0, 3), (2, 0), (0, 2), (1, 0), (0, 1), (0, 0))
TELLING = 8
"""Letters and digits that the lines must have by which a change is placed with little context."""
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Run:
    """Lines of today's text, from `start` to before `end`, and what takes their place."""

    start: int
    end: int
    lines: tuple[str, ...]


def plain(line: str) -> str:
    """The line without what formatting may change."""
    return _SPACE.sub("", line.partition("  #")[0]).replace("'", '"').rstrip(",")


class Lines:
    """A text's lines, and where each of them stands."""

    def __init__(self, lines: list[str], loose: bool) -> None:
        """Take the lines; `loose` leaves aside what formatting may change."""
        self.lines = lines
        self.said = [plain(line) for line in lines] if loose else lines
        self._places: dict[str, list[int]] = {}
        for at, line in enumerate(self.said):
            self._places.setdefault(line, []).append(at)

    def places(self, wanted: Sequence[str]) -> list[int]:
        """Where the lines stand together, rising."""
        size = len(wanted)
        return [at for at in self._places.get(wanted[0], ()) if self.said[at : at + size] == wanted]


def undone(
    today: list[str], after: list[str], before: list[str], loose: bool = False
) -> tuple[list[Run], int]:
    """The runs that undo in today's lines what changed from `before` to `after`, and how many do not fit."""
    said = Lines(today, loose)
    told = [plain(line) for line in after] if loose else after
    made: list[Run] = []
    unfit, drift, least = 0, 0, 0
    for i, a, j, b in diffs.runs(after, before):
        if loose and _words(after[i:a]) == _words(before[j:b]):
            continue
        at = _place(said, told, i, a, i + drift, least, loose)
        if at is None:
            unfit += 1
            continue
        lines = _indented(before[j:b], _around(after, i, a), _around(today, at, at + a - i))
        made.append(Run(at, at + a - i, tuple(lines)))
        drift, least = at - i, at + a - i
    return made, unfit


def _words(lines: Sequence[str]) -> list[str]:
    """The lines without layout, blank ones left out."""
    return [told for line in lines if (told := plain(line))]


def _place(
    today: Lines, after: Sequence[str], i: int, a: int, near: int, least: int, loose: bool
) -> int | None:
    """The line of today's text where `after[i:a]` stands, by as much context as is there."""
    for above, below in LOOSE if loose else EXACT:
        first, last = max(0, i - above), min(len(after), a + below)
        wanted = after[first:last]
        if not wanted or (loose and sum(map(len, wanted)) < TELLING):
            continue
        lead = i - first
        places = [at + lead for at in today.places(wanted) if at + lead >= least]
        if len(places) == 1 or (places and above + below >= 4):
            return min(places, key=lambda n: abs(n - near))
    return None


def _around(lines: Sequence[str], start: int, end: int) -> Sequence[str]:
    """The lines, where they tell an indentation; else the one above that does, or the one below."""
    inside = lines[start:end]
    if any(line.strip() for line in inside):
        return inside
    above = next((line for line in reversed(lines[:start]) if line.strip()), "")
    return [above or next((line for line in lines[end:] if line.strip()), "")]


def _indented(lines: Sequence[str], like: Sequence[str], here: Sequence[str]) -> list[str]:
    """The lines with the indentation and line ends of those in today's text that they replace or follow."""
    return reindented(lines, indent(like), indent(here), any(line.endswith("\r\n") for line in here))


def reindented(lines: Sequence[str], was: str, now: str, crlf: bool) -> list[str]:
    """The lines with another indentation and today's line ends."""
    out: list[str] = []
    for line in lines:
        text = line.rstrip("\r\n")
        if was != now and text.startswith(was) and text.strip():
            text = now + text[len(was) :]
        out.append(text + ("\r\n" if crlf else "\n"))
    return out


def indent(lines: Sequence[str]) -> str:
    """The indentation of the first line that is not blank."""
    line = next((line for line in lines if line.strip()), "")
    return line[: len(line) - len(line.lstrip(" \t"))]


def made(today: Sequence[str], runs: Sequence[Run]) -> list[str]:
    """Today's lines with the runs in their places; of two that overlap, with the first."""
    out: list[str] = []
    at = 0
    for run in sorted(runs, key=lambda run: (run.start, run.end)):
        if run.start >= at:
            out += [*today[at : run.start], *run.lines]
            at = run.end
    return [*out, *today[at:]]
