"""A bug of several changes, taken apart: the files with one of its changes alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smith_lib import diffs
from smith_lib.package.compared import bodies
from smith_lib.package.places import parsed
from smith_lib.types import Candidate, Strategy

MOST = 6
"""Parts that are told apart; where there are more runs of changed lines, only functions are."""
Texts = Mapping[str, str]
"""Path to text."""
Run = tuple[int, int, int, int]
"""First line and the one after the last of the clean text, and of the buggy one, from 0."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bug, all of it in one file."""

    path: str
    place: str
    """The function that it changes, or the statement outside functions: `path::line`."""
    files: Texts
    """Every changed file with this part of the bug alone."""

    @property
    def text(self) -> str:
        """Its own file's."""
        return self.files[self.path]


def several(candidate: Candidate) -> bool:
    """Whether the bug is made of changes that can break different things."""
    return candidate.strategy is Strategy.COMBINE or len(candidate.functions) > 1


def parts(candidate: Candidate, clean: Texts, buggy: Texts) -> tuple[Part, ...]:
    """One for each run of changed lines; one for each function where its runs do not parse alone.

    Empty where the bug is of one piece.
    """
    if not several(candidate):
        return ()
    runs, functions = by_run(clean, buggy), by_function(clean, buggy)
    broken = {part.place for part in runs if parsed(part.text) is None}
    found = [
        part
        for function in functions
        for part in ([function] if function.place in broken else runs)
        if part.place == function.place
    ]
    if len(found) > MOST:
        found = [*functions[:MOST]]
    found = [part for part in found if parsed(part.text) is not None]
    return tuple(found) if len(found) > 1 else ()


def by_function(clean: Texts, buggy: Texts) -> tuple[Part, ...]:
    """One for each function that changes, and for each run of changed lines outside functions."""
    return tuple(_part(clean, buggy, *place, runs) for place, runs in _by_place(clean, buggy).items())


def by_run(clean: Texts, buggy: Texts) -> tuple[Part, ...]:
    """One for each run of changed lines."""
    places = _by_place(clean, buggy).items()
    return tuple(_part(clean, buggy, *place, [run]) for place, runs in places for run in runs)


def _part(clean: Texts, buggy: Texts, path: str, place: str, runs: Sequence[Run]) -> Part:
    old, new = diffs.lines_of(clean[path]), diffs.lines_of(buggy[path])
    lines: list[str] = []
    at = 0
    for first, last, start, end in runs:
        lines += [*old[at:first], *new[start:end]]
        at = last
    others = {other: clean[other] for other in sorted(buggy)}
    return Part(path, place, {**others, path: "".join([*lines, *old[at:]])})


def _by_place(clean: Texts, buggy: Texts) -> dict[tuple[str, str], list[Run]]:
    """The runs of changed lines by path and place, in order."""
    found: dict[tuple[str, str], list[Run]] = {}
    for path in sorted(buggy):
        spans = [span for span, _ in bodies(clean[path])]
        for run in diffs.runs(diffs.lines_of(clean[path]), diffs.lines_of(buggy[path])):
            # What is added stands behind the line before it.
            first = run[0] + 1 if run[1] > run[0] else run[0]
            inside = next((span.start for span in spans if first in span), None)
            place = f"{path}::{first}:" if inside is None else f"{path}::{inside}"
            found.setdefault((path, place), []).append(run)
    return found
