"""What today's tests say of a fix: the verdict on the best of the candidates that undo it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from smith_lib.inject.mirror_family.undo import NAMES
from smith_lib.types import UNJUDGED, Candidate, Outcome, PastFix, Verdict
from smith_lib.validate.judge import SHIPPED

WAYS = tuple(NAMES)


def told(row: PastFix, undone: Sequence[tuple[Candidate, Verdict]]) -> PastFix:
    """The row with the verdict on its undoing: one that tests notice before others, whole before part."""
    if not undone:
        return row
    bug, verdict = min(undone, key=_rank)
    return replace(
        row, validated=verdict.outcome in SHIPPED, outcome=str(verdict.outcome), reason=verdict.reason,
        operator=bug.operator, candidate_id=bug.candidate_id, bug_patch=bug.bug_patch,
        fail_to_pass=verdict.fail_to_pass if verdict.outcome in SHIPPED else (),
        fail_ratio=verdict.fail_ratio,
    )  # fmt: skip


def _rank(pair: tuple[Candidate, Verdict]) -> tuple[int, int, int, str]:
    bug, verdict = pair
    first = {Outcome.VALID: 0, Outcome.SUBTLE: 1}.get(verdict.outcome, 2 + (verdict.outcome in UNJUDGED))
    return first, WAYS.index(bug.operator), -bug.fix_lines, bug.candidate_id


def by_commit(
    candidates: Sequence[Candidate], verdicts: Sequence[Verdict]
) -> Mapping[str, list[tuple[Candidate, Verdict]]]:
    """The candidates that undo a fix, with their verdicts, by its commit."""
    said = {verdict.candidate_id: verdict for verdict in verdicts}
    found: dict[str, list[tuple[Candidate, Verdict]]] = {}
    for row in candidates:
        if row.fix_commit and row.candidate_id in said:
            found.setdefault(row.fix_commit, []).append((row, said[row.candidate_id]))
    return found
