"""The figures of a report, worked out from a version's columns and from how it was made."""

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from smith_lib.report.held import Held
from smith_lib.report.intervals import Share, wilson
from smith_lib.report.made import Made, by_repo, families
from smith_lib.settings import PublishSettings
from smith_lib.types import UNJUDGED, Category, Complexity, Outcome

MOST_REPOS = 2_000
"""Rows of the repository table."""
FAILING_BINS = ((1, 1), (2, 2), (3, 4), (5, 8), (9, 16), (17, 32), (33, 64), (65, 128), (129, 0))
LINES_BINS = (
    (1, 1), (2, 2), (3, 3), (4, 5), (6, 7), (8, 10), (11, 15), (16, 25), (26, 50), (51, 100), (101, 0),
)  # fmt: skip
SCORE_BINS = ((0.0, 0.5), (0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 1.0))
"""Quality scores: from, and below (the last: up to)."""
RATIO_BINS = ((0.0, 0.01), (0.01, 0.02), (0.02, 0.05), (0.05, 0.1), (0.1, 0.25), (0.25, 0.5), (0.5, 0.9))
"""Failing shares: from, and below (the last: up to)."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the funnel."""

    name: str
    count: int
    of_last: float | None
    """The share of the step before; None of the first."""


@dataclass(frozen=True, slots=True)
class Target:
    """A share of the band's rows beside what was wanted."""

    name: str
    share: Share
    target: float | None
    tolerance: float

    @property
    def points(self) -> float | None:
        """How far it is from the target, in percentage points."""
        return None if self.target is None else 100 * (self.share.value - self.target)


def funnel(metrics: Mapping[str, Any]) -> tuple[list[Step], list[Step]]:
    """The steps of repositories and those of bugs; empty where the figures are not there."""
    stats, told = _part(metrics, "generation_stats"), _part(metrics, "funnel")
    if not stats or not told:
        return [], []
    repos = [("looked at", stats.get("repos_processed", 0)), ("kept", stats.get("repos_kept", 0))]
    outcomes = _part(told, "outcomes")
    made = stats.get("bugs_attempted", 0)
    unjudged = told.get("unjudged", 0) + sum(
        outcomes.get(name, 0) for name in UNJUDGED - {Outcome.PART_NOT_VALID}
    )
    kept = outcomes.get(Outcome.VALID, 0) + outcomes.get(Outcome.SUBTLE, 0)
    noticed = made - unjudged - outcomes.get(Outcome.NO_FAILURE, 0)
    published = told.get("published", 0)
    bugs = [
        ("made", made), ("run by tests", made - unjudged), ("noticed by tests", noticed),
        ("valid or subtle", kept), ("written up", published + told.get("left_out", 0)),
        ("published", published),
    ]  # fmt: skip
    return _steps(repos), _steps(bugs)


def _steps(counts: Sequence[tuple[str, int]]) -> list[Step]:
    steps: list[Step] = []
    for name, count in counts:
        before = steps[-1].count if steps else 0
        steps.append(Step(name, count, count / before if before else None))
    return steps


def outcomes(metrics: Mapping[str, Any]) -> list[tuple[str, int]]:
    """How many candidates came to each outcome, most frequent first."""
    told = _part(_part(metrics, "funnel"), "outcomes")
    return sorted(((str(k), int(n)) for k, n in told.items() if n), key=lambda one: -one[1])


def yields(made: Made, metrics: Mapping[str, Any]) -> tuple[list[tuple[str, Share]], list[tuple[str, Share]]]:
    """The yield of each family and of each operator, best first: valid or subtle of those judged.

    Without the shards the operators' are those that `metrics.json` tells, of valid ones alone.
    """
    if not made.operators:
        told = _part(metrics, "yields")
        some = [(name, wilson(one["valid"], one["judged"])) for name, one in told.items() if one["judged"]]
        return [], _best_first(some)
    summed = [(name, wilson(one.kept, one.judged)) for name, one in families(made.operators).items()]
    each: dict[str, list[int]] = {}
    for (_, operator), one in made.operators.items():
        entry = each.setdefault(operator, [0, 0])
        entry[0], entry[1] = entry[0] + one.kept, entry[1] + one.judged
    single = [(name, wilson(kept, judged)) for name, (kept, judged) in each.items() if judged]
    return _best_first([one for one in summed if one[1].of]), _best_first(single)


def _best_first(some: list[tuple[str, Share]]) -> list[tuple[str, Share]]:
    return sorted(some, key=lambda one: (-one[1].value, -one[1].of, one[0]))


def targets(held: Held, wanted: PublishSettings) -> dict[str, list[Target]]:
    """The band's shares beside their targets: complexity, category, and files where those have one."""
    sizes = {"simple": wanted.simple, "medium": wanted.medium, "complex": wanted.complex}
    found = {
        "complexity": _against(held.of("complexity", "main"), list(Complexity), sizes, wanted.tolerance),
        "category": _against(
            held.of("category", "main"), list(Category), wanted.categories, wanted.category_tolerance
        ),
    }
    if (share := getattr(wanted, "multi_file", None)) is not None:
        several = ["several files" if n > 1 else "one file" for n in held.of("files_changed", "main")]
        shares = {"one file": 1 - share, "several files": share}
        found["files"] = _against(several, list(shares), shares, getattr(wanted, "multi_file_tolerance", 0.0))
    return found


