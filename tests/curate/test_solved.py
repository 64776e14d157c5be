"""How often tasks were solved, and what that makes of their difficulty."""

import pytest

from smith_lib.curate.solved import solved
from smith_lib.package.difficulty import LONG, MIDDLE, SHORT, measured
from smith_lib.types import Grade, GradeOutcome, PatchProblem
from tests.rows import an_instance, filled


def a_grade(
    n: int, outcome: GradeOutcome = GradeOutcome.RESOLVED, model: str = "m", **changes: object
) -> Grade:
    known = {"instance_id": an_instance(n).instance_id, "model": model, "outcome": outcome}
    return filled(Grade, **(known | {"problem": PatchProblem.NONE} | changes))


def test_the_rate_is_over_all_attempts_of_all_models() -> None:
    grades = [a_grade(1), a_grade(1, GradeOutcome.UNRESOLVED, "b"), a_grade(1, GradeOutcome.CHEATING, "a"),
              a_grade(1, GradeOutcome.REFUSED, problem=PatchProblem.EMPTY)]  # fmt: skip
    other, row = solved([an_instance(1), an_instance(0)], grades)
    assert (row.tries, row.resolved, row.solve_rate, row.models) == (4, 1, 0.25, ("a", "b", "m"))
    assert (other.instance_id, other.tries, other.solve_rate) == (an_instance(0).instance_id, 0, -1.0)
    assert other.difficulty == other.by_rule == an_instance(0).difficulty


@pytest.mark.parametrize(
    "grade",
    [
        a_grade(0, model="gold"),
        a_grade(0, model="nothing"),
        a_grade(0, GradeOutcome.UNGRADED),
        a_grade(0, GradeOutcome.REFUSED, problem=PatchProblem.DOUBLED),
        a_grade(7),
    ],
)
def test_what_is_no_attempt_at_the_task_does_not_count(grade: Grade) -> None:
    [row] = solved([an_instance(0)], [grade])
    assert (row.tries, row.models) == (0, ())


@pytest.mark.parametrize(
    ("by_rule", "tries", "resolved", "expected"),
    [
        (MIDDLE, 0, 0, MIDDLE),
        (MIDDLE, 2, 2, MIDDLE),
        (MIDDLE, 3, 3, SHORT),
        (MIDDLE, 3, 0, LONG),
        (MIDDLE, 2, 0, MIDDLE),
        (MIDDLE, 8, 7, SHORT),
        (MIDDLE, 8, 6, MIDDLE),
        (MIDDLE, 10, 1, LONG),
        (SHORT, 9, 9, SHORT),
        (LONG, 9, 0, LONG),
        (LONG, 9, 9, MIDDLE),
    ],
)
def test_a_level_is_passed_where_attempts_are_many_and_alike(
    by_rule: str, tries: int, resolved: int, expected: str
) -> None:
    assert measured(by_rule, tries, resolved) == expected
