"""The verdict on a candidate: the tests that it may make fail, run in the fastest way that is exact."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from smith_lib import diffs
from smith_lib.sandbox.protocol import Limits
from smith_lib.sandbox.suite import SuiteJob, SuiteReport
from smith_lib.sandbox.warm import Order, WarmReport, Worker
from smith_lib.settings import ValidateSettings
from smith_lib.types import Candidate, Failure, Outcome, Tier, Verdict
from smith_lib.validate.affected import touched
from smith_lib.validate.coverage import Affected, Map

VERSION = 2
SHIPPED = (Outcome.VALID, Outcome.SUBTLE)
KEPT = 5
"""Failures that a verdict keeps as evidence."""

SuiteRunner = Callable[[SuiteJob, Limits], SuiteReport]
"""Runs a suite once in a fresh sandbox: `run_suite` with its sandbox and environment bound."""


UNKNOWN = Map((), ())
"""The coverage of a repository of which none is known."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that the candidates of one repository are judged with."""

    run: SuiteRunner
    """A cold run of the whole suite."""
    args: tuple[str, ...]
    reliable: tuple[str, ...]
    """Node ids, sorted."""
    clean: Callable[[str], str]
    """The clean text of a file of the tree; `OSError` where there is none."""
    limits: Limits
    """Of a cold run; its seconds are of processor time."""
    idle_seconds: float
    """How long a cold run may use hardly any processor time."""
    settings: ValidateSettings
    coverage: Map = UNKNOWN
    seconds: Mapping[str, float] = field(default_factory=dict)
    """What each reliable test takes on clean code."""
    tiers: tuple[Tier, ...] = (Tier.COLD,)
    """Fast ones first."""
    slowest: Mapping[str, Tier] = field(default_factory=dict)
    """Tests that some tier does not tell, with the fastest that does."""
    together: frozenset[str] = frozenset()
    """Tests that fail by themselves on clean code."""
    full: bool = False
    """Whether all failing tests are wanted of a candidate that is too broken."""

    def below(self, tier: Tier) -> "Bench":
        """The same without that tier."""
        return replace(self, tiers=tuple(t for t in self.tiers if t is not tier))


@dataclass(frozen=True, slots=True)
class Plan:
    """How one candidate is judged."""

    files: Mapping[str, str]
    tests: tuple[str, ...]
    tiers: tuple[Tier, ...]
    """To be tried in this order."""


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


def plan(files: Mapping[str, str], bench: Bench) -> Plan:
    """Which tests have to run, and in which ways they may."""
    if bench.coverage.known:
        changes = {path: touched(bench.clean(path), text) for path, text in files.items()}
        affected = bench.coverage.affected(changes)
    else:
        affected = Affected(bench.reliable, True, "what its tests execute is not known")
    tests = affected.tests
    if not bench.together.isdisjoint(tests):  # they need what runs before them
        tests = bench.reliable
    slowest = {bench.slowest[test] for test in tests if test in bench.slowest}
    tiers = [
        tier
        for tier in bench.tiers
        if not (tier is Tier.SWAP and (affected.at_import or slowest & {Tier.FORK, Tier.COLD}))
        and not (tier is Tier.FORK and Tier.COLD in slowest)
    ]
    return Plan(files, tests, tuple(tiers))


def judge(candidate: Candidate, bench: Bench) -> Verdict:
    """The verdict by cold runs alone. Raises `EngineError` where the sandbox itself broke."""
    return Clerk(replace(bench, tiers=(Tier.COLD,), coverage=UNKNOWN), None).judge(candidate)


