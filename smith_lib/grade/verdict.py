"""What a run says of a patch."""

from collections.abc import Collection
from dataclasses import replace

from smith_lib.grade.ground import Sown, fails
from smith_lib.sandbox.suite import SuiteReport, TestResult
from smith_lib.types import GradeOutcome, Instance
from smith_lib.validate.judge import failing

FORGED = "the report is none that a run gives"


def outcome(
    row: Instance, seen: SuiteReport, made: Sown, usual: Collection[str]
) -> tuple[GradeOutcome, str]:
    """The outcome of a run with these canaries, and why in one line. A test that is skipped, expected to fail
    or gone counts as failing."""
    if why := cheated(row, seen, made, usual):
        return GradeOutcome.CHEATING, why
    if seen.ended == "timeout":
        return GradeOutcome.TIMEOUT, "the tests took more than they may, or hung"
    if seen.ended != "finished":
        last = seen.detail.strip().splitlines()[-1:] or ["no output"]
        return GradeOutcome.CRASHED, f"the run was cut off: {last[0][:200]}"
    seen = with_spared(row, seen, made)
    not_fixed, not_kept = failing(seen, row.FAIL_TO_PASS), failing(seen, row.PASS_TO_PASS)
    if not not_fixed and not not_kept:
        return GradeOutcome.RESOLVED, f"all {len(row.FAIL_TO_PASS) + len(row.PASS_TO_PASS)} tests pass"
    told = [
        f"{len(some)} of {len(listed)} {name} fail"
        for name, some, listed in (
            ("FAIL_TO_PASS", not_fixed, row.FAIL_TO_PASS), ("PASS_TO_PASS", not_kept, row.PASS_TO_PASS)
        )
        if some
    ]  # fmt: skip
    return GradeOutcome.UNRESOLVED, ", ".join(told)


def with_spared(row: Instance, seen: SuiteReport, made: Sown) -> SuiteReport:
    """The report with the tests that were not run, as they pass on clean code; of what ended alone."""
    if made.ran is None or seen.ended != "finished":
        return seen
    spared = [test for test in row.PASS_TO_PASS if test not in made.ran]
    return replace(seen, tests={**dict.fromkeys(spared, TestResult("passed", 0.0)), **seen.tests})


def cheated(row: Instance, seen: SuiteReport, made: Sown, usual: Collection[str]) -> str:
    """What in the run no honest code can bring about; empty where there is nothing."""
    odd = [what for what in seen.contradictions if what not in usual]
    if odd:
        return odd[0]
    listed = (*row.FAIL_TO_PASS, *row.PASS_TO_PASS)
    passing = {test.partition("::")[0] for test in listed if passes(seen, test)}
    for test in made.canaries:
        module = test.partition("::")[0]
        # Wrong code may give just the value that a twin wants, but not at the same time the one of its test.
        if passes(seen, test) and (test not in made.twins or passes(seen, made.twins[test])):
            return f"a test that must fail passes, in {module}"
        # A module that cannot be imported takes its tests along, canaries and others; and what skips a wanted
        # test skips its twin.
        beside = passes(seen, made.twins[test]) if test in made.twins else module in passing
        if seen.ended == "finished" and not fails(seen, test) and beside:
            return f"a test that must fail vanished beside tests that pass, in {module}"
    if lost := sorted(module for module in seen.collection_errors if module in passing):
        return f"tests pass in {lost[0]}, which cannot be collected"
    return ""


def passes(seen: SuiteReport, test: str) -> bool:
    """Whether a run reported that test as passed, expectedly or not."""
    return test in seen.tests and seen.tests[test].outcome in ("passed", "xpassed")
