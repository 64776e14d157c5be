"""The page: figures, charts and samples put into the templates, in one HTML file that needs nothing else."""

import json
import statistics
from collections.abc import Sequence
from typing import Any

from smith_lib import __version__
from smith_lib.curate.left import WHY
from smith_lib.errors import StorageError
from smith_lib.pool.compare import Distance
from smith_lib.publish import changes
from smith_lib.publish.version import FOLDER
from smith_lib.report import charts, figures
from smith_lib.report.code import diff_lines, line, prose
from smith_lib.report.held import Held, held, scores, spread, whole
from smith_lib.report.intervals import wilson
from smith_lib.report.made import Made, families, made
from smith_lib.report.real import distances
from smith_lib.report.render import duration, nonce, rendered
from smith_lib.review.agreement import Summary, summary
from smith_lib.review.answers import QUESTIONS, reviews
from smith_lib.settings import PublishSettings
from smith_lib.storage import Root
from smith_lib.types import Instance

CHANGED = ("added", "removed", "changed")
MOST_REASONS = 40
MOST_TESTS = 20
"""Failing tests that a sample lists."""


def page(
    now: Held, before: Held | None, of: Made, samples: Sequence[Instance], reviewed: Summary | None = None,
    had_before: bool = False, apart: Sequence[Distance] = (),
) -> str:
    """The HTML of a version's report. Needs jinja2, pygments, markdown-it-py and plotly."""
    wanted = of.settings.publish if of.settings else PublishSettings()
    repo_steps, bug_steps = figures.funnel(now.metrics)
    family_yields, operator_yields = figures.yields(of, now.metrics)
    repos, more_repos = figures.repositories(now, of)
    drawn = _charts(now, of, wanted, bug_steps, family_yields, operator_yields)
    several = [n > 1 for n in now.of("files_changed", "main")]
    told = {
        "version": now.name, "smith": __version__, "started": of.started[:10], "now": now,
        "main": len(now.of("subset", "main")), "subtle": len(now.of("subset", "subtle")),
        "repos_held": len(set(now.of("repo"))), "operators_held": len(set(now.of("operator"))),
        "failing": statistics.median(now.of("failing")),
        "stats": now.metrics.get("generation_stats", {}), "quality": _quality(now.metrics, reviewed),
        "notes": now.metrics.get("notes", []), "curation": now.metrics.get("curation") or {},
        "worth": now.metrics.get("dataset_score") or {}, "splits": figures.splits(now), "kinds": WHY,
        "repo_steps": repo_steps, "bug_steps": bug_steps,
        "rejected": _rejected(now.metrics), "several": wilson(sum(several), len(several)),
        "with_yields": bool(of.operators), "shares_from": wanted.shares_from,
        "settings_known": of.settings is not None, "repos": repos, "more_repos": more_repos,
        "families": _families(of, now), "seconds": sum(of.stages.values()), "stages": of.stages,
        "lost": of.lost, "reviewed": reviewed, "questions": QUESTIONS,
        "before": before.name if before else "", "had_before": had_before,
        "changes": figures.changes(before, now) if before else [],
        "apart": apart, "moved": figures.moved(before, now) if before else {},
        "reasons": _reasons(now, before) if before else [],
        "samples": [_sample(row) for row in samples], "charts": drawn, "most_tests": MOST_TESTS,
    }  # fmt: skip
    from plotly.offline import get_plotlyjs

    known = nonce(now.name, *now.columns["instance_id"])
    return rendered("report.html", **told, plotly=get_plotlyjs(), nonce=known)


def report(root: Root, version: str, before: str | None, most: int, seed: int) -> str:
    """The page of a version beside the one before, with at most so many samples drawn by the seed."""
    now = held(root, version)
    of, then = made(root, version), None
    try:
        then = held(root, before) if before else None
    except StorageError as error:  # the newer one can be shown without it
        of.lost.append(f"{error}: so {now.name} is not compared with it")
    apart: Sequence[Distance] = ()
    try:
        apart = distances(now, seed)
    except StorageError as error:  # of the pool, without which all else can be shown
        of.lost.append(str(error))
    found = reviews(root, now.name)
    reviewed = summary(now.name, found, set(now.of("instance_id"))) if found else None
    return page(now, then, of, samples(now, most, seed), reviewed, before is not None, apart)


def samples(of: Held, most: int, seed: int) -> list[Instance]:
    """At most so many whole rows, drawn by the seed."""
    return whole(of, spread(of, most, seed))


