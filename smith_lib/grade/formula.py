"""A number for what a patch did, from 0 to 1."""

from smith_lib.types import GradeOutcome

APPLIES = 0.05
"""For a patch that applies as a whole, none of it left out, and breaks nothing."""
PARTIAL = 0.45
"""What fixing nearly all of FAIL_TO_PASS adds."""


def reward_of(outcome: GradeOutcome, fixed_share: float, kept_share: float, whole: bool = True) -> float:
    """1 for resolved, 0 for what cheats, does not apply, crashes or hangs, else kept x (0.05 + 0.45 x fixed).

    The shares are of PASS_TO_PASS and FAIL_TO_PASS, 0 to 1. The 0.05 are only for a patch that is `whole`:
    nothing of it was left out.
    """
    if outcome is GradeOutcome.RESOLVED:
        return 1.0
    if outcome is not GradeOutcome.UNRESOLVED:
        return 0.0
    return round(kept_share * (APPLIES * whole + PARTIAL * fixed_share), 6)