def _against(
    values: Sequence[str], names: Sequence[str], wanted: Mapping[str, float], tolerance: float
) -> list[Target]:
    counts = Counter(values)
    return [Target(str(n), wilson(counts[n], len(values)), wanted.get(n), tolerance) for n in names]


def splits(held: Held) -> list[dict[str, Any]]:
    """A row for each split: tasks, subtle ones, repositories."""
    rows = []
    for name in ("train", "validation", "test"):
        at = [i for i, split in enumerate(held.columns["split"]) if split == name]
        main = sum(held.columns["subset"][i] == "main" for i in at)
        repos = len({held.columns["repo"][i] for i in at})
        rows.append({"name": name, "tasks": main, "subtle": len(at) - main, "repos": repos})
    return [row for row in rows if row["repos"]]


def mix(held: Held, name: str, subset: str = "") -> list[tuple[str, Share]]:
    """The values of a column with their shares, most frequent first."""
    values = held.of(name, subset)
    counts = Counter(map(str, values))
    return [(k, wilson(n, len(values))) for k, n in sorted(counts.items(), key=lambda c: (-c[1], c[0]))]


def histogram(values: Sequence[int], bins: Sequence[tuple[int, int]]) -> list[tuple[str, int]]:
    """How many values are in each bin; a bin that ends at 0 has no end."""
    names = [f"{a}" if a == b else f"{a}–{b}" if b else f"{a}+" for a, b in bins]
    counts = Counter(values)
    return [
        (name, sum(n for value, n in counts.items() if a <= value and (not b or value <= b)))
        for name, (a, b) in zip(names, bins, strict=True)
    ]


def ratios(
    values: Sequence[float], bins: Sequence[tuple[float, float]] = RATIO_BINS
) -> list[tuple[str, int]]:
    """How many values of 0 to 1 are in each bin, in percent, the last one's end included."""
    last = bins[-1]
    return [
        (
            f"<{100 * high:g}" if not low else f"{100 * low:g}–{100 * high:g}",
            sum(low <= v < high or ((low, high) == last and v >= high) for v in values),
        )
        for low, high in bins
    ]


def repositories(held: Held, made: Made) -> tuple[list[dict[str, Any]], int]:
    """A row for each repository that has tasks, most tasks first, and how many were left out."""
    names = dict(zip(held.columns["repo_id"], held.columns["repo"], strict=True))
    licences = dict(zip(held.columns["repo_id"], held.columns["license"], strict=True))
    failing: dict[str, list[int]] = {}
    for repo_id, count in zip(held.columns["repo_id"], held.columns["failing"], strict=True):
        failing.setdefault(repo_id, []).append(count)
    rows = []
    for repo_id, counts in by_repo(held.columns).items():
        told = made.repos.get(repo_id)
        rows.append({
            "repo": names[repo_id], "repo_id": repo_id, "license": licences[repo_id],
            "tasks": counts["main"], "subtle": counts["subtle"], "share": counts.total() / len(held),
            "failing": statistics.median(failing[repo_id]),
            "loc": told.loc if told else None, "tests": told.tests if told else None,
            "candidates": told.candidates if told else None,
            "yield": told.kept / told.judged if told and told.judged else None,
            "seconds": told.seconds if told else None,
        })  # fmt: skip
    rows.sort(key=lambda row: (-row["tasks"] - row["subtle"], row["repo"]))
    return rows[:MOST_REPOS], max(0, len(rows) - MOST_REPOS)


@dataclass(frozen=True, slots=True)
class Change:
    """A figure now and in the version before."""

    name: str
    before: float
    now: float
    kind: str
    """`count`, `share` or `number`."""


def changes(before: Held, now: Held) -> list[Change]:
    """How the version differs from the one before."""

    def both(name: str, kind: str, figure: Any) -> Change:
        return Change(name, figure(before), figure(now), kind)

    rows = [
        both("tasks", "count", lambda h: len(h.of("subset", "main"))),
        both("subtle tasks", "count", lambda h: len(h.of("subset", "subtle"))),
        both("repositories", "count", lambda h: len(set(h.of("repo")))),
        both("operators", "count", lambda h: len(set(h.of("operator")))),
        both("failing tests of a task, median", "number", lambda h: statistics.median(h.of("failing"))),
        both("lines of a fix, median", "number", lambda h: statistics.median(h.of("fix_lines"))),
        both("quality, mean", "number", lambda h: statistics.fmean(h.of("quality"))),
        both("several files", "share", lambda h: _mean([n > 1 for n in h.of("files_changed", "main")])),
    ]
    for field, names in (("complexity", Complexity), ("category", Category)):
        for name in names:
            some = both(
                str(name), "share", lambda h, f=field, n=name: _mean([v == n for v in h.of(f, "main")])
            )
            rows.append(some)
    for name in sorted({*before.of("strategy"), *now.of("strategy")}):
        rows.append(
            both(f"family {name}", "share", lambda h, n=name: _mean([v == n for v in h.of("strategy")]))
        )
    return rows


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def moved(before: Held, now: Held) -> dict[str, Any]:
    """How many tasks stayed, came and went, and which repositories came and went."""
    old, new = set(before.of("instance_id")), set(now.of("instance_id"))
    was, has = set(before.of("repo")), set(now.of("repo"))
    return {
        "kept": len(old & new), "came": len(new - old), "went": len(old - new),
        "repos_came": sorted(has - was), "repos_went": sorted(was - has),
    }  # fmt: skip


def _part(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = of.get(name)
    return part if isinstance(part, Mapping) else {}