def _charts(
    now: Held, of: Made, wanted: PublishSettings, bugs: Sequence[figures.Step], family: Any, operator: Any
) -> dict[str, charts.Chart]:
    drawn: dict[str, charts.Chart] = {}
    if bugs:
        drawn["funnel"] = charts.funnel(bugs, "bugs")
    if outcomes := figures.outcomes(now.metrics):
        drawn["outcomes"] = charts.counts(outcomes, "candidates")
    if family:
        drawn["families"] = charts.intervals(family, "valid or subtle, of those judged")
    if operator:
        half = -(-len(operator) // 2) if len(operator) > 8 else len(operator)  # two charts side by side
        for number, some in enumerate((operator[:half], operator[half:])):
            if some:
                name = f"operators-{number}"
                drawn[name] = charts.intervals(some, "valid or subtle, of those judged")
    if now.of("subset", "main"):
        for name, some in figures.targets(now, wanted).items():
            drawn[name] = charts.against(some)
    drawn["mix"] = charts.counts(_counts(figures.mix(now, "strategy")), "tasks")
    drawn["difficulty"] = charts.counts(_counts(figures.mix(now, "difficulty")), "tasks")
    failing = figures.histogram(now.of("failing"), figures.FAILING_BINS)
    qualities = figures.ratios(scores(now), figures.SCORE_BINS)
    drawn["scores"] = charts.columns(qualities, "quality score, in %")
    drawn["failing"] = charts.columns(failing, "tests in FAIL_TO_PASS")
    lines = figures.histogram(now.of("fix_lines"), figures.LINES_BINS)
    sizes = ["simple"] * 4 + ["medium"] * 3 + ["complex"] * 4
    drawn["lines"] = charts.columns(
        lines, "changed lines of the fix", colours=[charts.CLASSES[size] for size in sizes]
    )
    drawn["ratios"] = charts.columns(figures.ratios(now.of("fail_ratio")), "failing share of the tests, in %")
    if spent := [(name, seconds) for name, seconds in of.stages.items() if seconds]:
        drawn["times"] = charts.times(spent, [duration(seconds) for _, seconds in spent])
    return drawn


def _counts(some: Sequence[tuple[str, Any]]) -> list[tuple[str, int]]:
    return [(name, share.hits) for name, share in some]


def _rejected(metrics: dict[str, Any]) -> list[tuple[str, int]]:
    told = metrics.get("funnel", {}).get("repos", {})
    return [(name, n) for name, n in told.items() if n and name != "kept"]


SHARES = {
    "syntax_valid": "Buggy files that parse where the clean ones do",
    "test_failures_appropriate": "Some tests fail, some pass, none does both",
    "deterministic": "Verdicts that rest on runs that agree",
    "audit_agreement": "Verdicts that a cold run of the whole suite bore out",
    "weak_tests": "Tasks whose tests let a wrong fix pass",
    "mean_quality": "Mean of the tasks' own quality",
    "manual_review_score": "What people said in a review",
}
"""Of `quality_metrics`: those that are 0 to 1, in words."""


def _quality(metrics: dict[str, Any], reviewed: Summary | None) -> list[tuple[str, str, float | None]]:
    told = dict(metrics.get("quality_metrics", {}))
    if reviewed is not None and reviewed.score is not None:  # said since the version was published
        told["manual_review_score"] = reviewed.score
    return [(name, words, told[name]) for name, words in SHARES.items() if name in told]


def _reasons(now: Held, before: Held) -> list[tuple[str, str, int]]:
    """What changed since the version before and why, with the number of tasks, as `changes.json` has it."""
    path = f"{FOLDER}/{now.version}/{changes.FILE}"
    if not now.root.exists(path):
        return []
    try:
        told = json.loads(now.root.read_bytes(path))
        if told.get("since") != before.version:
            return []
        found = [(what, str(why), len(ids)) for what in CHANGED for why, ids in told[what].items()]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StorageError(f"{path} is damaged: {error!r}; `smith publish` mends it") from error
    return sorted(found, key=lambda one: (CHANGED.index(one[0]), -one[2]))[:MOST_REASONS]


def _families(of: Made, now: Held) -> list[dict[str, Any]]:
    """A row for each family: bugs made, judged, kept, tasks held, cost."""
    tasks = dict(figures.mix(now, "strategy"))
    summed = families(of.operators)
    rows = []
    for name in sorted({*tasks, *summed}):
        one, held_ = summed.get(name), tasks.get(name)
        count = held_.hits if held_ else 0
        rows.append({
            "name": name, "made": one.made if one else None, "kept": one.kept if one else None,
            "judged": one.judged if one else None, "tasks": count, "cost": one.cost if one else None,
            "each": one.cost / count if one and count else None,
        })  # fmt: skip
    return rows


def _sample(row: Instance) -> dict[str, Any]:
    lines, left = diff_lines(row.bug_patch)
    return {
        "row": row, "lines": lines, "left": left, "issue": prose(row.problem_statement),
        "title": line(row.problem_statement.strip().partition("\n")[0].lstrip("# ")),
    }  # fmt: skip
