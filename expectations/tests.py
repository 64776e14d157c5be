"""What must hold of tests."""

from expectations.rules import (
    Derived,
    Given,
    Rule,
    between,
    one_of,
    told,
    true,
    unique,
)
from smith_lib.types import Stability, Test

OUTCOMES = {"passed", "failed", "error", "skipped", "xfailed", "xpassed", "missing"}
ROW = Test
KEY = "test_id"
DERIVED: Derived = {
    "n_runs": lambda t, given: len(t.outcomes),
    "all_passed": lambda t, given: all(outcome == "passed" for outcome in t.outcomes),
    "known_outcomes": lambda t, given: set(t.outcomes) <= OUTCOMES,
}
RELIABLE = {"stability": [Stability.RELIABLE.value]}


def rules(given: Given) -> list[Rule]:
    """The rules, in the order in which they are told."""
    n = given.settings.select.clean_runs
    return [
        unique("test ids are unique in a repository", "repo_id", "test_id"),
        told("the test id is not empty", "test_id"),
        one_of("stabilities are known ones", "stability", list(Stability)),
        true("outcomes are known ones", "known_outcomes"),
        between("no test took less than no time", "seconds", 0),
        between("a reliable test was run often enough", "n_runs", n, where=RELIABLE),
        true("a reliable test passed every time", "all_passed", where=RELIABLE),
    ]  # fmt: skip