class Clerk:
    """Judges one candidate after the other with one worker."""

    def __init__(self, bench: Bench, worker: Worker | None, modules: Sequence[str] = ()) -> None:
        """Without a worker every run is a cold one."""
        self.bench, self.worker, self.modules = bench, worker, tuple(modules)
        self.inside = 0.0
        """Seconds spent in tests, of the warm runs."""
        self._usual: dict[tuple[Tier, tuple[str, ...]], frozenset[str]] = {}

    def judge(self, candidate: Candidate) -> Verdict:
        """The verdict. Raises `EngineError` where the sandbox itself broke."""
        started = time.monotonic()
        try:
            files = diffs.apply(candidate.bug_patch, self.bench.clean)
        except diffs.DoesNotApply as error:
            return self._verdict(candidate, started, Outcome.APPLY_FAILED, str(error))
        planned = plan(files, self.bench)
        if not planned.tests:
            reason = "no reliable test executes what changes"
            return self._verdict(candidate, started, Outcome.NOT_COVERED, reason, tier=planned.tiers[0])
        cold_too = self.bench.settings.confirm == "cold"
        left = list(planned.tiers)
        while left:
            told = self._tried(candidate, planned, left.pop(0), started)
            if isinstance(told, Verdict):
                if not (cold_too and told.outcome in SHIPPED and told.tier is not Tier.COLD):
                    return told
                left = [Tier.COLD]
            elif told is Tier.COLD:
                left = [Tier.COLD]
        raise AssertionError("a cold run tells every outcome")

    def _tried(self, candidate: Candidate, planned: Plan, tier: Tier, started: float) -> Verdict | Tier:
        """The verdict of one tier; where it cannot tell, the tier itself or, after a crash, `cold`."""
        want, total = self.bench.settings, len(self.bench.reliable)
        first: SuiteReport | None = None
        f2p: tuple[str, ...] = ()
        made = 0

        def verdict(outcome: Outcome, reason: str) -> Verdict:
            return self._verdict(candidate, started, outcome, reason, f2p, first, made, tier)

        runs = 1 if want.confirm == "cold" and tier is not Tier.COLD else want.runs
        own = planned.tests
        for seed in range(1, runs + 1):
            run = self._run(planned, tier, seed, KEPT if first is None else 0)
            if isinstance(run, Tier):
                return run
            made += 1
            if run.ended == "timeout":
                return verdict(Outcome.TIMEOUT, f"run {made} took more than its tests may, or hung")
            # A cold run is of all tests, and a bug that ends it takes along those that do not execute it.
            now = failing(run, self.bench.reliable if tier is Tier.COLD else planned.tests)
            if tier is not Tier.COLD and not set(now) <= set(own):
                return Tier.COLD
            if run.ended == "stopped":
                now = tuple(t for t in planned.tests if t in run.tests and run.tests[t].outcome != "passed")
            if first is None:
                first, f2p = run, now
                if not f2p:
                    return verdict(Outcome.NO_FAILURE, "every reliable test passes")
                if len(f2p) >= want.max_fail_ratio * total:
                    least = "at least " if run.ended == "stopped" else ""
                    return verdict(Outcome.TOO_BROKEN, f"{least}{len(f2p)} of {total} reliable tests fail")
                planned = self._wider(planned, f2p)
            elif now != f2p:
                differing = sorted(set(now) ^ set(f2p))
                return verdict(
                    Outcome.FLAKY, f"run {made} differs in {len(differing)} tests: {differing[0]}"
                )
        subtle = len(f2p) < want.subtle_below * total
        reason = f"{len(f2p)} of {total} reliable tests fail in {made} runs"
        return verdict(Outcome.SUBTLE if subtle else Outcome.VALID, reason)

    def _wider(self, planned: Plan, f2p: Sequence[str]) -> Plan:
        """With the other tests of the files in which some fail, which may end otherwise for that alone.

        Plugins and fixtures see to that: tests that do not run once one of their class has failed.
        """
        files = {test.split("::")[0] for test in f2p}
        known = self.bench.slowest.keys() | self.bench.together
        more = {t for t in self.bench.reliable if t.split("::")[0] in files and t not in known}
        return replace(planned, tests=tuple(sorted(more.union(planned.tests))))

    def _run(self, planned: Plan, tier: Tier, seed: int, keep: int) -> SuiteReport | Tier:
        """One run; where that tier cannot tell, the tier itself or, after a crash, `cold`."""
        bench = self.bench
        if tier is Tier.COLD:
            job = SuiteJob(
                bench.args, planned.files, hash_seed=seed, idle_seconds=bench.idle_seconds, keep_failures=keep
            )
            return bench.run(job, bench.limits)
        told = self._warm(planned, tier, seed, keep)
        if told.elsewhere:
            return Tier.COLD if told.crashed else tier
        if told.left and not self._usually(planned, tier, seed) >= set(told.left):
            return Tier.COLD  # the tests that do not execute what changes would find it so too
        return told.report

    def _usually(self, planned: Plan, tier: Tier, seed: int) -> frozenset[str]:
        """What those tests leave changed of their process on clean code."""
        asked = tier, planned.tests
        if asked not in self._usual:
            told = self._warm(replace(planned, files={}), tier, seed, 0)
            self._usual[asked] = frozenset(told.left)
        return self._usual[asked]

    def _warm(self, planned: Plan, tier: Tier, seed: int, keep: int) -> WarmReport:
        bench = self.bench
        assert self.worker is not None
        longest = patience(sum(bench.seconds.get(test, 0.0) for test in planned.tests), bench.settings)
        least = -(-bench.settings.max_fail_ratio * len(bench.reliable) // 1)
        stop = None if bench.full else max(1, int(least))
        order = Order(planned.files, planned.tests, longest, longest, stop, keep)
        told = self.worker.run(tier.value, seed, order, self.modules)
        self.inside += sum(result.seconds for result in told.report.tests.values())
        return told

    def _verdict(
        self,
        candidate: Candidate,
        started: float,
        outcome: Outcome,
        reason: str,
        f2p: tuple[str, ...] = (),
        first: SuiteReport | None = None,
        runs: int = 0,
        tier: Tier = Tier.COLD,
    ) -> Verdict:
        broken = set(f2p)
        rest = outcome in SHIPPED or (self.bench.full and runs > 0)
        return Verdict(
            repo_id=candidate.repo_id,
            candidate_id=candidate.candidate_id,
            outcome=outcome,
            reason=reason,
            fail_to_pass=tuple(sorted(f2p)),
            pass_to_pass=tuple(sorted(t for t in self.bench.reliable if t not in broken)) if rest else (),
            fail_ratio=len(f2p) / len(self.bench.reliable),
            runs=runs,
            seconds=round(time.monotonic() - started, 3),
            tier=tier,
            audit="",
            failures=evidence(first, f2p) if first else (),
        )
