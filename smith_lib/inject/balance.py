"""Which drafts become candidates: towards the shares that a published dataset wants."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from random import Random

from smith_lib.inject.aims import Aim, likings, usual
from smith_lib.inject.draw import Draft
from smith_lib.inject.reach import Reach
from smith_lib.inject.short_of import weighed
from smith_lib.inject.yields import Weights, Yields
from smith_lib.settings import InjectSettings
from smith_lib.types import Category, Complexity, Strategy

COMBINED = 0.30
"""Largest share of combinations, those over several files included, where there are single bugs too."""
MOST_OF_ONE = 0.05
"""Largest share of one operator, kinds of combinations among them, where there are others."""

Cell = tuple[Complexity, Category]


@dataclass(slots=True)
class Bound:
    """At most so many drafts of a kind."""

    holds: Callable[[Draft], bool]
    """Whether a draft is of that kind."""
    most: int
    taken: int = 0


def _shortest(
    shares: Mapping[Cell, float], taken: Counter[Cell], total: int, open_cells: Sequence[Cell]
) -> Cell:
    """The cell that lacks most: complexity first, then category."""
    sizes: Counter[Complexity] = Counter()
    kinds: Counter[Category] = Counter()
    for (size, kind), n in taken.items():
        sizes[size] += n
        kinds[kind] += n
    want_size: Counter[Complexity] = Counter()
    want_kind: Counter[Category] = Counter()
    for (size, kind), share in shares.items():
        want_size[size] += share  # type: ignore[assignment]
        want_kind[kind] += share  # type: ignore[assignment]

    def lack(cell: Cell) -> float:
        size, kind = cell
        return 2 * (want_size[size] * (total + 1) - sizes[size]) / (want_size[size] + 0.1) + (
            want_kind[kind] * (total + 1) - kinds[kind]
        ) / (want_kind[kind] + 0.1)

    return max(open_cells, key=lack)


class Chooser:
    """Takes drafts one by one, each time from what is lacking most."""

    def __init__(
        self,
        limit: int,
        aim: Aim,
        max_per_function: int,
        weights: Weights,
        reach: Reach | None = None,
        short: Mapping[str, float] | None = None,
    ) -> None:
        """Aim at `limit` drafts, by the shares of the aim, so much of each operator and place."""
        self.limit = limit
        self.reach = reach
        self.places: dict[int, float] = {}
        self.weights = weights
        self.starts: dict[str, float] = {}
        self.likings: dict[str, float] = {}
        shares = {
            (size, kind): part * share
            for size, part in aim.sizes.items()
            for kind, share in aim.categories.items()
        }
        self.shares = weighed(shares, short or {})
        self.max_per_function = max_per_function
        self.functions: Counter[str] = Counter()
        self.files: Counter[str] = Counter()
        self.operators: Counter[str] = Counter()
        self.taken: Counter[Cell] = Counter()
        self.chosen: list[Draft] = []
        self.most_of_one = limit
        self.bounds: list[Bound] = []

    def bound(self, holds: Callable[[Draft], bool], share: float) -> Bound:
        """From now on at most that share of the limit, what is taken already included."""
        bound = Bound(holds, max(1, round(share * self.limit)), sum(map(holds, self.chosen)))
        self.bounds.append(bound)
        return bound

    def _fits(self, draft: Draft) -> bool:
        if self.operators[draft.operator] >= self._most(draft.operator):
            return False
        if any(bound.taken >= bound.most and bound.holds(draft) for bound in self.bounds):
            return False
        return all(self.functions[name] < self.max_per_function for name in draft.functions)

    def _most(self, operator: str) -> int:
        """How many drafts of one operator are taken: fewer where they rarely were valid, never none."""
        if self.most_of_one >= self.limit:
            return self.limit
        return max(1, round(self.most_of_one * self.weights.of(operator)))

    def _take(self, draft: Draft) -> None:
        self.chosen.append(draft)
        for bound in self.bounds:
            bound.taken += bound.holds(draft)
        self.taken[draft.complexity, draft.category] += 1
        self.operators[draft.operator] += 1
        self.functions.update(draft.functions)
        self.files.update(draft.files)

    def _crowding(self, draft: Draft) -> tuple[float, int]:
        """How many bugs its function has, weighed by how many tests come by; then its file."""
        weight = self.places.get(id(draft), 1.0)
        most = max(self.functions[name] for name in draft.functions)
        return (most + 1) / weight, max(self.files[path] for path in draft.files)

    def _turn(self, operator: str) -> tuple[float, str]:
        """When an operator's next draft is due: the more were taken, and the less it gives, the later."""
        weight = self.weights.of(operator) * self.likings.get(operator, 1.0)
        return (self.operators[operator] + self.starts[operator]) / weight, operator

    def take(self, drafts: Sequence[Draft], upto: int, random: Random) -> None:
        """Take from the drafts until `upto` are chosen in all or none fits."""
        cells: dict[Cell, dict[str, list[Draft]]] = defaultdict(dict)
        for draft in random.sample(drafts, len(drafts)):
            cells[draft.complexity, draft.category].setdefault(draft.operator, []).append(draft)
        if self.reach is not None:
            self.places |= {id(draft): self.reach.weight(draft) for draft in drafts}
        for name in sorted({draft.operator for draft in drafts}):
            self.starts.setdefault(name, random.random())
        while cells and len(self.chosen) < min(upto, self.limit):
            cell = _shortest(self.shares, self.taken, len(self.chosen), list(cells))
            operators = cells[cell]
            name = min(operators, key=self._turn)
            pool = operators[name] = [draft for draft in operators[name] if self._fits(draft)]
            if pool:
                draft = min(pool, key=self._crowding)
                pool.remove(draft)
                self._take(draft)
            if not pool:
                del operators[name]
                if not operators:
                    del cells[cell]


