"""The row of a prediction that was run, and of one that was not."""

from smith_lib.grade.formula import reward_of
from smith_lib.grade.patches import Split
from smith_lib.sandbox.suite import SuiteReport
from smith_lib.types import Grade, GradeOutcome, Instance, PatchProblem, Tier
from smith_lib.validate.judge import failing


def refused(
    row: Instance,
    model: str,
    how: GradeOutcome,
    problem: PatchProblem,
    reason: str,
    ignored: tuple[str, ...] = (),
) -> Grade:
    """The grade of a prediction with which nothing was run."""
    return Grade(
        repo_id=row.repo_id, instance_id=row.instance_id, model=model, outcome=how, problem=problem,
        reason=reason, ignored=ignored, applies=False, fixed=(), not_fixed=tuple(sorted(row.FAIL_TO_PASS)),
        kept=(), not_kept=tuple(sorted(row.PASS_TO_PASS)), fixed_share=0.0, kept_share=0.0, reward=0.0,
        canaries=0, tier=Tier.COLD, seconds=0.0,
    )  # fmt: skip


def unknown(instance_id: str, model: str) -> Grade:
    """The grade of a prediction for a task that is not there."""
    return Grade(
        repo_id="", instance_id=instance_id, model=model, outcome=GradeOutcome.REFUSED,
        problem=PatchProblem.UNKNOWN_INSTANCE, reason=f"no task has the id {instance_id[:200]!r}",
        ignored=(), applies=False, fixed=(), not_fixed=(), kept=(), not_kept=(), fixed_share=0.0,
        kept_share=0.0, reward=0.0, canaries=0, tier=Tier.COLD, seconds=0.0,
    )  # fmt: skip


def graded(
    row: Instance, model: str, how: GradeOutcome, why: str, parts: Split, seen: SuiteReport | None,
    canaries: int, tier: Tier, seconds: float,
) -> Grade:  # fmt: skip
    f2p, p2p = set(row.FAIL_TO_PASS), set(row.PASS_TO_PASS)
    honest = seen is not None and how in (GradeOutcome.RESOLVED, GradeOutcome.UNRESOLVED)
    not_fixed = set(failing(seen, sorted(f2p))) if seen is not None and honest else f2p
    not_kept = set(failing(seen, sorted(p2p))) if seen is not None and honest else p2p
    fixed_share = 1 - len(not_fixed) / len(f2p) if f2p and honest else 0.0
    kept_share = (1 - len(not_kept) / len(p2p) if p2p else 1.0) if honest else 0.0
    return Grade(
        repo_id=row.repo_id, instance_id=row.instance_id, model=model, outcome=how,
        problem=PatchProblem.NONE, reason=why, ignored=parts.ignored, applies=True,
        fixed=tuple(sorted(f2p - not_fixed)), not_fixed=tuple(sorted(not_fixed)),
        kept=tuple(sorted(p2p - not_kept)), not_kept=tuple(sorted(not_kept)),
        fixed_share=round(fixed_share, 6), kept_share=round(kept_share, 6),
        reward=reward_of(how, fixed_share, kept_share, not parts.ignored), canaries=canaries, tier=tier,
        seconds=seconds,
    )  # fmt: skip
