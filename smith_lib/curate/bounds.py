"""What bound a choice, and what the pool is short of: as tables, and as weights of the next draw."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from math import ceil, log2
from typing import TYPE_CHECKING, Any

from smith_lib.curate.shares import MULTI_FILE, Cap, Share
from smith_lib.types import Category, Complexity

if TYPE_CHECKING:
    from smith_lib.curate.traits import Trait

BLATANT = "bugs that fail every test that comes by"
"""The name of their cap."""
ENOUGH = 0.95
"""A cell that has so much of what it should have is not short."""
STRONGEST = 8.0
"""Largest weight of a cell in the next draw."""
STEP = 4.0
"""Largest factor by which one night changes a weight."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A target or a cap, with what the pool had and what was taken."""

    name: str
    kind: str
    """`target` or `cap`."""
    pool: int
    """Rows of the band that it counts, duplicates aside."""
    taken: int
    low: int
    """Fewest that a choice of this size may have."""
    high: int
    """Most of them."""
    binds: str
    """`low` where no fewer could be, `high` where no more, `missed` where it is not met; else empty."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """A cell of which the pool has less than its share."""

    complexity: str
    """Or `any`."""
    category: str
    """Or `any`."""
    multi_file: bool
    """Whether it is about fixes of several files."""
    pool: int
    """How many there are."""
    wanted: int
    """How many a pool of this size should have."""

    @property
    def lacking(self) -> int:
        """How many are lacking."""
        return self.wanted - self.pool


def bounds(
    band: Sequence["Trait"], main: Sequence["Trait"], wanted: Iterable[Share], caps: Mapping[str, Cap]
) -> tuple[Bound, ...]:
    """A row for each target, and for each cap that took part."""
    total, rows = len(main), []
    had = Counter((r.complexity, r.category, r.files_changed > 1) for r in band)
    got = Counter((r.complexity, r.category, r.files_changed > 1) for r in main)
    for share in wanted:
        pool = sum(n for kind, n in had.items() if share.holds(kind))
        taken = sum(n for kind, n in got.items() if share.holds(kind))
        low, high = ceil(share.low * total - 1e-6), int(share.high * total + 1e-6)
        low, high = min(low, high), max(low, high)  # where no count is within, the two next to it
        missed = not low <= taken <= high
        free = total == len(band)
        binds = "low" if taken == low else "high" if taken == high else ""
        binds = "missed" if missed else "" if free else binds
        rows.append(Bound(share.name, "target", pool, taken, low, high, binds))
    if caps:
        pools, takes = (Counter(n for r in some for n in groups(r) if n in caps) for some in (band, main))
        for name in sorted(caps):
            high = caps[name].room(total)
            binds = "missed" if takes[name] > high else "high" if takes[name] == high else ""
            rows.append(Bound(name, "cap", pools[name], takes[name], 0, high, binds))
    return tuple(rows)


def groups(row: "Trait") -> list[str]:
    """The names of everything that a cap may count the row under."""
    places = dict.fromkeys(f"function {row.repo_id} {function}" for function in row.functions)
    files = dict.fromkeys(f"file {row.repo_id} {function.partition('::')[0]}" for function in row.functions)
    blatant = [BLATANT] if row.blatant else []
    return [*places, *files, f"repository {row.repo}", f"operator {row.operator}", *blatant]


def shortfalls(there: Mapping[Any, int], wanted: Sequence[Share], met: bool) -> tuple[Shortfall, ...]:
    """The cells that are short, those that lack most first; none where all was taken and all is met.

    A cell should have the product of its targets of the whole pool. One whose complexity and category both
    have their share of the pool is not short: the balance does not suffer from it.
    """
    total = sum(there.values())
    if met or not total:
        return ()
    share_of = {share.name: share for share in wanted}
    sums = {s.name: sum(n for kind, n in there.items() if s.holds(kind)) for s in wanted}

    def target(name: str) -> float:
        return share_of[name].target if name in share_of else sums_of_rest[name]

    sums_of_rest = {
        str(kind): sum(n for k, n in there.items() if k[1] == kind) / total for kind in Category
    }
    found = []
    for size, kind in product(Complexity, Category):
        both = [name for name in (str(size), str(kind)) if name in sums]
        low = [name for name in both if sums[name] < ENOUGH * target(name) * total]
        pool = sum(n for k, n in there.items() if k[:2] == (size, kind))
        want = ceil(target(str(size)) * target(str(kind)) * total - 1e-6)
        if low and pool < ENOUGH * want:
            found.append(Shortfall(str(size), str(kind), False, pool, want))
    if MULTI_FILE in share_of:
        want = ceil(share_of[MULTI_FILE].target * total - 1e-6)
        if sums[MULTI_FILE] < ENOUGH * want:
            found.append(Shortfall("any", "any", True, sums[MULTI_FILE], want))
    return tuple(sorted(found, key=lambda s: (-s.lacking, s.complexity, s.category)))


def told(short: Iterable[Shortfall]) -> list[dict[str, Any]]:
    """The shortfalls ready for JSON."""
    return [{**asdict(one), "lacking": one.lacking} for one in short]


def weights(short: Iterable[Shortfall], before: Mapping[str, float]) -> dict[str, float]:
    """How much more the next night draws of each cell, by `complexity category`, and of `multi_file`.

    Those of the night before, each multiplied by how short its cell still is, to a power of two and at most
    `STEP`: so they stay where nothing is short any more, and change seldom, since each change draws every
    repository anew.
    """
    made = dict(before)
    for one in short:
        name = MULTI_FILE if one.multi_file else f"{one.complexity} {one.category}"
        factor = min(STEP, 2.0 ** round(log2(max(1.0, one.wanted / max(1, one.pool)))))
        made[name] = min(STRONGEST, made.get(name, 1.0) * factor)
    return {name: weight for name, weight in sorted(made.items()) if weight != 1.0}
