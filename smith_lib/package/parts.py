"""A bug of several changes, taken apart: the files with one of its changes alone."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from smith_lib import diffs
from smith_lib.package.places import FunctionNode, parsed, statements
from smith_lib.types import Candidate, Strategy

MOST = 6
"""Parts that are told apart; where there are more runs of changed lines, only functions are."""
Run = tuple[int, int, int, int]
"""First line and the one after the last of the clean text, and of the buggy one, from 0."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bug."""

    place: str
    """The function that it changes, or the statement outside functions."""
    files: Mapping[str, str]
    """Every changed file (path to text), with this part of the bug alone."""


def several(candidate: Candidate) -> bool:
    """Whether the bug is made of changes that can break different things."""
    return candidate.strategy is Strategy.COMBINE or len(candidate.functions) > 1


def parts(
    candidate: Candidate, clean: Mapping[str, str], buggy: Mapping[str, str]
) -> tuple[Part, ...]:
    """One for each run of changed lines; one for each function where its runs do not parse alone.

    Empty where the bug is of one piece.
    """
    if not several(candidate):
        return ()
    found: list[Part] = []
    for place, runs in _by_place(clean, buggy).items():
        path = place.partition("::")[0]
        alone = [Part(place, only(clean, buggy, path, [run])) for run in runs]
        whole = len(runs) > 1 and any(parsed(part.files[path]) is None for part in alone)
        found += [Part(place, only(clean, buggy, path, runs))] if whole else alone
    if len(found) > MOST:
        found = list(of_functions(clean, buggy))[:MOST]
    found = [part for part in found if parsed(part.files[part.place.partition("::")[0]]) is not None]
    return tuple(found) if len(found) > 1 else ()


def of_functions(clean: Mapping[str, str], buggy: Mapping[str, str]) -> tuple[Part, ...]:
    """One for each function that changes, and for each run of changed lines outside functions."""
    return tuple(
        Part(place, only(clean, buggy, place.partition("::")[0], runs))
        for place, runs in _by_place(clean, buggy).items()
    )


def only(
    clean: Mapping[str, str], buggy: Mapping[str, str], path: str, runs: Iterable[Run]
) -> dict[str, str]:
    """The changed files with these runs of one file alone."""
    old, new = diffs.lines_of(clean[path]), diffs.lines_of(buggy[path])
    lines: list[str] = []
    at = 0
    for first, last, start, end in runs:
        lines += [*old[at:first], *new[start:end]]
        at = last
    return {**{other: clean[other] for other in sorted(buggy)}, path: "".join([*lines, *old[at:]])}


def _by_place(clean: Mapping[str, str], buggy: Mapping[str, str]) -> dict[str, list[Run]]:
    """The runs of changed lines of each function, `path::line of the function`; in order."""
    found: dict[str, list[Run]] = {}
    for path in sorted(buggy):
        spans = _functions(clean[path])
        for run in diffs.runs(diffs.lines_of(clean[path]), diffs.lines_of(buggy[path])):
            # What is added stands behind the line before it.
            first = run[0] + 1 if run[1] > run[0] else run[0]
            inside = next((span.start for span in spans if first in span), None)
            place = f"{path}::{first}:" if inside is None else f"{path}::{inside}"
            found.setdefault(place, []).append(run)
    return found


def _functions(text: str) -> list[range]:
    """The lines, from 1, of the functions that are in no other one, decorators included."""
    module = parsed(text)
    spans = []
    todo = [] if module is None else list(statements(module))
    while todo:
        node = todo.pop()
        if isinstance(node, FunctionNode):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            spans.append(range(first, (node.end_lineno or first) + 1))
        else:
            todo += statements(node)
    return spans
