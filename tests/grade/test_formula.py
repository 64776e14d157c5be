import pytest

from smith_lib.grade.formula import reward_of
from smith_lib.types import GradeOutcome


@pytest.mark.parametrize(
    ("outcome", "fixed", "kept", "whole", "reward"),
    [
        ("resolved", 1.0, 1.0, True, 1.0),
        ("resolved", 1.0, 1.0, False, 1.0),
        ("unresolved", 0.0, 1.0, True, 0.05),
        ("unresolved", 0.0, 1.0, False, 0.0),
        ("unresolved", 0.5, 1.0, True, 0.275),
        ("unresolved", 1.0, 0.9, True, 0.45),
        ("unresolved", 1.0, 0.0, True, 0.0),
        ("cheating", 1.0, 1.0, True, 0.0),
        ("crashed", 0.0, 0.0, True, 0.0),
        ("refused", 0.0, 0.0, True, 0.0),
    ],
)
def test_a_reward_follows_the_formula(outcome, fixed, kept, whole, reward):
    assert reward_of(GradeOutcome(outcome), fixed, kept, whole) == pytest.approx(reward)
