"""What clean runs make of tests."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from smith_lib.sandbox.protocol import Limits
from smith_lib.sandbox.suite import Executed, SuiteJob, SuiteReport, TestResult
from smith_lib.types import Stability
from smith_lib.validate.baseline import baseline, stability

EXECUTED = (Executed("t.py::a", (("pkg/a.py", (3, 9)),), ()),)


def report(
    ended: str, tests: Mapping[str, TestResult] | None = None, *loaded: str, detail: str = ""
) -> SuiteReport:
    return SuiteReport(ended, tests or {}, {}, (), (), (), loaded, "3.11.2", "8.3", 10.0, 1.0, detail)


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        (("passed", "passed", "passed"), Stability.RELIABLE),
        (("passed", "failed", "passed"), Stability.FLAKY),
        (("passed", "missing", "passed"), Stability.FLAKY),
        (("passed", "skipped", "passed"), Stability.FLAKY),
        (("failed", "failed", "error"), Stability.BROKEN),
        (("skipped", "skipped", "skipped"), Stability.SKIPPED),
        (("xfailed", "xfailed", "xfailed"), Stability.SKIPPED),
        (("xpassed", "xpassed", "xpassed"), Stability.SKIPPED),
    ],
)
def test_a_test_is_reliable_only_if_it_passes_every_time(
    outcomes: tuple[str, ...], expected: Stability
) -> None:
    assert stability(outcomes) is expected


def test_each_clean_run_has_a_hash_seed_of_its_own_and_tracing_decides_nothing() -> None:
    seeds: list[int] = []

    def run(job: SuiteJob, limits: Limits) -> SuiteReport:
        if job.trace:
            tests = {"t.py::a": TestResult("failed", 9.0), "t.py::only_traced": TestResult("passed", 9.0)}
            return replace(report("timeout", tests, "pkg/b.py"), executed=EXECUTED)
        seeds.append(job.hash_seed)
        flaky = "passed" if job.hash_seed == 1 else "failed"
        tests = {"t.py::a": TestResult("passed", 0.1 * job.hash_seed), "t.py::b": TestResult(flaky, 0.1)}
        return replace(report("finished", tests, "pkg/a.py"), seconds=float(job.hash_seed),
                       cpu_seconds=job.hash_seed / 2)  # fmt: skip

    found = baseline("r", run, (), 3, Limits(10))
    assert sorted(seeds) == [1, 2, 3]
    assert [(t.test_id, t.stability) for t in found.tests] == [
        ("t.py::a", Stability.RELIABLE),
        ("t.py::b", Stability.FLAKY),
    ]
    assert found.tests[1].outcomes == ("passed", "failed", "failed")
    assert found.n_reliable == 1
    assert (found.seconds, found.cpu_seconds, found.broken) == (2.0, 1.0, "")
    assert found.traced.executed == EXECUTED
    assert found.loaded == ("pkg/a.py", "pkg/b.py")


def test_a_clean_run_that_does_not_finish_breaks_the_baseline() -> None:
    def run(job: SuiteJob, limits: Limits) -> SuiteReport:
        ended = "timeout" if job.hash_seed == 2 else "finished"
        return report(ended, detail="first\nlast words\n")

    assert "timeout after 10 s: last words" in baseline("r", run, (), 3, Limits(10)).broken


def test_a_suite_that_does_not_finish_is_not_traced() -> None:
    traced: list[bool] = []

    def run(job: SuiteJob, limits: Limits) -> SuiteReport:
        traced.append(job.trace)
        return report("timeout", detail="hung\n")

    assert baseline("r", run, (), 3, Limits(10)).broken
    assert traced == [False] * 3
