"""The clean suite, run several times: which tests are reliable, and what is executed when."""

import statistics
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from smith_lib.progress import report
from smith_lib.sandbox.protocol import Limits
from smith_lib.sandbox.suite import SuiteJob, SuiteReport
from smith_lib.types import Stability, Test, Tier
from smith_lib.validate.bench import SuiteRunner

IDLE = frozenset({"skipped", "xfailed", "xpassed"})
"""Outcomes that say nothing of the code; a test with no other takes part in nothing and costs nothing."""
TRACED = 4
"""How many times as long a run may take that is traced."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What the clean runs said."""

    tests: tuple[Test, ...]
    traced: SuiteReport
    """What a further run saw of the statements that are executed."""
    loaded: tuple[str, ...]
    """The tree's Python files that the suite imports, relative, sorted."""
    seconds: float
    """Median wall seconds of a run."""
    cpu_seconds: float
    """Median processor seconds of a run."""
    python: str
    pytest: str
    broken: str
    """Why the suite could not be run, or an empty string."""

    @property
    def n_reliable(self) -> int:
        """Tests that passed in every run."""
        return sum(t.stability is Stability.RELIABLE for t in self.tests)


def stability(outcomes: Sequence[str]) -> Stability:
    """What a test's outcomes over the clean runs make it."""
    if all(o == "passed" for o in outcomes):
        return Stability.RELIABLE
    if all(o in IDLE for o in outcomes):
        return Stability.SKIPPED
    return Stability.FLAKY if "passed" in outcomes else Stability.BROKEN


def tests_of(repo_id: str, reports: Sequence[SuiteReport]) -> tuple[Test, ...]:
    """A row for every test that any of the clean runs saw, in the first run's order."""
    ids = list(dict.fromkeys(test_id for r in reports for test_id in r.tests))
    rows = []
    for test_id in ids:
        results = [r.tests.get(test_id) for r in reports]
        outcomes = tuple(r.outcome if r else "missing" for r in results)
        seconds = statistics.median(r.seconds if r else 0.0 for r in results)
        file = test_id.split("::")[0]
        rows.append(
            Test(repo_id, test_id, file, outcomes, seconds, stability(outcomes), alone=False, tier=Tier.COLD)
        )
    return tuple(rows)


def baseline(
    repo_id: str, run: SuiteRunner, args: tuple[str, ...], runs: int, limits: Limits
) -> Baseline:
    """What the clean runs say, each under a hash seed of its own, and one more that sees what is executed."""
    jobs = [SuiteJob(args=args, hash_seed=seed + 1) for seed in range(runs)]
    # Tracing calls slows a suite down, and its outcomes are not used.
    traced = SuiteJob(args=args, hash_seed=1, trace=True)
    slow = replace(limits, seconds=limits.seconds * TRACED)
    done = 0

    def counted(job: SuiteJob) -> SuiteReport:
        nonlocal done
        result = run(job, slow if job.trace else limits)
        done += 1
        report("select", repo_id, done, runs + 1, "clean runs")
        return result

    with ThreadPoolExecutor(runs) as pool:
        clean = [pool.submit(counted, job) for job in jobs]
        first = next(iter(wait(clean, return_when=FIRST_COMPLETED).done)).result()
        # A suite that does not finish is not traced: that may take four times as long again.
        calls = counted(traced) if first.ended == "finished" else first
        reports = [future.result() for future in clean]
    unfinished = [r for r in reports if r.ended != "finished"]
    broken = ""
    if unfinished:
        first = unfinished[0]
        last = first.detail.strip().splitlines()[-1:] or [""]
        broken = f"a clean run of the suite ended by {first.ended} after {first.seconds:.0f} s: {last[0]}"
    return Baseline(
        tests=tests_of(repo_id, reports),
        traced=calls,
        loaded=tuple(sorted({*reports[0].loaded, *calls.loaded})),
        seconds=statistics.median(r.seconds for r in reports),
        cpu_seconds=statistics.median(r.cpu_seconds for r in reports),
        python=reports[0].python,
        pytest=reports[0].pytest,
        broken=broken,
    )
