"""What must hold of candidates."""

from expectations.rules import (
    Derived,
    Given,
    Rule,
    between,
    equal,
    none,
    one_of,
    out_of_order,
    told,
    unique,
)
from smith_lib import diffs
from smith_lib.types import Candidate, Category, Complexity, Strategy

ROW = Candidate
KEY = "candidate_id"


def _measured(patch: str) -> tuple[int, str]:
    """The patch's changed lines and its paths; 0 and what is wrong where it is none."""
    try:
        return diffs.fix_lines(patch), ", ".join(sorted(diffs.paths(patch)))
    except diffs.DoesNotApply as error:
        return 0, str(error)


DERIVED: Derived = {
    "patch_lines": lambda c, given: _measured(c.bug_patch)[0],
    "patch_paths": lambda c, given: _measured(c.bug_patch)[1],
    "told_paths": lambda c, given: ", ".join(sorted(c.files)),
    "size": lambda c, given: Complexity.of(c.fix_lines).value,
    "n_functions": lambda c, given: len(c.functions),
    "n_parts": lambda c, given: len(c.parts),
    "files_out_of_order": lambda c, given: out_of_order(c.files),
    "unknown_tests": lambda c, given: given.strangers(c.covering_tests),
}
MADE = {"strategy": [s.value for s in Strategy if s is not Strategy.GIVEN]}
"""Bugs of Smith's own. What a file gave is kept even where it fits nowhere; its verdict says so."""
TOGETHER = {"strategy": [Strategy.COMBINE.value]}
ALONE = {"strategy": [s.value for s in Strategy if s is not Strategy.COMBINE]}


def rules(given: Given) -> list[Rule]:
    """The rules, in the order in which they are told."""
    made = [
        unique("candidate ids are unique", "candidate_id"),
        unique("no bug is there twice", "repo_id", "bug_patch", where=MADE),
        told("the patch is not empty", "bug_patch", where=MADE),
        told("the operator is told", "operator"),
        one_of("strategies are known ones", "strategy", list(Strategy)),
        one_of("categories are known ones", "category", list(Category)),
        one_of("complexities are known ones", "complexity", list(Complexity)),
        between("the fix changes a line", "fix_lines", 1, where=MADE),
        equal("the changed lines are those of the patch", "fix_lines", "patch_lines", where=MADE),
        equal("the complexity is that of the changed lines", "complexity", "size"),
        equal("the files are those of the patch", "told_paths", "patch_paths", where=MADE),
        one_of("files are sorted and unique", "files_out_of_order", [False]),
        between("what changes is named", "n_functions", 1, where=MADE),
        between("a combination has two parts or more", "n_parts", 2, where=TOGETHER),
        between("nothing else has parts", "n_parts", 0, 0, where=ALONE),
        between("the cost is not negative", "cost_usd", 0),
        none("covering tests are reliable tests of the repository", "unknown_tests"),
    ]  # fmt: skip
    if given.repos is not None:
        made.append(one_of("the repository is a kept one", "repo_id", given.repos))
    return made
