"""Bugs made of two to four others that do not touch each other's lines."""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate
from random import Random

from smith_lib.inject.callers import neighbours
from smith_lib.inject.draw import Draft, Studio, by_function
from smith_lib.types import Strategy

NAMES = {
    "combine_function": "Two to four bugs in one function.",
    "combine_file": "Two to four bugs in functions of one file.",
    "combine_calls": "Two to four bugs in a function and one that it calls.",
    "combine_package": "Two to four bugs in two or more files of the package.",
}
PARTS = (2, 2, 2, 3, 3, 4)
"""How many bugs a combination has, drawn from this list."""
MOST_OF_IT = 0.7
"""Largest share of a combination that one of its parts may be: more would be nearly the part alone."""


def apart(one: Draft, other: Draft) -> bool:
    """Whether two drafts change neither each other's lines nor neighbouring ones."""
    for a in one.parts:
        for b in other.parts:
            if a.program is not b.program:
                continue
            (first, last), (start, end) = a.lines, b.lines
            if first <= end + 1 and start <= last + 1:
                return False
    return True


Noticed = Callable[[Draft], float]
"""How likely tests are to notice a draft by itself, 0 to 1: a combination wants each of its parts noticed."""


def _fits(chosen: Sequence[Draft], draft: Draft) -> bool:
    return all(apart(draft, other) for other in chosen)


class _Pool:
    """Drafts to draw from, large fixes and what tests notice more often than others."""

    def __init__(self, drafts: Sequence[Draft], noticed: Noticed) -> None:
        """Take the drafts."""
        self.drafts = drafts
        self._bounds = list(
            accumulate(max(1, round(100 * min(draft.fix_lines, 12) * noticed(draft))) for draft in drafts)
        )

    def one(self, random: Random) -> Draft:
        """One of the drafts."""
        return self.drafts[bisect_right(self._bounds, random.randrange(self._bounds[-1]))]

    def gathered(self, random: Random, first: Sequence[Draft] = ()) -> list[Draft]:
        """Up to four drafts, `first` among them, that stay out of each other's lines; fewer where few do."""
        wanted = random.choice(PARTS)
        chosen = [draft for at, draft in enumerate(first) if _fits(first[:at], draft)]
        if len(chosen) >= wanted:
            return chosen
        met: set[int] = set()
        for _ in range(16 * wanted):
            at = bisect_right(self._bounds, random.randrange(self._bounds[-1]))
            if at in met:
                continue
            met.add(at)
            if _fits(chosen, self.drafts[at]):
                chosen.append(self.drafts[at])
            if len(chosen) == wanted or len(met) == min(4 * wanted, len(self.drafts)):
                break
        return chosen


def _in_function(singles: Sequence[Draft], random: Random, noticed: Noticed) -> Iterator[list[Draft]]:
    pools = [
        _Pool(pool, noticed)
        for pool in by_function([draft for draft in singles if len(draft.functions) == 1]).values()
        if len(pool) > 1 and "<module>" not in pool[0].functions[0]
    ]
    while pools:
        yield random.choice(pools).gathered(random)


def _in_file(singles: Sequence[Draft], random: Random, noticed: Noticed) -> Iterator[list[Draft]]:
    files: dict[str, list[Draft]] = {}
    for draft in singles:
        if len(draft.files) == 1:
            files.setdefault(draft.files[0], []).append(draft)
    pools = [_Pool(pool, noticed) for pool in files.values() if len({draft.functions for draft in pool}) > 1]
    while pools:
        chosen = random.choice(pools).gathered(random)
        yield chosen if len({draft.functions for draft in chosen}) > 1 else []


def _in_calls(singles: Sequence[Draft], random: Random, noticed: Noticed) -> Iterator[list[Draft]]:
    pairs = [
        (_Pool(callers, noticed), _Pool(called, noticed), _Pool([*callers, *called], noticed))
        for callers, called in neighbours([draft for draft in singles if len(draft.functions) == 1])
    ]
    while pairs:
        callers, called, both = random.choice(pairs)
        chosen = both.gathered(random, (callers.one(random), called.one(random)))
        yield chosen if len({draft.functions for draft in chosen}) > 1 else []


def _in_package(singles: Sequence[Draft], random: Random, noticed: Noticed) -> Iterator[list[Draft]]:
    if len({draft.files for draft in singles}) < 2:
        return
    pool = _Pool(singles, noticed)
    while True:
        chosen = pool.gathered(random)
        yield chosen if len({draft.files for draft in chosen}) > 1 else []


GATHER: dict[str, Callable[[Sequence[Draft], Random, Noticed], Iterator[list[Draft]]]] = {
    "combine_function": _in_function,
    "combine_file": _in_file,
    "combine_calls": _in_calls,
    "combine_package": _in_package,
}


def combined(
    name: str, singles: Sequence[Draft], studio: Studio, wanted: int, random: Random,
    noticed: Noticed, size: Callable[[Draft], int],
) -> list[Draft]:  # fmt: skip
    """Up to `wanted` combinations of one kind; each has the category of its largest part.

    `size` tells how much a draft changes. Where a model wrote a part, it is named; what that cost is told of
    the part alone.
    """
    made: list[Draft] = []
    for tries, chosen in enumerate(GATHER[name](singles, random, noticed)):
        if len(made) >= wanted or tries > 6 * wanted:
            break
        if len(chosen) < 2 or max(map(size, chosen)) > MOST_OF_IT * sum(map(size, chosen)):
            continue
        parts = tuple(part for draft in chosen for part in draft.parts)
        largest = max(chosen, key=lambda draft: draft.fix_lines)
        draft = studio.draft(parts, Strategy.COMBINE, name, largest.category)
        if draft is not None:
            model = next((part.model for part in chosen if part.model), "")
            made.append(replace(draft, model=model, combines=tuple(chosen)))
    return made
