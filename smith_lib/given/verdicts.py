"""Verdicts without running: bugs from elsewhere that do not fit and near-duplicates are told so."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from smith_lib.diffs import DoesNotApply
from smith_lib.given.fit import fitted
from smith_lib.inject.alike import Alike
from smith_lib.types import UNTOLD, Candidate, Outcome, Strategy, Verdict
from smith_lib.validate.crew import unjudged

UNSETTLED = UNTOLD | {Outcome.TIMEOUT}
"""Outcomes after which nothing is known of any test."""
Judge = Callable[[Sequence[Candidate], Mapping[str, Verdict]], list[Verdict]]


def judged(
    candidates: Sequence[Candidate],
    tree: Path,
    test_files: Collection[str],
    judge: Judge,
    alike: Mapping[str, Alike] | None = None,
) -> list[Verdict]:
    """The candidates' verdicts in their order, those of bugs that fit by `judge`, which is told the others.

    A candidate of Smith's own always goes to `judge`, unless it is one of the near-duplicates in `alike`.
    """
    refused: dict[str, Verdict] = {}
    for candidate in candidates:
        if (near := (alike or {}).get(candidate.candidate_id)) is not None:
            reason = f"{near.likeness:.0%} alike {near.nearest}"
            refused[candidate.candidate_id] = unjudged(candidate, Outcome.DUPLICATE, reason)
        elif candidate.strategy is Strategy.GIVEN:
            try:
                fitted(candidate.bug_patch, tree, test_files)
            except DoesNotApply as error:
                refused[candidate.candidate_id] = unjudged(candidate, Outcome.APPLY_FAILED, str(error))
    found = iter(judge([c for c in candidates if c.candidate_id not in refused], refused))
    return [refused.get(c.candidate_id) or next(found) for c in candidates]


def plain(verdict: Verdict, reliable: Iterable[str]) -> dict[str, Any]:
    """The verdict as plain data under the names that benchmarks use, with all tests in its two lists.

    PASS_TO_PASS is the rest of the reliable tests, whatever the outcome; both are empty where no run came to
    an end.
    """
    broken = set(verdict.fail_to_pass)
    passing = [] if verdict.outcome in UNSETTLED else sorted(t for t in reliable if t not in broken)
    return {
        "instance_id": verdict.candidate_id,
        "outcome": str(verdict.outcome),
        "FAIL_TO_PASS": list(verdict.fail_to_pass),
        "PASS_TO_PASS": passing,
        "fail_ratio": verdict.fail_ratio,
        "tier": str(verdict.tier),
        "seconds": verdict.seconds,
        "reason": verdict.reason,
    }
