"""What must hold of how often tasks were solved."""

from expectations.rules import Derived, Given, Rule, between, equal, one_of, out_of_order, true, unique
from smith_lib.package.difficulty import LEVELS
from smith_lib.types import Solved

ROW = Solved
KEY = "instance_id"
DERIVED: Derived = {
    "share": lambda s, given: round(s.resolved / s.tries, 6) if s.tries else -1.0,
    "no_more": lambda s, given: s.resolved <= s.tries,
    "out_of_order": lambda s, given: out_of_order(s.models),
    "untried_or_near": lambda s, given: s.tries > 0 or s.difficulty == s.by_rule,
}


def rules(given: Given) -> list[Rule]:
    """The rules, in the order in which they are told."""
    return [
        unique("every task is there once", "instance_id"),
        one_of("difficulties by rule are known ones", "by_rule", list(LEVELS)),
        one_of("difficulties are known ones", "difficulty", list(LEVELS)),
        between("there are no fewer points than none", "points", 0),
        true("no more is solved than was tried", "no_more"),
        equal("the rate is the share that solved it", "solve_rate", "share"),
        one_of("models are sorted and unique", "out_of_order", [False]),
        true("what was not tried is as hard as the rule has it", "untried_or_near"),
    ]
