"""The choice of a version's rows: duplicates out, then the largest subset within targets and caps."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from smith_lib.curate.balance import Pick, balanced, capped, first
from smith_lib.curate.bounds import Bound, Shortfall
from smith_lib.curate.duplicates import without_near, without_twins
from smith_lib.curate.left import WHY, Left
from smith_lib.curate.order import spread
from smith_lib.curate.quality import Parts, score, with_distance
from smith_lib.curate.shares import Cell, Share, shares
from smith_lib.curate.splits import SPLITS, TRAIN, project, splits
from smith_lib.curate.traits import Described, Trait, trait
from smith_lib.package.issue import PLAIN
from smith_lib.settings import PublishSettings
from smith_lib.types import Instance, Tag


@dataclass(frozen=True, slots=True)
class Choice:
    """A version's rows, and what was left out of it. Rows are instances, or traits of them."""

    main: tuple[Any, ...]
    """In the band, sorted by id."""
    subtle: tuple[Any, ...]
    """Below the band, sorted by id."""
    left_out: tuple[tuple[str, str], ...]
    """Instance id and reason, sorted by id."""
    notes: tuple[str, ...] = ()
    """What bound the choice: the targets that were missed and the cells that were short, one line each."""
    bounds: tuple[Bound, ...] = ()
    """Each target and each cap that was reached, with what the pool had and what was taken."""
    shortfalls: tuple[Shortfall, ...] = ()
    """Cells of which the pool has fewer than a pool of its size should have."""
    bound: bool = False
    """Whether there were so many rows that the targets bind (`shares_from`)."""
    dropped: Mapping[str, int] = field(default_factory=dict)
    """How many were left out, by kind of reason."""
    parts: Mapping[str, Parts] = field(default_factory=dict)
    """What was measured of the quality of each chosen row, by instance id."""
    splits: Mapping[str, str] = field(default_factory=dict)
    """The split of each project; those that are not named are in `train`."""
    likeness: Mapping[str, float] = field(default_factory=dict)
    """Of each chosen row the likeness to its nearest neighbour, where it is half as alike at least."""

    @property
    def why(self) -> tuple[tuple[str, int], ...]:
        """How many were left out for each kind of reason, in words."""
        return tuple((WHY[kind], n) for kind, n in self.dropped.items())

    def split_of(self, row: Described) -> str:
        """The split that the row is in."""
        return self.splits.get(project(row.repo), TRAIN)

    def files(self) -> Iterator[tuple[str, list[Any]]]:
        """The rows by the name of their files: a split of the band, `subtle`, or `subtle_` and a split."""
        for subset, rows in (("", self.main), ("subtle", self.subtle)):
            for split in SPLITS:
                if part := [row for row in rows if self.split_of(row) == split]:
                    name = split if not subset else subset if split == TRAIN else f"{subset}_{split}"
                    yield name, part


def choose(
    instances: Sequence[Instance] | Sequence[Trait],
    settings: PublishSettings,
    seed: int,
    *,
    budget: int | None = None,
    base: Iterable[str] = (),
    before: Mapping[str, str] | None = None,
) -> Choice:
    """The largest choice within the settings' targets; the same for the same rows in any order.

    One whose issue text tells nothing is left out. Of instances with the same buggy code the one with the
    smallest id stays, of near-duplicates the better one. From `shares_from` instances in the band on, an
    integer program keeps the largest number of them whose shares of complexities, categories and several
    files are within tolerance, and that have no more of a repository, file, function and operator than the
    caps allow. Where that is fewer than `shares_from`, the shares could not block: then one less than
    `shares_from` are kept, as near to the targets as they come. The notes say what was short.

    With a `budget` it is at most so many of the band, the most varied ones first; those with an id in `base`
    are left out and stand for what is there already. `before` has the splits of projects so far.

    Raises `InputError` where the targets contradict each other.
    """
    wanted = shares(settings)
    left = Left()
    there = [(row, row if isinstance(row, Trait) else trait(row)) for row in instances]
    back = {id(one): row for row, one in there}
    known = {one.instance_id: score(one.parts) for _, one in there}
    rows = without_twins([one for _, one in there if _tells(one, left)], left)
    rows, near = without_near(rows, known, settings.alike, left)
    measured = {r.instance_id: with_distance(r.parts, near.get(r.instance_id, 0.0)) for r in rows}
    scores = {name: score(parts) for name, parts in measured.items()}
    rng = random.Random(f"choose {seed}")
    subtle = capped(spread((i for i in rows if i.subset == "subtle"), rng, scores), settings, left)
    old = set(base)
    band = [r for r in _scarce_first(rows, wanted, rng, scores) if r.instance_id not in old]
    pick: Pick = first
    if budget is not None:
        from smith_lib.curate.varied import Varied

        pick = Varied([r for r in rows if r.instance_id in old], band, scores, f"budget {seed}").pick
        subtle = []
    main, notes, told, short = balanced(band, wanted, settings, left, budget, pick)
    chosen = sorted((*main, *subtle), key=lambda i: i.instance_id)
    if len(alone := {project(i.repo) for i in chosen}) == 1:
        notes += (f"one project only, {alone.pop()}: nothing can be held out of it, nor its share capped",)
    return Choice(
        main=tuple(back[id(i)] for i in chosen if i.subset != "subtle"),
        subtle=tuple(back[id(i)] for i in chosen if i.subset == "subtle"),
        left_out=tuple(sorted(left.reasons.items())),
        notes=notes,
        bounds=told,
        shortfalls=short,
        bound=len(band) >= settings.shares_from,
        dropped=dict(sorted(left.kinds.items())),
        parts={i.instance_id: measured[i.instance_id] for i in chosen},
        splits=splits((i.repo for i in chosen), settings, before),
        likeness={i.instance_id: near[i.instance_id] for i in chosen if i.instance_id in near},
    )


def _tells(row: Trait, left: Left) -> bool:
    """Whether its issue text tells something to go by, of all that is to be mended, and its tests see all."""
    if row.problem_statement_source == PLAIN:
        left.out(row, "silent", WHY["silent"])
    elif Tag.PARTLY_TOLD in row.tags:
        left.out(row, "partly told", WHY["partly told"])
    elif Tag.PARTLY_TESTED in row.tags:
        left.out(row, "partly tested", WHY["partly tested"])
    else:
        return True
    return False




def _scarce_first(
    rows: Iterable[Trait], wanted: list[Share], rng: random.Random, scores: Mapping[str, float]
) -> list[Trait]:
    """The rows of the band, those of the cells that bind first, each cell spread."""
    cells: defaultdict[tuple[Cell, bool], list[Trait]] = defaultdict(list)
    for row in rows:
        if row.subset != "subtle":
            cells[(row.complexity, row.category), row.files_changed == 1].append(row)

    def plenty(place: tuple[Cell, bool]) -> tuple[bool, float, Cell]:
        target = 1.0
        for share in wanted:
            if share.holds(place[0]):
                target *= max(share.target, 1e-6)
        return place[1], len(cells[place]) / target, place[0]

    return [row for place in sorted(cells, key=plenty) for row in spread(cells[place], rng, scores)]

