"""The figures of a version: what `metrics.json` holds. Their definitions are in docs/metrics.md."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from smith_lib import syntax
from smith_lib.curate.bounds import told, weights
from smith_lib.curate.choose import Choice
from smith_lib.curate.traits import Described, Trait, appropriate
from smith_lib.curate.worth import worth
from smith_lib.inject.yields import counted, recorded
from smith_lib.package.instances import instance_id
from smith_lib.types import (
    Category,
    Complexity,
    Instance,
    Outcome,
    Repo,
    RepoOutcome,
    Tag,
    Tier,
)

SYNTAX_SAMPLE = 2_000
"""At most so many instances are parsed for `syntax_valid`, spread evenly over the ids."""
RUN = 50
"""So many neighbours by id are taken together."""


def metrics(
    repos: Sequence[Repo],
    candidates: Collection[Any],
    verdicts: Collection[Any],
    choice: Choice,
    *,
    runs: int = 3,
    seconds: float | None = None,
    reviewed: float | None = None,
    whole: Callable[[Sequence[Any]], Iterable[Instance]] | None = None,
    drawn: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """The figures, ready for JSON, of candidates and verdicts or of what they need of these.

    `runs` is how many runs had to agree, `seconds` what all stages took (the verdicts' own seconds where it
    is not given), `reviewed` the score of a review by people, `whole` gives whole rows where the choice holds
    traits, and `drawn` has the weights of cells that the candidates were drawn by. Shares of nothing are
    None.
    """
    outcomes = Counter(v.outcome for v in verdicts)
    kept = outcomes[Outcome.VALID] + outcomes[Outcome.SUBTLE]
    spent = sum(v.seconds for v in verdicts) if seconds is None else seconds
    rows = [*choice.main, *choice.subtle]
    attempted = len(candidates) - outcomes[Outcome.PART_NOT_VALID]
    return {
        "generation_stats": {
            "repos_processed": len(repos),
            "repos_kept": sum(r.outcome is RepoOutcome.KEPT for r in repos),
            "bugs_attempted": attempted,
            "bugs_valid": outcomes[Outcome.VALID],
            "bugs_subtle": outcomes[Outcome.SUBTLE],
            "success_rate": _share(kept, attempted),
            "avg_time_per_bug_sec": _share(spent, attempted, 3),
            "cost_usd": round(sum(c.cost_usd for c in candidates), 6),
        },
        "quality_metrics": _quality(rows, verdicts, runs, reviewed, whole or iter),
        "distribution": _distribution(choice),
        "funnel": {
            "repos": _counts(list(RepoOutcome), Counter(r.outcome for r in repos)),
            "outcomes": _counts(list(Outcome), outcomes),
            "tiers": _counts(list(Tier), Counter(v.tier for v in verdicts)),
            "unjudged": len(candidates) - len(verdicts),
            "left_out": len(choice.left_out),
            "published": len(rows),
        },
        "yields": {name: asdict(one) for name, one in counted(candidates, verdicts).items()},
        "notes": list(choice.notes),
        "curation": {
            "bounds": [asdict(one) for one in choice.bounds],
            "left_out": dict(choice.dropped),
            "shortfalls": told(choice.shortfalls),
            "next_draw": weights(choice.shortfalls if choice.bound else (), drawn or {}),
        },
        "dataset_score": worth(choice.main, choice.parts, choice.likeness, len(recorded())),
        "splits": dict(choice.splits),
        "drift": _drift(rows, verdicts),
    }


def _drift(rows: Sequence[Any], verdicts: Collection[Any]) -> dict[str, Any]:
    """What is compared between nights, besides the yields: pass rate and text length."""
    lengths = [r.issue_length if isinstance(r, Trait) else len(r.problem_statement.strip()) for r in rows]
    kept = sum(v.outcome in (Outcome.VALID, Outcome.SUBTLE) for v in verdicts)
    tried = sum(v.outcome is not Outcome.PART_NOT_VALID for v in verdicts)
    return {"pass_rate": _share(kept, tried), "text_length": _share(sum(lengths), len(lengths), 1)}


def _quality(
    rows: Sequence[Any],
    verdicts: Collection[Any],
    runs: int,
    reviewed: float | None,
    whole: Callable[[Sequence[Any]], Iterable[Instance]],
) -> dict[str, Any]:
    kept = (v for v in verdicts if v.outcome in (Outcome.VALID, Outcome.SUBTLE))
    judged = {instance_id(v.candidate_id): v for v in kept}
    audits = [v.audit for v in verdicts if v.audit]
    sample = _sampled(rows)
    agreed = sum(r.instance_id in judged and judged[r.instance_id].runs >= runs for r in rows)
    return {
        "syntax_valid": _share(sum(map(_parses, whole(sample))), len(sample)),
        "syntax_checked": len(sample),
        "test_failures_appropriate": _share(sum(map(_appropriate, rows)), len(rows)),
        "deterministic": _share(agreed, len(rows)),
        "audited": len(audits),
        "audit_agreement": _share(sum(audit == "agrees" for audit in audits), len(audits)),
        "wrong_fixes": sum(r.wrong_fixes for r in rows),
        "wrong_fixes_surviving": sum(r.wrong_fixes_surviving for r in rows),
        "wrong_fixes_alike": sum(r.wrong_fixes_alike for r in rows),
        "weak_tests": _share(sum(Tag.WEAK_TESTS in r.tags for r in rows), len(rows)),
        "mean_quality": _share(sum(r.quality for r in rows), len(rows), 3),
        "manual_review_score": reviewed,
    }


def _sampled(rows: Sequence[Any]) -> list[Any]:
    """At most `SYNTAX_SAMPLE` rows, spread evenly: runs of `RUN` neighbours, so that few files are read."""
    if len(rows) <= SYNTAX_SAMPLE:
        return list(rows)
    runs = SYNTAX_SAMPLE // RUN
    return [row for n in range(runs) for row in rows[n * len(rows) // runs :][:RUN]]


def _appropriate(row: Any) -> bool:
    return row.appropriate if isinstance(row, Trait) else appropriate(row)


def _parses(row: Instance) -> bool:
    """Whether the buggy files are Python where the clean ones are.

    A file that is no Python to this interpreter without the bug either says nothing about the bug.
    """
    clean = {file.path: file.text for file in row.oracle_code}
    return all(_is_python(f.text) or not _is_python(clean.get(f.path, "")) for f in row.buggy_code)


def _is_python(text: str) -> bool:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # invalid escapes and the like are the repository's own affair
        try:
            syntax.parse(text)
        except (SyntaxError, ValueError):
            return False
    return True


def _distribution(choice: Choice) -> dict[str, Any]:
    """Counts over the rows of `main` and, under their own key, of `subtle`."""
    fields: dict[str, tuple[Callable[[Described], str], Sequence[str]]] = {
        "complexity": (lambda i: i.complexity, list(Complexity)),
        "categories": (lambda i: i.category, list(Category)),
        "strategies": (lambda i: i.strategy, ()),
        "operators": (lambda i: i.operator, ()),
        "repos": (lambda i: i.repo, ()),
        "files_changed": (lambda i: str(i.files_changed), ()),
    }

    def counted(rows: Sequence[Described]) -> dict[str, dict[str, int]]:
        return {name: _counts(known, Counter(map(key, rows))) for name, (key, known) in fields.items()}

    return {
        **counted(choice.main),
        "subsets": {"main": len(choice.main), "subtle": len(choice.subtle)},
        "subtle": counted(choice.subtle),
    }


def _counts(known: Sequence[str], counts: Counter[Any]) -> dict[str, int]:
    """The counts by name: the known names in their order, zeros too, then the others sorted."""
    plain = Counter({str(name): n for name, n in counts.items()})
    names = [*map(str, known), *sorted(set(plain) - set(map(str, known)))]
    return {name: plain[name] for name in names}


def _share(part: float, whole: int, digits: int = 6) -> float | None:
    return round(part / whole, digits) if whole else None
