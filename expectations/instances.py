"""What must hold of instances, one repository's or a whole version's."""

from expectations.rules import (
    Derived,
    Given,
    Rule,
    between,
    equal,
    joined,
    matches,
    none,
    one_of,
    out_of_order,
    told,
    true,
    unique,
)
from smith_lib import diffs
from smith_lib.package.leaks import leaks
from smith_lib.types import Category, Complexity, Instance, Strategy, Tag

ROW = Instance
KEY = "instance_id"
MIN_ISSUE = 40
"""Fewest characters of an issue text."""
MAIN = {"subset": ["main"]}
SUBTLE = {"subset": ["subtle"]}


def _gives_clean(i: Instance, given: Given) -> bool:
    """Whether the fix, applied to the buggy files, gives the clean ones exactly."""
    buggy = {file.path: file.text for file in i.buggy_code}
    try:
        return diffs.apply(i.patch, buggy.__getitem__) == {file.path: file.text for file in i.oracle_code}
    except (diffs.DoesNotApply, KeyError):
        return False


def _gives_away(i: Instance, given: Given) -> str:
    """What the issue text gives away, by the rules that its writer goes by."""
    text, ids = i.problem_statement, i.FAIL_TO_PASS
    try:
        return joined(leaks(text, test_ids=ids, test_files=(), operator=i.operator, patch=i.patch))
    except diffs.DoesNotApply as error:
        return f"it cannot be told: {error}"


DERIVED: Derived = {
    "n_fail_to_pass": lambda i, given: len(i.FAIL_TO_PASS),
    "n_pass_to_pass": lambda i, given: len(i.PASS_TO_PASS),
    "out_of_order": lambda i, given: out_of_order(i.FAIL_TO_PASS) or out_of_order(i.PASS_TO_PASS),
    "in_both": lambda i, given: joined(set(i.FAIL_TO_PASS) & set(i.PASS_TO_PASS)),
    "issue_length": lambda i, given: len(i.problem_statement.strip()),
    "gives_away": _gives_away,
    "changes_code": lambda i, given: i.buggy_code != i.oracle_code,
    "n_files": lambda i, given: len(i.buggy_code),
    "size": lambda i, given: Complexity.of(i.fix_lines).value,
    "license_allowed": lambda i, given: given.accepts(i.license),
    "enough_tried": lambda i, given: i.wrong_fixes_surviving + i.wrong_fixes_alike <= i.wrong_fixes,
    "tagged_weak": lambda i, given: (Tag.WEAK_TESTS in i.tags) == (i.wrong_fixes_surviving > 0),
    "kept_out": lambda i, given: given.kept_out(i.repo),
    "gives_clean": _gives_clean,
}


def rules(given: Given) -> list[Rule]:
    """The rules, in the order in which they are told."""
    want = given.settings.validation
    band, below = (want.subtle_below, want.max_fail_ratio), (0, want.subtle_below)
    strict = {"strict_min": True, "strict_max": True}
    made = [
        unique("instance ids are unique", "instance_id"),
        one_of("strategies are known ones", "strategy", list(Strategy)),
        one_of("categories are known ones", "category", list(Category)),
        one_of("complexities are known ones", "complexity", list(Complexity)),
        one_of("subsets are known ones", "subset", ["main", "subtle"]),
        between("a test fails", "n_fail_to_pass", 1),
        between("a test passes", "n_pass_to_pass", 1),
        between("a failing share of `main` is in the band", "fail_ratio", *band, strict_max=True, where=MAIN),
        between("a failing share of `subtle` is below it", "fail_ratio", *below, **strict, where=SUBTLE),
        one_of("test lists are sorted and unique", "out_of_order", [False]),
        none("no test both fails and passes", "in_both"),
        between("the issue text says something", "issue_length", MIN_ISSUE),
        none("the issue text gives nothing away", "gives_away"),
        told("the fix is not empty", "patch"),
        told("the bug is not empty", "bug_patch"),
        true("buggy code is not the clean code", "changes_code"),
        true("the fix applied to buggy code gives the clean code", "gives_clean"),
        between("the fix changes a line", "fix_lines", 1),
        equal("the complexity is that of the changed lines", "complexity", "size"),
        equal("the files are those that the fix changes", "files_changed", "n_files"),
        true("the licence is allowed", "license_allowed"),
        one_of("the repository is no benchmark's", "kept_out", [False]),
        matches("the commit is 40 hexadecimal digits", "base_commit", "[0-9a-f]{40}$"),
        matches("the environment has its digest", "image_digest", ".*[0-9a-f]{64}$"),
        told("the test command is told", "test_command"),
        between("the cost is not negative", "cost_usd", 0),
        between("the quality is a share", "quality", 0, 1),
        between("what the issue text gives away is a share", "given_away", 0, 1),
        true("no more wrong fixes pass than were tried", "enough_tried"),
        true("tests that a wrong fix passes are tagged weak, and no others", "tagged_weak"),
    ]  # fmt: skip
    if given.repos is not None:
        made.append(one_of("the repository is a kept one", "repo_id", given.repos))
    if given.candidates is not None:
        made.append(one_of("the candidate was judged valid or subtle", "instance_id", given.candidates))
    return made