def choose(
    singles: Sequence[Draft],
    combined: Sequence[Draft],
    settings: InjectSettings,
    random: Random,
    written: Sequence[Draft] = (),
    mirrored: Sequence[Draft] = (),
    common: Set[str] = frozenset(),
    yields: Yields | None = None,
    reach: Reach | None = None,
    aim: Aim | None = None,
    short: Mapping[str, float] | None = None,
) -> list[Draft]:
    """Up to `settings.limit` of the drafts: written by a model, undone fixes, of several files, the rest.

    An operator is drawn in proportion to its yield in `yields` (see `Weights`), all alike without; a place by
    the share of tests that come by (see `Reach`). Of drafts that are rare `settings.rare_share` of the limit
    is taken, and of those in `common` functions, which most tests execute, `settings.common_share`; more only
    where nothing else is left, the rare ones first. `short` weighs the cells that are wanted more
    (`smith_lib.inject.short_of`).
    """
    aim = aim or usual(settings)
    chooser = Chooser(settings.limit, aim, settings.max_per_function, Weights(yields or {}), reach, short)
    chooser.likings = likings([*singles, *combined], aim)
    chooser.take(written, len(written), random)
    part = settings.mirror_share if singles or combined else 1.0
    chooser.take(mirrored, len(chooser.chosen) + max(1, round(part * settings.limit)), random)
    chooser.most_of_one = max(3, round(MOST_OF_ONE * settings.limit))
    few = chooser.bound(reach.is_rare if reach is not None else lambda draft: False, settings.rare_share)
    many = chooser.bound(lambda draft: not common.isdisjoint(draft.functions), settings.common_share)
    wide = [draft for draft in combined if len(draft.files) > 1]
    narrow = [draft for draft in combined if len(draft.files) == 1]
    several = min(1.0, aim.several_files * (short or {}).get("multi_file", 1.0))
    share = several if singles or narrow else 1
    chooser.take(wide, len(chooser.chosen) + max(1, round(share * settings.limit)), random)
    if singles:
        chooser.bound(lambda draft: draft.strategy is Strategy.COMBINE, COMBINED)
    left = [*singles, *narrow]
    for lifted in (None, few, many, chooser):
        if isinstance(lifted, Bound):
            lifted.most = settings.limit
        elif lifted is not None:
            lifted.most_of_one = settings.limit
        chooser.take(left, settings.limit, random)
        taken = set(map(id, chooser.chosen))
        left = [draft for draft in left if id(draft) not in taken]
    return chooser.chosen
