"""The verdict's rules, over suite runs that are written down here."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from smith_lib import diffs
from smith_lib.errors import EngineError
from smith_lib.sandbox.protocol import Limits
from smith_lib.sandbox.suite import SuiteJob, SuiteReport, TestResult
from smith_lib.settings import ValidateSettings
from smith_lib.types import Candidate, Category, Complexity, Failure, Outcome, Strategy
from smith_lib.validate.bench import Bench, patience
from smith_lib.validate.crew import Crew, verdicts
from smith_lib.validate.judge import judge

TESTS = tuple(sorted(f"tests/test_a.py::test_{n}" for n in range(200)))
CLEAN = {"pkg/a.py": "def f(x):\n    return x + 1\n"}
BUGGY = {"pkg/a.py": "def f(x):\n    return x - 1\n"}


def report(
    failing: Iterable[str] = (), *, missing: Iterable[str] = (), ended: str = "finished"
) -> SuiteReport:
    bad, gone = set(failing), set(missing)
    tests = {t: TestResult("failed" if t in bad else "passed", 0.01) for t in TESTS if t not in gone}
    failures = tuple(Failure(t, "AssertionError", "no", ()) for t in sorted(bad)[:5])
    return SuiteReport(ended, tests, {}, failures, (), (), (), "3.11.2", "8.3", 1.0, 0.9, "")


def candidate(patch: str | None = None) -> Candidate:
    patch = diffs.make(CLEAN, BUGGY) if patch is None else patch
    return Candidate(
        "o__n.12345678", "o__n.12345678.op.1", Strategy.AST, "op", Category.OTHER, patch, ("pkg/a.py",),
        ("pkg/a.py::f",), 1, Complexity.SIMPLE, 0, "", 0.0, (),
    )  # fmt: skip


def bench(run: Callable[[SuiteJob, Limits], SuiteReport], runs: int = 3) -> Bench:
    return Bench(run, (), TESTS, CLEAN.__getitem__, Limits(10), 10, ValidateSettings(runs=runs))


def scripted(*reports: SuiteReport) -> tuple[Callable[[SuiteJob, Limits], SuiteReport], list[SuiteJob]]:
    jobs: list[SuiteJob] = []

    def run(job: SuiteJob, limits: Limits) -> SuiteReport:
        jobs.append(job)
        return reports[len(jobs) - 1]

    return run, jobs


def test_three_agreeing_runs_in_the_band_are_valid() -> None:
    failing = TESTS[3:6]
    run, jobs = scripted(*[report(failing)] * 3)
    verdict = judge(candidate(), bench(run))
    assert verdict.outcome is Outcome.VALID
    assert verdict.fail_to_pass == failing
    assert verdict.pass_to_pass == tuple(t for t in TESTS if t not in failing)
    assert verdict.fail_ratio == 3 / 200
    assert verdict.runs == 3
    assert [f.test_id for f in verdict.failures] == list(failing)
    assert len({job.hash_seed for job in jobs}) == 3
    assert all(job.files == BUGGY for job in jobs)


def test_fewer_than_one_percent_failing_is_subtle() -> None:
    assert judge(candidate(), bench(scripted(*[report(TESTS[:1])] * 3)[0])).outcome is Outcome.SUBTLE
    assert judge(candidate(), bench(scripted(*[report(TESTS[:2])] * 3)[0])).outcome is Outcome.VALID


@pytest.mark.parametrize(("failing", "outcome"), [(179, Outcome.VALID), (180, Outcome.TOO_BROKEN)])
def test_ninety_percent_failing_is_too_broken_and_not_run_again(failing: int, outcome: Outcome) -> None:
    run, jobs = scripted(*[report(TESTS[:failing])] * 3)
    assert judge(candidate(), bench(run)).outcome is outcome
    assert len(jobs) == (3 if outcome is Outcome.VALID else 1)


def test_a_suite_that_passes_is_run_once() -> None:
    run, jobs = scripted(report())
    verdict = judge(candidate(), bench(run))
    assert (verdict.outcome, verdict.runs, len(jobs)) == (Outcome.NO_FAILURE, 1, 1)
    assert verdict.pass_to_pass == ()


def test_tests_that_vanish_or_end_otherwise_count_as_failing() -> None:
    run, _ = scripted(*[report(missing=TESTS[:4])] * 3)
    assert judge(candidate(), bench(run)).fail_to_pass == TESTS[:4]
    skipping = report()
    skipping = replace(skipping, tests={**skipping.tests, TESTS[7]: TestResult("skipped", 0.0)})
    assert judge(candidate(), bench(scripted(*[skipping] * 3)[0])).fail_to_pass == (TESTS[7],)


def test_a_crash_counts_what_did_not_run() -> None:
    crash = report(missing=TESTS[100:], ended="crashed")
    verdict = judge(candidate(), bench(scripted(*[crash] * 3)[0]))
    assert (verdict.outcome, verdict.fail_to_pass) == (Outcome.VALID, TESTS[100:])


def test_a_module_that_cannot_be_collected_is_evidence_of_why() -> None:
    why = "ImportError: cannot import name 'f' from 'pkg.a'"
    errors = {"tests/test_a.py": why, "tests/test_b.py": ""}
    lost = replace(report(missing=TESTS[:100]), collection_errors=errors)
    [seen] = judge(candidate(), bench(scripted(*[lost] * 3)[0])).failures
    assert (seen.test_id, seen.exception) == ("tests/test_a.py", "ImportError")
    assert seen.message == "cannot import name 'f' from 'pkg.a'"


def test_runs_that_disagree_are_flaky_and_name_a_test() -> None:
    run, jobs = scripted(report(TESTS[:3]), report(TESTS[:4]), report(TESTS[:3]))
    verdict = judge(candidate(), bench(run))
    assert verdict.outcome is Outcome.FLAKY
    assert TESTS[3] in verdict.reason
    assert len(jobs) == 2


def test_a_run_that_hangs_is_a_timeout_even_when_it_is_not_the_first() -> None:
    assert judge(candidate(), bench(scripted(report(ended="timeout"))[0])).outcome is Outcome.TIMEOUT
    late = scripted(report(TESTS[:3]), report(TESTS[:3], ended="timeout"))[0]
    assert judge(candidate(), bench(late)).outcome is Outcome.TIMEOUT


@pytest.mark.parametrize("patch", ["", "nonsense", diffs.make({"gone.py": "a\n"}, {"gone.py": "b\n"})])
def test_a_patch_that_does_not_fit_is_an_outcome_and_runs_nothing(patch: str) -> None:
    run, jobs = scripted()
    verdict = judge(candidate(patch), bench(run))
    assert verdict.outcome is Outcome.APPLY_FAILED
    assert verdict.reason
    assert not jobs


def test_verdicts_keep_the_candidates_order_at_any_worker_count() -> None:
    many = [replace(candidate(), candidate_id=f"c{n}") for n in range(20)]
    for workers in (1, 4):
        found = verdicts(many, bench(lambda job, limits: report(TESTS[:3])), Crew(workers))
        assert [v.candidate_id for v in found] == [c.candidate_id for c in many]


def test_a_broken_sandbox_is_an_exception_not_an_outcome() -> None:
    def broken(job: SuiteJob, limits: Limits) -> SuiteReport:
        raise EngineError("the engine went away")

    with pytest.raises(EngineError, match="went away"):
        verdicts([candidate()] * 5, bench(broken), Crew(2))


def test_limits_scale_with_the_clean_suite_and_have_a_floor() -> None:
    settings = ValidateSettings(timeout_factor=5, timeout_floor=10)
    assert patience(0.5, settings) == 10
    assert patience(30, settings) == 150
