"""The largest subset within targets and caps: caps join the integer program where a choice breaks them."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from smith_lib.curate.bounds import BLATANT, Bound, Shortfall, bounds, groups, shortfalls
from smith_lib.curate.left import WHY, Left
from smith_lib.curate.shares import Cap, Cell, Counts, Kind, Share, Taken, largest, multi_file, nearest
from smith_lib.curate.traits import Trait
from smith_lib.settings import PublishSettings

OVERFULL = 2_000
"""Where more functions and files than this are above their caps, these are kept row by row first."""
ROUNDS = 60
"""So often are caps added to the program that the last choice broke; then rows above them go one by one."""

Pick = Callable[[Sequence[Trait], Mapping[str, Kind], dict[Kind, int]], list[Trait]]
"""The rows to take: of each kind as many as there is room for."""


def capped(rows: Iterable[Trait], settings: PublishSettings, left: Left) -> list[Trait]:
    """The rows, in their order, without those that change a place that as many as may change already."""
    seen: Counter[str] = Counter()
    kept = []
    for row in rows:
        places = _places(row, settings)
        full = next(((most, told) for name, most, told in places if seen[name] >= most), None)
        if full is not None:
            left.out(row, "place", f"{full[0]} instances change {full[1]} already")
            continue
        seen.update(name for name, *_ in places)
        kept.append(row)
    return kept


def first(rows: Sequence[Trait], kinds: Mapping[str, Kind], room: dict[Kind, int]) -> list[Trait]:
    """Of each kind as many as there is room for, in the order of the rows."""
    taken = []
    for row in rows:
        kind = kinds[row.instance_id]
        if room.get(kind, 0) > 0:
            room[kind] -= 1
            taken.append(row)
    return taken


def balanced(
    band: list[Trait],
    wanted: list[Share],
    settings: PublishSettings,
    left: Left,
    most: int | None,
    pick: Pick,
) -> tuple[list[Trait], tuple[str, ...], tuple[Bound, ...], tuple[Shortfall, ...]]:
    """The rows within targets and caps, notes on what bound them, and that as tables."""
    several = multi_file(settings)
    there = _count(band)
    everything = [*wanted, several]
    if len(band) < settings.shares_from and (most is None or most >= len(band)):
        band = capped(band, settings, left)
        told = _missed(_count(band), everything)
        return band, told, bounds(band, band, everything, {}), shortfalls(there, everything, met=not told)
    tally = Counter(name for row in band for name, *_ in _places(row, settings))
    limits = {
        name: Cap(told, limit)
        for row in band
        for name, limit, told in _places(row, settings)
        if tally[name] > limit
    }
    if len(limits) > OVERFULL:
        band, limits = capped(band, settings, left), {}
    for what, group, share in (
        ("repository", Counter(row.repo for row in band), settings.max_repo_share),
        ("operator", Counter(row.operator for row in band), settings.max_operator_share),
    ):
        share = max(share, min(1.0, 2 / max(1, len(group))))
        limits |= {f"{what} {name}": Cap(f"{what} {name}", None, share) for name in group if share < 1}
    limits[BLATANT] = Cap(BLATANT, None, settings.max_blatant_share)
    binding: dict[str, Cap] = {}
    for turn in range(ROUNDS):
        kinds = {row.instance_id: _kind(row, binding, settings) for row in band}
        available = Counter(kinds[row.instance_id] for row in band)
        take, relaxed = _solved(available, wanted, several, settings, binding, most)
        main = pick(band, kinds, dict(take))
        over = _broken(main, limits, settings)
        if not over:
            break
        if turn == ROUNDS - 1:
            main = _dropped(main, limits, settings)
        binding |= {name: limits[name] for name in over}
    names = {row.instance_id for row in main}
    counts = Counter(name for row in main for name in groups(row) if name in binding)
    for row in band:
        if row.instance_id not in names:
            full = [n for n in groups(row) if n in binding and counts[n] >= binding[n].room(len(main))]
            if full and (limit := binding[full[0]]).most is not None:
                left.out(row, "place", f"{limit.most} instances change {limit.name} already")
            elif full:
                kind = "blatant" if full[0] == BLATANT else "repository or operator"
                left.out(row, kind, f"enough of {limit.name}")
            elif most is not None and len(main) >= most:
                left.out(row, "budget", WHY["budget"])
            else:
                left.out(row, "balance", f"enough of {row.complexity} {row.category} for the balance")
    had, got = there, _count(main)
    notes = _missed(got, everything) + _bound(had, got, wanted)
    if relaxed:
        notes += (relaxed,)
    short = shortfalls(had, everything, met=len(main) == len(band) and not notes)
    return main, notes, bounds(band, main, everything, binding), short


def _solved(
    available: Mapping[Kind, int],
    wanted: list[Share],
    several: Share,
    settings: PublishSettings,
    binding: Mapping[str, Cap],
    most: int | None,
) -> tuple[Taken, str]:
    """How many of each kind to take, and what gave way."""
    if most is not None and most < settings.shares_from:
        return nearest(available, [*wanted, several], most, binding), ""
    take = largest(available, [*wanted, several], binding, most)
    total, relaxed = sum(take.values()), ""
    freer = replace(several, target=min(several.target, several.high / 2), tolerance=several.high)
    if several.low > 0:
        without = largest(available, [*wanted, freer], binding, most)
        if sum(without.values()) > 2 * total:
            take, total = without, sum(without.values())
            have = sum(n for kind, n in available.items() if several.holds(kind))
            relaxed = f"short of fixes of several files: {have} are there, and the target gave way"
    if total < settings.shares_from:
        size = min(settings.shares_from - 1, most or settings.shares_from)
        return nearest(available, [*wanted, several], size, binding), relaxed
    return take, relaxed


def _kind(row: Trait, binding: Mapping[str, Cap], settings: PublishSettings) -> Kind:
    caps = frozenset(name for name in groups(row) if name in binding) if binding else frozenset()
    return row.complexity, row.category, row.files_changed > 1, caps


def _broken(main: Sequence[Trait], limits: Mapping[str, Cap], settings: PublishSettings) -> list[str]:
    """The caps that a choice breaks."""
    counts = Counter(name for row in main for name in groups(row) if name in limits)
    return sorted(name for name, n in counts.items() if n > limits[name].room(len(main)))


def _dropped(main: Sequence[Trait], limits: Mapping[str, Cap], settings: PublishSettings) -> list[Trait]:
    """The rows, in their order, as long as they break no cap that is a number."""
    seen: Counter[str] = Counter()
    kept = []
    for row in main:
        names = [n for n in groups(row) if n in limits and limits[n].most is not None]
        if all(seen[name] < limits[name].room(0) for name in names):
            seen.update(names)
            kept.append(row)
    return kept


def _count(rows: Iterable[Trait]) -> Counter[tuple[Any, ...]]:
    return Counter((row.complexity, row.category, row.files_changed > 1) for row in rows)


def _missed(take: Mapping[Any, int], wanted: list[Share]) -> tuple[str, ...]:
    """A line for each share outside its tolerance."""
    total = sum(take.values())
    lines = []
    for share in wanted if total else ():
        n = sum(count for cell, count in take.items() if share.holds(cell))
        if not share.low - 1e-9 <= n / total <= share.high + 1e-9:
            allowed = f"{share.low:.0%} to {share.high:.0%} wanted"
            lines.append(f"{share.name}: {n} of {total} is {n / total:.1%}; {allowed}")
    return tuple(lines)


def _bound(there: Mapping[Any, int], take: Mapping[Any, int], wanted: list[Share]) -> tuple[str, ...]:
    """A line for each cell that gave all it had to a share below its target: what to draw more of."""
    total = sum(take.values())
    if total == sum(there.values()):
        return ()
    had, got = _cells(there), _cells(take)
    short: set[Cell] = set()
    for share in wanted:
        if sum(got.get(cell, 0) for cell in share.cells) < share.target * total:
            short |= {cell for cell in share.cells if got.get(cell, 0) == had.get(cell, 0)}
    return tuple(f"short of {c[0]} {c[1]}: all {had.get(c, 0)} were taken" for c in sorted(short))


def _cells(counts: Mapping[Any, int]) -> Counts:
    found: Counter[Cell] = Counter()
    for kind, n in counts.items():
        found[kind[:2]] += n
    return dict(found)


def _places(row: Trait, settings: PublishSettings) -> list[tuple[str, int, str]]:
    """The functions and files that it changes: a name, the most of it, and how it is told."""
    files = dict.fromkeys(function.partition("::")[0] for function in row.functions)
    return [
        *((f"function {row.repo_id} {f}", settings.max_per_function, f) for f in row.functions),
        *((f"file {row.repo_id} {f}", settings.max_per_file, f) for f in files),
    ]
