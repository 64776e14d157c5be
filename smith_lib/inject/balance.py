"""Which drafts become candidates: towards the shares that a published dataset wants."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from random import Random

from smith_lib.inject.aims import Aim, likings, usual
from smith_lib.inject.draw import Draft
from smith_lib.inject.reach import Reach
from smith_lib.inject.short_of import weighed
from smith_lib.inject.yields import Weights
from smith_lib.settings import InjectSettings
from smith_lib.types import Category, Complexity

COMBINED = 0.25
"""Share kept for combinations, those over several files included, where there are single bugs too."""
SOUND, VALID = 0.7, 0.57
"""How likely a bug is valid or subtle, and how likely it is valid: combinations of the former are judged, and
nearly all of them are valid."""
WIDE = 0.25
"""Share of those over several files where there are combinations alone."""
FEWEST_PARTS = 8
"""So many bugs are drawn at least where there are to be combinations alone."""
MOST_OF_ONE = 0.05
"""Largest share of one operator, kinds of combinations among them, where there are others."""

EVEN = Weights({})

Cell = tuple[Complexity, Category]


@dataclass(slots=True)
class Bound:
    """At most so many drafts of a kind."""

    name: str
    """Why others are left out, in words."""
    holds: Callable[[Draft], bool]
    """Whether a draft is of that kind."""
    most: int
    taken: float = 0


def worth(parts: int) -> float:
    """How many single bugs a combination of so many parts stands for among valid ones; 1 without parts."""
    return float(min(1.0, SOUND**parts / VALID))


def _worth(draft: Draft) -> float:
    return worth(len(draft.combines))


def _shortest(
    shares: Mapping[Cell, float], taken: Mapping[Cell, float], total: float, open_cells: Sequence[Cell]
) -> Cell:
    """The cell that lacks most: complexity first, then category."""
    sizes: defaultdict[Complexity, float] = defaultdict(float)
    kinds: defaultdict[Category, float] = defaultdict(float)
    for (size, kind), n in taken.items():
        sizes[size] += n
        kinds[kind] += n
    want_size: defaultdict[Complexity, float] = defaultdict(float)
    want_kind: defaultdict[Category, float] = defaultdict(float)
    for (size, kind), share in shares.items():
        want_size[size] += share
        want_kind[kind] += share

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
        self.functions: dict[bool, defaultdict[str, float]] = {
            False: defaultdict(float), True: defaultdict(float)
        }  # fmt: skip
        """What single bugs, and combinations, count for in each."""
        self.files: Counter[str] = Counter()
        self.uses: Counter[int] = Counter()
        """How many combinations a draft is part of."""
        self.operators: defaultdict[str, float] = defaultdict(float)
        self.taken: defaultdict[Cell, float] = defaultdict(float)
        self.chosen: list[Draft] = []
        self.total = 0.0
        """What the chosen ones count for."""
        self.most_of_one = limit
        self.bounds: list[Bound] = []

    def bound(self, name: str, holds: Callable[[Draft], bool], share: float) -> Bound:
        """From now on at most that share of the limit, what is taken already included."""
        taken = sum(_worth(draft) for draft in self.chosen if holds(draft))
        bound = Bound(name, holds, max(1, round(share * self.limit)), taken)
        self.bounds.append(bound)
        return bound

    def left_out(self, draft: Draft) -> str:
        """Why a draft cannot be taken, in words; empty where it can."""
        if self.operators[draft.operator] >= self._most(draft.operator):
            return "enough of their operator"
        for bound in self.bounds:
            if bound.taken >= bound.most and bound.holds(draft):
                return bound.name
        functions = self.functions[bool(draft.combines)]
        if any(functions[name] + _worth(draft) > self.max_per_function for name in draft.functions):
            return "enough in their function"
        return ""

    def _most(self, operator: str) -> int:
        """How many drafts of one operator are taken: fewer where they rarely were valid, never none."""
        if self.most_of_one >= self.limit:
            return self.limit
        return max(1, round(self.most_of_one * self.weights.of(operator)))

    def _take(self, draft: Draft) -> None:
        counts = _worth(draft)
        self.chosen.append(draft)
        self.total += counts
        for bound in self.bounds:
            bound.taken += counts * bound.holds(draft)
        self.taken[draft.complexity, draft.category] += counts
        self.operators[draft.operator] += counts
        self.uses.update(map(id, draft.combines))
        for name in draft.functions:
            self.functions[bool(draft.combines)][name] += counts
        self.files.update(draft.files)

    def _crowding(self, draft: Draft) -> tuple[int, float, int]:
        """In how many combinations a part of it is; how many bugs its function has, weighed by how many tests
        come by; then its file."""
        parts = sum(self.uses[id(part)] for part in draft.combines)
        weight = self.places.get(id(draft), 1.0)
        functions = self.functions[bool(draft.combines)]
        most = max(functions[name] for name in draft.functions)
        return parts, (most + 1) / weight, max(self.files[path] for path in draft.files)

    def _turn(self, operator: str) -> tuple[float, str]:
        """When an operator's next draft is due: the more were taken, and the less it gives, the later."""
        weight = self.weights.of(operator) * self.likings.get(operator, 1.0)
        return (self.operators[operator] + self.starts[operator]) / weight, operator

    def take(self, drafts: Sequence[Draft], upto: float, random: Random) -> None:
        """Take from the drafts that are not chosen yet, until `upto` are in all or none fits."""
        cells: dict[Cell, dict[str, list[Draft]]] = defaultdict(dict)
        taken = set(map(id, self.chosen))
        for draft in random.sample(drafts, len(drafts)):
            if id(draft) in taken:
                continue
            cells[draft.complexity, draft.category].setdefault(draft.operator, []).append(draft)
        if self.reach is not None:
            self.places |= {id(draft): self.reach.weight(draft) for draft in drafts}
        for name in sorted({draft.operator for draft in drafts}):
            self.starts.setdefault(name, random.random())
        while cells and self.total < min(upto, self.limit):
            cell = _shortest(self.shares, self.taken, self.total, list(cells))
            operators = cells[cell]
            name = min(operators, key=self._turn)
            pool = operators[name] = [draft for draft in operators[name] if not self.left_out(draft)]
            if pool:
                draft = min(pool, key=self._crowding)
                pool.remove(draft)
                self._take(draft)
            if not pool:
                del operators[name]
                if not operators:
                    del cells[cell]


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen."""

    drafts: tuple[Draft, ...]
    """They are candidates."""
    parts: tuple[Draft, ...] = ()
    """They are candidates for what is combined of them alone."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """How many drafts are no candidates, by why."""


def choose(
    singles: Sequence[Draft],
    combined: Callable[[Sequence[Draft]], Sequence[Draft]] | None,
    settings: InjectSettings,
    random: Random,
    written: Sequence[Draft] = (),
    mirrored: Sequence[Draft] = (),
    common: Set[str] = frozenset(),
    weights: Weights = EVEN,
    reach: Reach | None = None,
    aim: Aim | None = None,
    short: Mapping[str, float] | None = None,
    material: Sequence[Draft] = (),
) -> Choice:
    """Up to `settings.limit` of the drafts: written by a model, undone fixes, single ones, combinations, of
    several files first, and single ones again where there are fewer combinations than there may be.

    `combined` makes combinations of what was chosen so far, and of as many of `material`. An operator is
    drawn by its weight, all alike without; a place by the share of tests that come by (see `Reach`). Of
    drafts that are rare `settings.rare_share` of the limit is taken, and of those in `common` functions,
    which most tests execute, `settings.common_share`; more only where nothing else is left, the rare ones
    first. `short` weighs the cells that are wanted more (`smith_lib.inject.short_of`). A combination counts
    for what it is worth.
    """
    aim = aim or usual(settings)
    chooser = Chooser(settings.limit, aim, settings.max_per_function, weights, reach, short)
    chooser.likings = likings(singles, aim)
    chooser.take(written, len(written), random)
    part = settings.mirror_share if singles or combined else 1.0
    chooser.take(mirrored, chooser.total + max(1, round(part * settings.limit)), random)
    chooser.most_of_one = max(3, round(MOST_OF_ONE * settings.limit))
    few = chooser.bound(
        "enough where few tests come by", reach.is_rare if reach is not None else lambda draft: False,
        settings.rare_share,
    )  # fmt: skip
    many = chooser.bound(
        "enough in functions that most tests execute", lambda draft: not common.isdisjoint(draft.functions),
        settings.common_share,
    )  # fmt: skip
    some = Chooser(max(FEWEST_PARTS, settings.limit), aim, settings.max_per_function, weights, reach, short)
    wide: Sequence[Draft] = ()
    narrow: Sequence[Draft] = ()
    if combined is not None:
        upto = settings.limit - round(COMBINED * settings.limit) if singles else 0
        chooser.take(singles, upto, random)
        some.take(material, some.limit, random)
        together = combined([*chooser.chosen, *some.chosen])
        wide = [draft for draft in together if len(draft.files) > 1]
        narrow = [draft for draft in together if len(draft.files) == 1]
        several = min(1.0, aim.several_files * (short or {}).get("multi_file", 1.0))
        share = several if singles else max(several, WIDE) if narrow else 1
        chooser.take(wide, chooser.total + max(1, round(share * settings.limit)), random)
        chooser.take(narrow, settings.limit, random)
    left = [*singles, *narrow]
    for lifted in (None, few, many, chooser):
        if isinstance(lifted, Bound):
            lifted.most = settings.limit
        elif lifted is not None:
            lifted.most_of_one = settings.limit
        chooser.take(left, settings.limit, random)
    used = {id(one) for draft in chooser.chosen for one in draft.combines}
    taken = {id(draft) for draft in chooser.chosen} | used
    rest = [d for d in (*singles, *written, *mirrored, *wide, *narrow) if id(d) not in taken]
    return Choice(
        tuple(chooser.chosen),
        tuple(draft for draft in some.chosen if id(draft) in used),
        Counter(chooser.left_out(draft) or "enough already" for draft in rest),
    )
