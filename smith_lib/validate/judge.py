"""The verdict on a candidate: the whole suite in a fresh sandbox, cold, until enough runs agree."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from smith_lib import diffs
from smith_lib.progress import report
from smith_lib.sandbox.protocol import Limits
from smith_lib.sandbox.suite import SuiteJob, SuiteReport
from smith_lib.settings import ValidateSettings
from smith_lib.types import Candidate, Failure, Outcome, Tier, Verdict

VERSION = 1
KEPT = 5
"""Failures that a verdict keeps as evidence."""

SuiteRunner = Callable[[SuiteJob, Limits], SuiteReport]
"""Runs a suite once in a fresh sandbox: `run_suite` with its sandbox and environment bound."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that the candidates of one repository are judged with."""

    run: SuiteRunner
    args: tuple[str, ...]
    reliable: tuple[str, ...]
    """Node ids, sorted."""
    clean: Callable[[str], str]
    """The clean text of a file of the tree; `OSError` where there is none."""
    limits: Limits
    """Of one run; its seconds are of processor time."""
    idle_seconds: float
    """How long a run may use hardly any processor time."""
    settings: ValidateSettings


def patience(clean_seconds: float, settings: ValidateSettings) -> float:
    """The seconds, of the processor or of waiting, that a run may take whose clean run takes so many."""
    return max(settings.timeout_floor, settings.timeout_factor * clean_seconds)


def failing(run: SuiteReport, reliable: Sequence[str]) -> tuple[str, ...]:
    """The reliable tests that did not pass: failed, in error, skipped, vanished or not collected."""
    return tuple(t for t in reliable if (result := run.tests.get(t)) is None or result.outcome != "passed")


def evidence(run: SuiteReport, f2p: Sequence[str]) -> tuple[Failure, ...]:
    """What was seen of the failing tests, and of the modules that could not be collected and hold some."""
    broken = set(f2p)
    seen = [f for f in run.failures if f.test_id in broken]
    for module, why in run.collection_errors.items():
        if any(test.startswith(f"{module}::") for test in f2p):
            exception, colon, message = why.partition(": ")
            named = bool(colon) and exception.replace(".", "").isidentifier()
            seen.append(Failure(module, exception if named else "", message if named else why, ()))
    return tuple(seen[:KEPT])


def judge(candidate: Candidate, bench: Bench) -> Verdict:
    """One candidate's verdict. Raises `EngineError` where the sandbox itself broke."""
    started = time.monotonic()
    runs = 0

    def verdict(
        outcome: Outcome, reason: str, f2p: tuple[str, ...] = (), first: SuiteReport | None = None
    ) -> Verdict:
        shipped = outcome in (Outcome.VALID, Outcome.SUBTLE)
        broken = set(f2p)
        return Verdict(
            repo_id=candidate.repo_id,
            candidate_id=candidate.candidate_id,
            outcome=outcome,
            reason=reason,
            fail_to_pass=tuple(sorted(f2p)),
            pass_to_pass=tuple(sorted(t for t in bench.reliable if t not in broken)) if shipped else (),
            fail_ratio=len(f2p) / len(bench.reliable),
            runs=runs,
            seconds=round(time.monotonic() - started, 3),
            tier=Tier.COLD,
            failures=evidence(first, f2p) if first else (),
        )

    try:
        files = diffs.apply(candidate.bug_patch, bench.clean)
    except diffs.DoesNotApply as error:
        return verdict(Outcome.APPLY_FAILED, str(error))
    first: SuiteReport | None = None
    f2p: tuple[str, ...] = ()
    total = len(bench.reliable)
    for seed in range(bench.settings.runs):
        job = SuiteJob(bench.args, files, hash_seed=seed + 1, idle_seconds=bench.idle_seconds)
        run = bench.run(job, bench.limits)
        runs += 1
        if run.ended == "timeout":
            reason = f"run {runs} took more than {bench.limits.seconds:.0f} s, or hung"
            return verdict(Outcome.TIMEOUT, reason)
        now = failing(run, bench.reliable)
        if first is None:
            first, f2p = run, now
            if not f2p:
                return verdict(Outcome.NO_FAILURE, "every reliable test passes")
            if len(f2p) >= bench.settings.max_fail_ratio * total:
                return verdict(Outcome.TOO_BROKEN, f"{len(f2p)} of {total} reliable tests fail", f2p, first)
        elif now != f2p:
            differing = sorted(set(now) ^ set(f2p))
            reason = f"run {runs} differs in {len(differing)} tests: {differing[0]}"
            return verdict(Outcome.FLAKY, reason, f2p, first)
    subtle = len(f2p) < bench.settings.subtle_below * total
    reason = f"{len(f2p)} of {total} reliable tests fail in {runs} runs"
    return verdict(Outcome.SUBTLE if subtle else Outcome.VALID, reason, f2p, first)


def verdicts(candidates: Sequence[Candidate], bench: Bench, workers: int) -> list[Verdict]:
    """The candidates' verdicts, in their order. The first broken sandbox ends the rest."""
    if not candidates:
        return []
    repo_id, total, done = candidates[0].repo_id, len(candidates), 0
    report("validate", repo_id, 0, total)
    pool = ThreadPoolExecutor(workers)

    def count(judged: Future[Verdict]) -> None:
        nonlocal done
        if judged.cancelled() or judged.exception():
            return
        done += 1
        report("validate", repo_id, done, total)

    try:
        futures = [pool.submit(judge, c, bench) for c in candidates]
        for future in futures:
            future.add_done_callback(count)
        ended, _ = wait(futures, return_when=FIRST_EXCEPTION)
        for future in ended:
            future.result()
        return [future.result() for future in futures]
    finally:
        pool.shutdown(cancel_futures=True)
