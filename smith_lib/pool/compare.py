"""Bugs that were made beside fixes that people made: how far apart they are, feature by feature."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from smith_lib.pool.bugs import Bug, of_fix, of_instance
from smith_lib.types import Instance, PastFix

Measure = Literal["jensen_shannon", "wasserstein"]
MOST_PARSED = 3_000
"""Instances whose syntax trees are compared; of more, so many are drawn."""
DRAWS = 20
"""How often real fixes are drawn to tell what chance alone makes of the distance."""


@dataclass(frozen=True, slots=True)
class Distance:
    """How far made bugs are from real fixes in one feature."""

    feature: str
    """`operator`, `edits`, `category`, `complexity`, `fix_lines`, `files`, `functions` or `edits_a_fix`."""
    measure: Measure
    """The Jensen-Shannon distance (0: the same, 1: nothing in common), or of numbers the Wasserstein
    distance in units of the feature: how far one must be moved to become the other, on average."""
    distance: float
    floor: float
    """The distance between as many real fixes as bugs, drawn with replacement, and all: that of chance."""
    made: tuple[tuple[str, float], ...]
    """Share by value, the largest first; of numbers their mean and quartiles."""
    real: tuple[tuple[str, float], ...]
    """The same of the real fixes."""
    n_made: int
    n_real: int


@dataclass(frozen=True, slots=True)
class _Feature:
    name: str
    measure: Measure
    values: Callable[[Bug], Sequence[Any]]


FEATURES = (
    _Feature("operator", "jensen_shannon", lambda bug: bug.edits[:1]),
    _Feature("edits", "jensen_shannon", lambda bug: bug.edits),
    _Feature("category", "jensen_shannon", lambda bug: (str(bug.category),)),
    _Feature("complexity", "jensen_shannon", lambda bug: (str(bug.complexity),)),
    _Feature("fix_lines", "wasserstein", lambda bug: (bug.fix_lines,)),
    _Feature("files", "wasserstein", lambda bug: (bug.files,)),
    _Feature("functions", "wasserstein", lambda bug: (bug.functions,)),
    _Feature("edits_a_fix", "wasserstein", lambda bug: (len(bug.edits),) if bug.edits else ()),
)
"""What is compared. `operator` is the first edit of a fix, as what an operator would be named by; real fixes
have no other operators. `edits` are all of them."""


def compared(
    instances: Sequence[Instance], fixes: Sequence[PastFix], seed: int = 0
) -> tuple[Distance, ...]:
    """The distance in each feature, in the order of `FEATURES`; none where either side is empty.

    The same for the same rows and seed. Of more than `MOST_PARSED` instances those whose trees are compared
    are drawn by the seed: 1,000 take some seconds.
    """
    some = Random(f"{seed}:parsed").sample(list(instances), min(MOST_PARSED, len(instances)))
    parsed = {row.instance_id for row in some}
    bugs = [of_instance(row, row.instance_id in parsed) for row in instances]
    return between(bugs, [of_fix(fix) for fix in fixes], seed)


def between(made: Sequence[Bug], real: Sequence[Bug], seed: int = 0) -> tuple[Distance, ...]:
    """The distances between bugs of any origin."""
    found = []
    for feature in FEATURES:
        ours = [values for bug in made if (values := feature.values(bug))]
        theirs = [values for bug in real if (values := feature.values(bug))]
        if not ours or not theirs:
            continue
        random = Random(f"{seed}:{feature.name}")
        draws = [random.choices(theirs, k=min(len(ours), 2_000)) for _ in range(DRAWS)]
        floor = sum(_apart(feature, draw, theirs) for draw in draws) / DRAWS
        apart = _apart(feature, ours, theirs)
        shown = (_shown(feature, ours), _shown(feature, theirs))
        sizes = len(ours), len(theirs)
        found.append(Distance(feature.name, feature.measure, apart, round(floor, 4), *shown, *sizes))
    return tuple(found)


def _apart(feature: _Feature, made: Sequence[Sequence[Any]], real: Sequence[Sequence[Any]]) -> float:
    ours, theirs = ([value for values in some for value in values] for some in (made, real))
    if feature.measure == "wasserstein":
        from scipy.stats import wasserstein_distance

        return round(float(wasserstein_distance(ours, theirs)), 4)
    from scipy.spatial.distance import jensenshannon

    one, other = _shares(made), _shares(real)
    keys = sorted({*one, *other})
    apart = jensenshannon([one.get(key, 0.0) for key in keys], [other.get(key, 0.0) for key in keys], base=2)
    return round(float(apart), 4)


def _shares(found: Sequence[Sequence[Any]]) -> dict[str, float]:
    """The share of each value; every bug counts alike, however many it has."""
    sums: Counter[str] = Counter()
    for values in found:
        for value in values:
            sums[value] += 1 / len(values)  # type: ignore[assignment]
    return {value: n / len(found) for value, n in sums.items()}


def _shown(feature: _Feature, found: Sequence[Sequence[Any]]) -> tuple[tuple[str, float], ...]:
    if feature.measure == "jensen_shannon":
        shares = sorted(_shares(found).items(), key=lambda item: (-item[1], item[0]))
        return tuple((value, round(share, 4)) for value, share in shares)
    numbers = sorted(value for values in found for value in values)
    last = len(numbers) - 1
    quartiles = [(f"{share:.0%}", float(numbers[round(share * last)])) for share in (0.25, 0.5, 0.75)]
    return ("mean", round(sum(numbers) / len(numbers), 4)), *quartiles
