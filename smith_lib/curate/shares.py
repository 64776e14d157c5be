"""How many instances of each kind to take: an integer program over shares and caps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smith_lib.errors import InputError
from smith_lib.settings import PublishSettings
from smith_lib.types import Category, Complexity

Cell = tuple[Complexity, Category]
Kind = tuple[Complexity, Category, bool, frozenset[str]]
"""What the program counts: a cell, whether several files change, and the caps that count it."""
Counts = dict[Cell, int]
Taken = dict[Kind, int]

MULTI_FILE = "multi_file"
EXACT_UP_TO = 3_000
"""So many variables are solved to the very optimum; larger programs to one row in ten thousand."""


@dataclass(frozen=True, slots=True)
class Share:
    """A class of instances with its wanted share of all of them."""

    name: str
    cells: frozenset[Cell]
    target: float
    tolerance: float
    multi: bool = False
    """Of the instances that change several files instead of some cells."""

    @property
    def low(self) -> float:
        """The smallest share allowed."""
        return max(0.0, self.target - self.tolerance)

    @property
    def high(self) -> float:
        """The largest share allowed."""
        return min(1.0, self.target + self.tolerance)

    def holds(self, kind: Sequence[object]) -> bool:
        """Whether it counts instances of that kind, or cell."""
        return bool(kind[2:3] == (True,)) if self.multi else tuple(kind[:2]) in self.cells


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many instances of one group, or such a share of all."""

    name: str
    """E.g. `function pypi__h11.1a2b3c4d a.py::f`."""
    most: int | None
    """A number; None where it is a share."""
    share: float = 1.0

    def room(self, total: int) -> int:
        """How many a choice of that size may have of it."""
        return int(self.share * total + 1e-9) if self.most is None else self.most


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


def multi_file(settings: PublishSettings) -> Share:
    """The wanted share of instances that change several files."""
    return Share(MULTI_FILE, frozenset(), settings.multi_file, settings.multi_file_tolerance, multi=True)


def largest(
    available: Mapping[Kind, int],
    wanted: list[Share],
    caps: Mapping[str, Cap] | None = None,
    most: int | None = None,
) -> Taken:
    """The most instances (up to `most`) whose shares are within tolerance, within the caps, by kind.

    All zero where there are none. Of equally large selections it is one whose shares are nearest to the
    targets.
    """
    counts = _solve(available, wanted, caps or {}, None, most)
    total = sum(counts.values())
    return _solve(available, wanted, caps or {}, total, None) if total else counts


def nearest(
    available: Mapping[Kind, int], wanted: list[Share], size: int, caps: Mapping[str, Cap] | None = None
) -> Taken:
    """So many instances, with shares as near to the targets as there are; tolerances do not bind."""
    free = [Share(s.name, s.cells, s.target, 1.0, s.multi) for s in wanted]
    numbers = {name: cap for name, cap in (caps or {}).items() if cap.most is not None}
    there = sum(_solve(available, free, numbers, None, size).values())
    return _solve(available, free, numbers, there, None)


def _solve(
    available: Mapping[Kind, int],
    wanted: list[Share],
    caps: Mapping[str, Cap],
    size: int | None,
    most: int | None,
) -> Taken:
    """The largest selection (of at most `most`), or of that size the one that is nearest to the targets."""
    import numpy as np
    from scipy import sparse
    from scipy.optimize import Bounds, LinearConstraint, milp

    kinds = sorted(available, key=lambda kind: (*kind[:3], sorted(kind[3]) if len(kind) > 3 else []))
    n, m = len(kinds), len(wanted)
    if not n:
        return {}
    member = np.array([[float(share.holds(kind)) for kind in kinds] for share in wanted]).reshape(m, n)
    # Variables: the count of each kind, then how many rows each share is from its target, rounded up.
    low = member - np.array([[s.low] for s in wanted])
    high = member - np.array([[s.high] for s in wanted])
    off = member - np.array([[s.target] for s in wanted])
    none, eye = np.zeros((m, m)), np.eye(m)
    slack = 1e-9 * max(1, sum(available.values()))
    rules = [
        LinearConstraint(np.hstack([low, none]), -slack, np.inf),
        LinearConstraint(np.hstack([high, none]), -np.inf, slack),
    ] if m else []  # fmt: skip
    if caps:
        rules.append(_capped(kinds, caps, m, slack))
    if size is None:
        goal = np.concatenate([-np.ones(n), np.zeros(m)])
        whole = most
    else:
        goal = np.concatenate([np.zeros(n), np.ones(m)])
        if m:
            rules += [
                LinearConstraint(np.hstack([off, -eye]), -np.inf, 0),
                LinearConstraint(np.hstack([off, eye]), 0, np.inf),
            ]
        whole = size
    if whole is not None:
        ones = sparse.csr_array(np.concatenate([np.ones(n), np.zeros(m)])[None])
        rules.append(LinearConstraint(ones, size if size is not None else 0, whole))
    upper = np.concatenate([np.array([available[kind] for kind in kinds], dtype=float), np.full(m, np.inf)])
    options = {"mip_rel_gap": 0.0 if n <= EXACT_UP_TO else 1e-4}
    whole_numbers, within = np.ones(n + m), Bounds(0, upper)
    found = milp(goal, constraints=rules, bounds=within, integrality=whole_numbers, options=options)
    if found.x is None:
        total = sum(available.values())
        raise InputError(f"no selection from {total} instances meets the targets: {found.message}")
    return {kind: round(count) for kind, count in zip(kinds, found.x[:n], strict=True)}


def _capped(kinds: Sequence[Kind], caps: Mapping[str, Cap], m: int, slack: float) -> "object":
    """A row for each cap: what it counts, less its share of all where it is one."""
    import numpy as np
    from scipy import sparse
    from scipy.optimize import LinearConstraint

    places = {name: at for at, name in enumerate(sorted(caps))}
    counted = sparse.lil_array((len(places), len(kinds) + m))
    for column, kind in enumerate(kinds):
        for name in kind[3] if len(kind) > 3 else ():
            counted[places[name], column] = 1.0
    for name, at in places.items():
        if caps[name].most is None:
            counted[[at], : len(kinds)] = counted[[at], : len(kinds)].toarray() - caps[name].share
    upper = np.array([slack if (most := caps[name].most) is None else most for name in sorted(caps)])
    return LinearConstraint(counted.tocsr(), -np.inf, upper)
