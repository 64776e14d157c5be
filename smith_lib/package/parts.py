"""A bug of several parts, taken apart: the files with one of its changes alone."""

from collections.abc import Mapping

from smith_lib import diffs
from smith_lib.package.places import parsed
from smith_lib.types import Candidate, Strategy

MOST = 6
"""Parts that are told apart; what a bug has more of counts as one with the last."""


def several(candidate: Candidate) -> bool:
    """Whether the bug is made of changes that can break different things."""
    return candidate.strategy is Strategy.COMBINE or len(candidate.functions) > 1


def parts(
    candidate: Candidate, clean: Mapping[str, str], buggy: Mapping[str, str]
) -> tuple[dict[str, str], ...]:
    """The changed files (path to text) once for each run of changed lines, with that run alone.

    Empty where the bug is of one piece. A run that does not parse alone belongs to another and is left out.
    """
    if not several(candidate):
        return ()
    places = []
    for path in sorted(buggy):
        old, new = diffs.lines_of(clean[path]), diffs.lines_of(buggy[path])
        places += [(path, old, new, run) for run in diffs.runs(old, new)]
    out = []
    for chosen in [[place] for place in places[: MOST - 1]] + [places[MOST - 1 :]]:
        files = {path: clean[path] for path in sorted(buggy)}
        for path in {place[0] for place in chosen}:
            mine = [(old, new, run) for at, old, new, run in chosen if at == path]
            files[path] = _changed(mine[0][0], mine[0][1], [run for _, _, run in mine])
        if chosen and None not in map(parsed, files.values()):
            out.append(files)
    return tuple(out) if len(out) > 1 else ()


def _changed(old: list[str], new: list[str], runs: list[tuple[int, int, int, int]]) -> str:
    lines: list[str] = []
    at = 0
    for first, last, start, end in runs:
        lines += [*old[at:first], *new[start:end]]
        at = last
    return "".join([*lines, *old[at:]])
