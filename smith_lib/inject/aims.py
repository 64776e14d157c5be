"""What the choice of candidates aims at: the usual shares, or those moved towards a project's real fixes."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from smith_lib.inject.draw import MOST_LINES, Draft
from smith_lib.inject.rewrite import edited
from smith_lib.inject.yields import LEAST
from smith_lib.pool.edits import edits_of
from smith_lib.settings import InjectSettings
from smith_lib.types import Category, Complexity, PastFix

K = TypeVar("K", bound=Hashable)
CATEGORIES: Mapping[Category, float] = {
    Category.LOGIC_ERROR: 0.35,
    Category.EDGE_CASE: 0.25,
    Category.OFF_BY_ONE: 0.15,
    Category.NULL_HANDLING: 0.15,
    Category.OTHER: 0.10,
}
MULTI_FILE = 0.05
"""Share of the candidates that change several files."""
PRIOR = 20
"""So many real fixes count as much as the usual shares: a few of them say little."""
LOOKED_AT = 6
"""Drafts of an operator of which the edits are told."""
MOST_OFTEN = 3.0
"""How many times as often as it is made an edit may be wanted."""


@dataclass(frozen=True, slots=True)
class Aim:
    """Shares that are aimed at."""

    sizes: Mapping[Complexity, float]
    categories: Mapping[Category, float]
    several_files: float
    edits: Mapping[str, float]
    """The shares of edits in real fixes; empty where they do not count."""
    edits_weight: float = 0.0
    """How much they count, 0 to 1."""


def usual(settings: InjectSettings) -> Aim:
    """The shares that the settings tell, and those that all datasets want."""
    sizes = {
        Complexity.SIMPLE: settings.simple,
        Complexity.MEDIUM: settings.medium,
        Complexity.COMPLEX: max(0.0, 1 - settings.simple - settings.medium),
    }
    return Aim(sizes, CATEGORIES, MULTI_FILE, {})


def towards(settings: InjectSettings, fixes: Sequence[PastFix]) -> Aim:
    """The usual shares, each moved towards that of the fixes by its weight in `settings.towards_weights`.

    Fixes that are larger than any bug that is made do not count. With n fixes a weight is n / (n + 20) of
    what is set.
    """
    aim = usual(settings)
    some = [fix for fix in fixes if fix.fix_lines <= MOST_LINES]
    trust = len(some) / (len(some) + PRIOR)
    weight = {name: trust * share for name, share in settings.towards_weights.items()}
    wide = _shares([((len(fix.files) > 1),) for fix in some]).get(True, 0.0)
    files = weight.get("files", 0.0)
    return Aim(
        sizes=_moved(aim.sizes, _shares([(fix.complexity,) for fix in some]), weight.get("size", 0.0)),
        categories=_moved(
            aim.categories, _shares([(fix.category,) for fix in some]), weight.get("category", 0.0)
        ),
        several_files=(1 - files) * aim.several_files + files * wide,
        edits=_shares([fix.edits for fix in some]) if weight.get("edits") else {},
        edits_weight=weight.get("edits", 0.0),
    )  # fmt: skip


def _moved(usual: Mapping[K, float], real: Mapping[K, float], weight: float) -> dict[K, float]:
    return {key: (1 - weight) * share + weight * real.get(key, 0.0) for key, share in usual.items()}


def _shares(found: Sequence[Sequence[K]]) -> dict[K, float]:
    """The share of each value; every fix counts alike, however many it has."""
    sums: Counter[K] = Counter()
    some = [values for values in found if values]
    for values in some:
        for value in values:
            sums[value] += 1 / len(values)  # type: ignore[assignment]
    return {value: n / len(some) for value, n in sums.items()}


def likings(drafts: Sequence[Draft], aim: Aim) -> dict[str, float]:
    """How much an operator is liked, `LEAST` to 1, by how often real fixes make its fixes' edits; 1 for all
    where edits do not count."""
    if not aim.edits:
        return {}
    by_operator: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_operator.setdefault(draft.operator, []).append(draft)
    looked = {name: some[:LOOKED_AT] for name, some in by_operator.items()}
    told = {name: _shares([_edits(draft) for draft in some]) for name, some in looked.items()}
    made: Counter[str] = Counter()
    for shares in told.values():
        for edit, share in shares.items():
            made[edit] += share / len(told)  # type: ignore[assignment]
    found = {}
    for name, shares in told.items():
        often = sum(s * min(MOST_OFTEN, aim.edits.get(e, 0.0) / made[e]) for e, s in shares.items())
        liked = max(LEAST, min(1.0, often / MOST_OFTEN))
        found[name] = 1 - aim.edits_weight + aim.edits_weight * liked
    return found


def _edits(draft: Draft) -> tuple[str, ...]:
    """What the fix of a draft does, part by part."""
    found: tuple[str, ...] = ()
    for part in draft.parts:
        start, end = part.program.span(part.unit)
        clean = part.program.text[start:end]
        found += edits_of(edited(part.program, [part.edit], start, end), clean)
    return found
