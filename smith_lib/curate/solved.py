"""How often tasks were solved, and how hard they are by that."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from smith_lib.grade.predictions import SPECIAL
from smith_lib.package.difficulty import LEVELS, measured
from smith_lib.types import Grade, GradeOutcome, Instance, PatchProblem, Solved

_NOT_TRIED = frozenset({PatchProblem.UNKNOWN_INSTANCE, PatchProblem.DOUBLED})


def solved(instances: Iterable[Instance], grades: Iterable[Grade]) -> list[Solved]:
    """A row for each task, sorted by id, with what became of the attempts at it.

    An attempt is a grade of a model's patch; `gold` and `nothing` are none, nor is what could not be graded
    or named no task. A patch that was refused or cheats has not solved its task.
    """
    tries: defaultdict[str, list[Grade]] = defaultdict(list)
    for grade in grades:
        if is_try(grade):
            tries[grade.instance_id].append(grade)
    return [_row(row, tries[row.instance_id]) for row in sorted(instances, key=lambda i: i.instance_id)]


def is_try(grade: Grade) -> bool:
    """Whether a grade says something of how hard its task is."""
    if grade.model in SPECIAL or grade.problem in _NOT_TRIED:
        return False
    return grade.outcome is not GradeOutcome.UNGRADED


def _row(row: Instance, tries: Sequence[Grade]) -> Solved:
    n, resolved = len(tries), sum(grade.resolved for grade in tries)
    return Solved(
        repo_id=row.repo_id,
        instance_id=row.instance_id,
        points=row.difficulty_points,
        by_rule=row.difficulty,
        models=tuple(sorted({grade.model for grade in tries})),
        tries=n,
        resolved=resolved,
        solve_rate=round(resolved / n, 6) if n else -1.0,
        difficulty=measured(row.difficulty, n, resolved) if row.difficulty in LEVELS else row.difficulty,
    )
