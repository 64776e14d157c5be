"""How many instances of each cell (complexity by category) to take: an integer program."""

from collections.abc import Mapping
from dataclasses import dataclass

from smith_lib.errors import InputError
from smith_lib.settings import PublishSettings
from smith_lib.types import Category, Complexity

Cell = tuple[Complexity, Category]
Counts = dict[Cell, int]


@dataclass(frozen=True, slots=True)
class Share:
    """A class of instances with its wanted share of all of them."""

    name: str
    cells: frozenset[Cell]
    target: float
    tolerance: float

    @property
    def low(self) -> float:
        """The smallest share allowed."""
        return max(0.0, self.target - self.tolerance)

    @property
    def high(self) -> float:
        """The largest share allowed."""
        return min(1.0, self.target + self.tolerance)


def shares(settings: PublishSettings) -> list[Share]:
    """The wanted shares: one a complexity, one a category that the settings name.

    Raises `InputError` where they cannot all hold at once, whatever the instances.
    """
    sizes = {"simple": settings.simple, "medium": settings.medium, "complex": settings.complex}
    wanted = [
        Share(size, frozenset((Complexity(size), c) for c in Category), target, settings.tolerance)
        for size, target in sizes.items()
    ]
    kinds = [
        Share(kind, frozenset((c, Category(kind)) for c in Complexity), target, settings.category_tolerance)
        for kind, target in settings.categories.items()
    ]
    whole = len(settings.categories) == len(Category)
    for what, group, complete in (("complexities", wanted, True), ("categories", kinds, whole)):
        low, high = sum(s.low for s in group), sum(s.high for s in group)
        if low > 1 + 1e-9 or (complete and high < 1 - 1e-9):
            told = ", ".join(f"{s.name} {s.target:g}" for s in group)
            raise InputError(
                f"the target shares of the {what} ({told}) contradict each other: within tolerance they"
                f" add up to {low:.2f} to {high:.2f}, and 1 was wanted"
            )
    return wanted + kinds


def largest(available: Mapping[Cell, int], wanted: list[Share]) -> Counts:
    """The most instances whose shares are all within tolerance, by cell; all zero where there are none.

    Of equally large selections it is one whose shares are nearest to the targets.
    """
    counts = _solve(available, wanted, size=None)
    total = sum(counts.values())
    return _solve(available, wanted, size=total) if total else counts


def nearest(available: Mapping[Cell, int], wanted: list[Share], size: int) -> Counts:
    """So many instances, with shares as near to the targets as the cells allow; tolerances do not bind."""
    free = [Share(s.name, s.cells, s.target, 1.0) for s in wanted]
    return _solve(available, free, size)


def _solve(available: Mapping[Cell, int], wanted: list[Share], size: int | None) -> Counts:
    import numpy as np
    from scipy.optimize import Bounds, LinearConstraint, milp

    cells = sorted(available)
    n, m = len(cells), len(wanted)
    if not n:
        return {}
    member = np.array([[float(cell in share.cells) for cell in cells] for share in wanted])
    # Variables: the count of each cell, then how many rows each share is from its target, rounded up.
    low = member - np.array([[s.low] for s in wanted])
    high = member - np.array([[s.high] for s in wanted])
    off = member - np.array([[s.target] for s in wanted])
    none, eye = np.zeros((m, m)), np.eye(m)
    slack = 1e-9 * max(1, sum(available.values()))
    rules = [
        LinearConstraint(np.hstack([low, none]), -slack, np.inf),
        LinearConstraint(np.hstack([high, none]), -np.inf, slack),
    ]
    if size is None:
        goal = np.concatenate([-np.ones(n), np.zeros(m)])
    else:
        goal = np.concatenate([np.zeros(n), np.ones(m)])
        rules += [
            LinearConstraint(np.hstack([off, -eye]), -np.inf, 0),
            LinearConstraint(np.hstack([off, eye]), 0, np.inf),
            LinearConstraint(np.concatenate([np.ones(n), np.zeros(m)]), size, size),
        ]
    most = np.array([available[cell] for cell in cells], dtype=float)
    upper = np.concatenate([most, np.full(m, np.inf)])
    integral = np.ones(n + m)
    options = {"mip_rel_gap": 0.0}
    found = milp(goal, constraints=rules, bounds=Bounds(0, upper), integrality=integral, options=options)
    if found.x is None:
        total = sum(available.values())
        raise InputError(f"no selection from {total} instances meets the targets: {found.message}")
    return {cell: round(count) for cell, count in zip(cells, found.x[:n], strict=True)}
