"""The choice of a version's rows: duplicates out, a cap on functions, then the balance of the targets."""

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from smith_lib.curate.order import spread
from smith_lib.curate.shares import Cell, Counts, Share, largest, nearest, shares
from smith_lib.package.issue import PLAIN
from smith_lib.settings import PublishSettings
from smith_lib.types import Instance


@dataclass(frozen=True, slots=True)
class Choice:
    """A version's rows, and what was left out of it."""

    main: tuple[Instance, ...]
    """In the band, sorted by id."""
    subtle: tuple[Instance, ...]
    """Below the band, sorted by id."""
    left_out: tuple[tuple[str, str], ...]
    """Instance id and reason, sorted by id."""
    notes: tuple[str, ...] = ()
    """What bound the choice: the targets that were missed and the cells that were short, one line each."""
    why: tuple[tuple[str, int], ...] = ()
    """How many were left out for each kind of reason."""


def choose(instances: Sequence[Instance], settings: PublishSettings, seed: int) -> Choice:
    """The largest choice within the settings' targets; the same for the same rows in any order.

    One whose issue text tells nothing is left out. Of instances with the same buggy code the one with the
    smallest id stays, and no function is changed by more than `max_per_function`. From `shares_from`
    instances in the band on, the largest number of them is kept whose shares of complexities and categories
    are within tolerance. Where that is fewer than `shares_from`, the shares could not block: then one less
    than `shares_from` are kept, as near to the targets as they come. The notes say what was short.

    Raises `InputError` where the targets contradict each other.
    """
    wanted = shares(settings)
    left: dict[str, str] = {}
    telling = [i for i in instances if _tells(i, left)]
    counts = [len(left)]
    rows = _without_duplicates(telling, left)
    counts.append(len(left))
    rng = random.Random(f"choose {seed}")
    subtle = _capped(spread((i for i in rows if i.subset == "subtle"), rng), settings.max_per_function, left)
    band = _capped(_scarce_first(rows, wanted, rng), settings.max_per_function, left)
    counts.append(len(left))
    main, notes = _balanced(band, wanted, settings, left)
    counts.append(len(left))
    kinds = (
        "their issue text names neither an input nor what differs", "the same program as another",
        f"publish.max_per_function = {settings.max_per_function}", "enough of their kind for the balance",
    )  # fmt: skip
    numbers = (now - before for before, now in zip([0, *counts], counts, strict=False))
    return Choice(
        main=tuple(sorted(main, key=lambda i: i.instance_id)),
        subtle=tuple(sorted(subtle, key=lambda i: i.instance_id)),
        left_out=tuple(sorted(left.items())),
        notes=notes,
        why=tuple((kind, n) for kind, n in zip(kinds, numbers, strict=True) if n),
    )


def _tells(row: Instance, left: dict[str, str]) -> bool:
    """Whether its issue text tells something to go by."""
    if row.problem_statement_source == PLAIN:
        left[row.instance_id] = "its issue text names neither an input nor what differs"
        return False
    return True


def _without_duplicates(instances: Iterable[Instance], left: dict[str, str]) -> list[Instance]:
    """The instances by id, without those whose buggy files are those of one before."""
    first: dict[bytes, str] = {}
    rows = []
    for row in sorted(instances, key=lambda i: i.instance_id):
        digest = hashlib.sha256()
        for file in sorted(row.buggy_code, key=lambda f: f.path):
            for text in (file.path.encode(errors="surrogatepass"), file.text.encode(errors="surrogatepass")):
                digest.update(b"%d:" % len(text))
                digest.update(text)
        same = first.setdefault(digest.digest(), row.instance_id)
        if same == row.instance_id:
            rows.append(row)
        else:
            left[row.instance_id] = f"the same program as {same}"
    return rows


def _scarce_first(rows: Iterable[Instance], wanted: list[Share], rng: random.Random) -> list[Instance]:
    """The rows of the band, those of the cells that bind first, each cell spread."""
    cells: defaultdict[Cell, list[Instance]] = defaultdict(list)
    for row in rows:
        if row.subset != "subtle":
            cells[row.complexity, row.category].append(row)

    def plenty(cell: Cell) -> tuple[float, Cell]:
        target = 1.0
        for share in wanted:
            if cell in share.cells:
                target *= max(share.target, 1e-6)
        return len(cells[cell]) / target, cell

    return [row for cell in sorted(cells, key=plenty) for row in spread(cells[cell], rng)]


def _capped(rows: Iterable[Instance], most: int, left: dict[str, str]) -> list[Instance]:
    """The rows, in their order, without those that change a function that `most` others change already."""
    seen: Counter[tuple[str, str]] = Counter()
    kept = []
    for row in rows:
        places = [(row.repo_id, function) for function in row.functions]
        full = next((function for repo, function in places if seen[repo, function] >= most), None)
        if full is not None:
            left[row.instance_id] = f"{most} instances change {full} already"
            continue
        seen.update(places)
        kept.append(row)
    return kept


def _balanced(
    band: list[Instance], wanted: list[Share], settings: PublishSettings, left: dict[str, str]
) -> tuple[list[Instance], tuple[str, ...]]:
    """The rows within the targets, and what bound them."""
    if len(band) < settings.shares_from:
        return band, _missed(_count(band), wanted)
    there = _count(band)
    take = largest(there, wanted)
    if sum(take.values()) < settings.shares_from:
        take = nearest(there, wanted, settings.shares_from - 1)
    room = dict(take)
    main = []
    for row in band:  # spread within each cell, so that what is taken of a cell is spread as well
        cell = (row.complexity, row.category)
        if room[cell] > 0:
            room[cell] -= 1
            main.append(row)
        else:
            left[row.instance_id] = f"enough of {cell[0]} {cell[1]} for the balance"
    return main, _missed(take, wanted) + _bound(there, take, wanted)


def _count(rows: Iterable[Instance]) -> Counts:
    return dict(Counter((row.complexity, row.category) for row in rows))


def _missed(take: Counts, wanted: list[Share]) -> tuple[str, ...]:
    """A line for each share outside its tolerance."""
    total = sum(take.values())
    lines = []
    for share in wanted if total else ():
        n = sum(count for cell, count in take.items() if cell in share.cells)
        if not share.low - 1e-9 <= n / total <= share.high + 1e-9:
            allowed = f"{share.low:.0%} to {share.high:.0%} wanted"
            lines.append(f"{share.name}: {n} of {total} is {n / total:.1%}; {allowed}")
    return tuple(lines)


def _bound(there: Counts, take: Counts, wanted: list[Share]) -> tuple[str, ...]:
    """A line for each cell that gave all it had to a share below its target: what to draw more of."""
    total = sum(take.values())
    if total == sum(there.values()):
        return ()
    short: set[Cell] = set()
    for share in wanted:
        if sum(take.get(cell, 0) for cell in share.cells) < share.target * total:
            short |= {cell for cell in share.cells if take.get(cell, 0) == there.get(cell, 0)}
    return tuple(f"short of {c[0]} {c[1]}: all {there.get(c, 0)} were taken" for c in sorted(short))
