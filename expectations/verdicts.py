"""What must hold of verdicts."""

from expectations.rules import (
    Derived,
    Given,
    Rule,
    between,
    joined,
    none,
    one_of,
    out_of_order,
    told,
    unique,
)
from smith_lib.types import Outcome, Tier, Verdict

ROW = Verdict
KEY = "candidate_id"


def _foreign(v: Verdict) -> set[str]:
    """What evidence is of that is no failing test, and no module of one that could not be collected."""
    modules = {test.partition("::")[0] for test in v.fail_to_pass}
    return {f.test_id for f in v.failures} - set(v.fail_to_pass) - modules


DERIVED: Derived = {
    "n_fail_to_pass": lambda v, given: len(v.fail_to_pass),
    "n_pass_to_pass": lambda v, given: len(v.pass_to_pass),
    "out_of_order": lambda v, given: out_of_order(v.fail_to_pass) or out_of_order(v.pass_to_pass),
    "in_both": lambda v, given: joined(set(v.fail_to_pass) & set(v.pass_to_pass)),
    "unknown_tests": lambda v, given: given.strangers((*v.fail_to_pass, *v.pass_to_pass)),
    "foreign_evidence": lambda v, given: joined(_foreign(v)),
}
VALID = {"outcome": [Outcome.VALID.value]}
SUBTLE = {"outcome": [Outcome.SUBTLE.value]}
KEPT = {"outcome": [Outcome.VALID.value, Outcome.SUBTLE.value]}
REJECTED = {"outcome": [o.value for o in Outcome if o not in (Outcome.VALID, Outcome.SUBTLE)]}
HARMLESS = {"outcome": [Outcome.NO_FAILURE.value, Outcome.NOT_COVERED.value]}


def rules(given: Given) -> list[Rule]:
    """The rules, in the order in which they are told."""
    want = given.settings.validation
    band, below = (want.subtle_below, want.max_fail_ratio), (0, want.subtle_below)
    strict = {"strict_min": True, "strict_max": True}
    made = [
        unique("a candidate is judged once", "candidate_id"),
        one_of("outcomes are known ones", "outcome", list(Outcome)),
        one_of("tiers are known ones", "tier", list(Tier)),
        between("the failing share is a share", "fail_ratio", 0, 1),
        between("no verdict took less than no time", "seconds", 0),
        between("a valid bug fails a test", "n_fail_to_pass", 1, where=VALID),
        between("a valid bug's share is in the band", "fail_ratio", *band, strict_max=True, where=VALID),
        between("a subtle bug fails a test", "n_fail_to_pass", 1, where=SUBTLE),
        between("a subtle bug's share is below the band", "fail_ratio", *below, **strict, where=SUBTLE),
        between("a kept bug leaves a test passing", "n_pass_to_pass", 1, where=KEPT),
        between("a kept bug was run often enough", "runs", want.runs, where=KEPT),
        between("a harmless candidate fails no test", "n_fail_to_pass", 0, 0, where=HARMLESS),
        one_of("test lists are sorted and unique", "out_of_order", [False]),
        none("no test both fails and passes", "in_both"),
        none("the tests are reliable tests of the repository", "unknown_tests"),
        none("evidence is of failing tests", "foreign_evidence"),
        told("a rejection has its reason", "reason", where=REJECTED),
    ]  # fmt: skip
    if given.repos is not None:
        made.append(one_of("the repository is a kept one", "repo_id", given.repos))
    if given.candidates is not None:
        made.append(one_of("the candidate is there", "candidate_id", given.candidates))
    return made
