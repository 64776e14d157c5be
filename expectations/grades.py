"""What must hold of grades."""

from expectations.rules import Derived, Given, Rule, between, none, one_of, out_of_order, told
from smith_lib.types import Grade, GradeOutcome, PatchProblem, Tier

ROW = Grade
KEY = "instance_id"
RESOLVED = {"outcome": [GradeOutcome.RESOLVED.value]}
DERIVED: Derived = {
    "failing": lambda g, given: ", ".join((*g.not_fixed, *g.not_kept)),
    "out_of_order": lambda g, given: any(map(out_of_order, (g.fixed, g.not_fixed, g.kept, g.not_kept))),
}


def rules(given: Given) -> list[Rule]:
    """The rules, in the order in which they are told."""
    return [
        told("the instance is told", "instance_id"),
        one_of("outcomes are known ones", "outcome", list(GradeOutcome)),
        one_of("problems are known ones", "problem", list(PatchProblem)),
        one_of("tiers are known ones", "tier", list(Tier)),
        one_of("tests are sorted and unique", "out_of_order", [False]),
        none("no test of what is resolved fails", "failing", where=RESOLVED),
        between("what is resolved is worth 1", "reward", 1, 1, where=RESOLVED),
        between("a reward lies between 0 and 1", "reward", 0, 1),
        between("the share that is fixed lies between 0 and 1", "fixed_share", 0, 1),
        between("the share that is kept lies between 0 and 1", "kept_share", 0, 1),
        between("no grade took less than no time", "seconds", 0),
    ]
