"""The verdict on a candidate: the tests that it may make fail, run in the fastest way that is exact."""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from smith_lib import diffs
from smith_lib.sandbox.suite import SuiteJob, SuiteReport
from smith_lib.sandbox.warm import Order, WarmReport, Worker
from smith_lib.types import Candidate, Failure, Outcome, Strategy, Tier, Verdict
from smith_lib.validate.bench import IDLE, UNKNOWN, Bench, Plan, plan
from smith_lib.validate.reached import strange

VERSION = 7
SHIPPED = (Outcome.VALID, Outcome.SUBTLE)
CHEAP = 2.0
"""Clean seconds of tests that are run for every bug in the band, whether they execute it or not."""
SLOW = 4.0
"""Seconds that chosen tests take on clean code from which on the slow ones of them wait for the others."""
USUAL = 64
"""Sets of tests of which it is remembered what they leave of their process."""
DIGESTS = 64
"""Values on clean code that are remembered of one name."""
LITTLE = 0.5
"""Clean seconds of chosen tests that a run more is no matter for."""
KEPT = 5
"""Failures that a verdict keeps as evidence."""


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
    """The verdict by cold runs of all tests. Raises `EngineError` where the sandbox itself broke."""
    return Clerk(replace(bench, tiers=(Tier.COLD,), coverage=UNKNOWN), None).judge(candidate)


class Clerk:
    """Judges one candidate after the other with one worker."""

    def __init__(self, bench: Bench, worker: Worker | None, modules: Sequence[str] = ()) -> None:
        """Without a worker every run is a cold one."""
        self.bench, self.worker, self.modules = bench, worker, tuple(modules)
        self.inside = 0.0
        """Seconds spent in tests, of the warm runs."""
        self._usual: dict[tuple[Tier, tuple[str, ...]], frozenset[str]] = {}
        self._clean: dict[tuple[str, str], set[int]] = {}
        """Digests of what tests leave changed of objects on clean code."""
        self._held: tuple[WarmReport, WarmReport] | None = None
        """What imports make of clean code, twice."""
        self._told: WarmReport | None = None
        """Of the last warm run."""

    def judge(self, candidate: Candidate, planned: Plan | None = None) -> Verdict:
        """The verdict. Raises `EngineError` where the sandbox itself broke."""
        started = time.monotonic()
        if planned is None:
            try:
                planned = plan(diffs.apply(candidate.bug_patch, self.bench.clean), self.bench)
            except diffs.DoesNotApply as error:
                return self._verdict(candidate, started, Outcome.APPLY_FAILED, str(error))
        if self._may_narrow(planned):
            planned = self._narrowed(planned)
            if not planned.tests:
                reason = "no test meets what it changes where it is imported"
                return self._verdict(candidate, started, Outcome.NO_FAILURE, reason, tier=Tier.FORK)
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

    def _may_narrow(self, planned: Plan) -> bool:
        """Whether it pays to look at what imports make of the bug, before all tests are run for it."""
        known = planned.at_import and planned.meeting is not None and self.bench.reached is not None
        return (known and self.worker is not None and planned.tiers[0] is Tier.FORK
                and self.bench.clean_seconds(planned.tests) > self.bench.look_from)  # fmt: skip

    def _narrowed(self, planned: Plan) -> Plan:
        """The plan with the tests alone that execute the change or meet what it changes by being imported."""
        assert planned.meeting is not None and self.bench.reached is not None
        if self._held is None:
            self._held = self._look({}), self._look({})
        (clean, again), buggy = self._held, self._look(planned.files)
        if not (clean.held and again.held and buggy.held) or buggy.report.collection_errors:
            return planned
        differs = strange(clean.held, again.held, buggy.held)
        if differs is None:
            return planned
        tests, tiers = {*planned.meeting}, planned.tiers
        if differs.anything:
            loaded = {*clean.report.loaded, *buggy.report.loaded}
            met = self.bench.reached().tests(differs, clean.held, loaded)
            if met is None:
                return planned
            tests |= {*met}
        elif Tier.SWAP in self.bench.tiers and self.bench.slowest.keys().isdisjoint(tests):
            tiers = (Tier.SWAP, *tiers)
        if not self.bench.together.isdisjoint(tests):  # they need what runs before them
            return planned
        return replace(planned, tests=tuple(sorted(tests)), tiers=tiers)

    def _look(self, files: Mapping[str, str]) -> WarmReport:
        """What imports and collection make of these files."""
        longest = self.bench.patience((), Tier.FORK)
        return self._warm(Tier.FORK, 1, Order(files, None, longest, max(IDLE, longest), held=True))

    def _tried(self, candidate: Candidate, planned: Plan, tier: Tier, started: float) -> Verdict | Tier:
        """The verdict of one tier; where it cannot tell, the tier itself or, after a crash, `cold`."""
        want, reliable = self.bench.settings, self.bench.reliable
        if tier is Tier.COLD:
            planned = replace(planned, tests=reliable)
        full = self.bench.full or candidate.strategy is Strategy.GIVEN
        least = want.max_fail_ratio * len(reliable)
        first: SuiteReport | None = None
        f2p: tuple[str, ...] = ()
        made = 0
        calm: bool | None = None
        # What tests come to may depend on those before them: on whether they execute the change at all.
        together = planned.only_together and planned.tests != reliable
        alone = planned.only_alone if planned.tests != reliable else frozenset[str]()

        def verdict(outcome: Outcome, reason: str) -> Verdict:
            return self._verdict(candidate, started, outcome, reason, f2p, first, made, tier)

        runs = 1 if want.confirm == "cold" and tier is not Tier.COLD else want.runs
        stop = None if full else max(1, math.ceil(least))
        others = self._others(planned) if runs > 1 and tier is not Tier.COLD else []
        cheap: tuple[str, ...] = ()
        if stop and tier is not Tier.COLD:
            likely = self.bench.likely.get(candidate.bug_patch, ()) if stop == 1 else ()
            cheap = self._first(likely, planned.tests) or self._cheap(planned.tests, least)
        if cheap:
            longest = self.bench.patience(cheap, tier)
            run = self._run(tier, 1, Order(planned.files, cheap, longest, max(IDLE, longest), stop, KEPT))
            if isinstance(run, Tier):
                return run
            if run.ended == "timeout":
                return verdict(Outcome.TIMEOUT, "the cheap tests took more than they may, or hung")
            broken = tuple(t for t in cheap if t in run.tests and run.tests[t].outcome != "passed")
            if len(broken) >= least:
                first, f2p, made = run, broken, 1
                reason = f"at least {len(f2p)} of {len(reliable)} reliable tests fail"
                return verdict(Outcome.TOO_BROKEN, reason)
        for seed in range(1, runs + 1):
            wide = seed == 2 and tier is not Tier.COLD
            by_order = wide and (together or not alone.isdisjoint(f2p))
            if by_order:
                tests = self._all(planned)
            else:
                tests = self._wider(planned, others, f2p, calm) if wide else planned.tests
            longest = self.bench.patience(tests, tier)
            look = first is None and tier is Tier.SWAP and self._pays(planned, others)
            look = look and not together
            keep = KEPT if first is None else 0
            order = Order(planned.files, tests, longest, max(IDLE, longest), stop, keep, state=look)
            run = self._run(tier, seed, order)
            if isinstance(run, Tier):
                return run
            made += 1
            if run.ended == "timeout":
                return verdict(Outcome.TIMEOUT, f"run {made} took more than its tests may, or hung")
            now = failing(run, tests)
            if run.ended == "stopped":
                now = tuple(t for t in tests if t in run.tests and run.tests[t].outcome != "passed")
            if (
                # A test that fails may leave behind what makes others fail that never meet the bug.
                not set(now) <= set(planned.tests)
                or (full and len(now) >= least and tests != reliable)
                or (by_order and now != f2p)
            ):
                if self.bench.slowest:
                    return Tier.COLD
                return self._tried(candidate, replace(planned, tests=reliable), tier, started)
            if first is None:
                first, f2p = run, now
                if len(f2p) < least and order.state:
                    calm = self._calm(order)
                if not f2p and calm is not False and not (together and runs > 1):
                    return verdict(Outcome.NO_FAILURE, "every reliable test passes")
                if len(f2p) >= least:
                    some = "at least " if run.ended == "stopped" else ""
                    reason = f"{some}{len(f2p)} of {len(reliable)} reliable tests fail"
                    return verdict(Outcome.TOO_BROKEN, reason)
            elif now != f2p:
                differing = sorted(set(now) ^ set(f2p))
                reason = f"run {made} differs in {len(differing)} tests: {differing[0]}"
                return verdict(Outcome.FLAKY, reason)
            elif not f2p:
                return verdict(Outcome.NO_FAILURE, "every reliable test passes, those that run later too")
        subtle = len(f2p) < want.subtle_below * len(reliable)
        reason = f"{len(f2p)} of {len(reliable)} reliable tests fail in {made} runs"
        return verdict(Outcome.SUBTLE if subtle else Outcome.VALID, reason)

    def _first(self, likely: Sequence[str], tests: Sequence[str]) -> tuple[str, ...]:
        """The likely ones of the tests, where they are few."""
        found = {*likely} & {*tests}
        few = 0 < 2 * len(found) <= len(tests) and all(map(self._is_told, found))
        return tuple(sorted(found)) if few and self.bench.together.isdisjoint(found) else ()

    def _cheap(self, tests: Sequence[str], least: float) -> tuple[str, ...]:
        """The cheap ones of slow tests, where so many of them fail that they may decide alone; else none."""
        seconds = self.bench.seconds
        whole = self.bench.clean_seconds(tests)
        if whole < SLOW or not (self.bench.together | self.bench.coverage.company.keys()).isdisjoint(tests):
            return ()
        found, spent = [], 0.0
        for test in sorted(tests, key=lambda test: (seconds.get(test, 0.0), test)):
            spent += seconds.get(test, 0.0)
            if spent > whole / 4:
                break
            found.append(test)
        return tuple(sorted(found)) if len(found) >= least else ()

    def _all(self, planned: Plan) -> tuple[str, ...]:
        """The chosen tests and all others that a warm process tells."""
        return tuple(sorted({*planned.tests, *filter(self._is_told, self.bench.reliable)}))

    def _is_told(self, test: str) -> bool:
        return test not in self.bench.slowest and test not in self.bench.coverage.company

    def _others(self, planned: Plan) -> list[str]:
        """The tests that come after the first chosen one and are not chosen, in their order."""
        chosen, later = set(planned.tests), list(self.bench.seconds)
        first = next((at for at, test in enumerate(later) if test in chosen), 0)
        return [test for test in later[first:] if test not in chosen and self._is_told(test)]

    def _pays(self, planned: Plan, others: Sequence[str]) -> bool:
        """Whether looking at what tests leave, which may take a clean run, may save a wide run."""
        seconds = self.bench.clean_seconds
        return bool(others) and (seconds(others) > seconds(planned.tests) or seconds(planned.tests) < LITTLE)

    def _wider(
        self, planned: Plan, others: Sequence[str], f2p: Sequence[str], calm: bool | None
    ) -> tuple[str, ...]:
        """The tests of a second run, to see whether chosen tests make others fail after them.

        Where the chosen ones leave objects as they do on clean code: of the others those that share a fixture
        with a failing one. Else all where that costs little, or those in the files that hold a failing one.
        """
        bench, more = self.bench, list(others)
        if calm:
            assert self.worker is not None
            ready = self.worker.ready(Tier.SWAP.value, 1, self.modules)
            fixtures = {n for test in f2p if test in ready.place for n in ready.shared[ready.place[test]]}
            more = [t for t in others if t in ready.place and ready.shared[ready.place[t]] & fixtures]
        elif bench.clean_seconds(others) > max(CHEAP, 3 * bench.clean_seconds(planned.tests)):
            modules = {test.partition("::")[0] for test in f2p}
            more = [t for t in others if t.partition("::")[0] in modules and t not in bench.together]
        return tuple(sorted({*more, *planned.tests}))

    def _calm(self, order: Order) -> bool | None:
        """Whether the last run left objects as tests leave them on clean code; None where nobody knows."""
        assert self._told is not None
        state = self._told.state
        if state is None:
            return None
        strange = {name: digest for name, digest in state.items() if digest not in self._clean.get(name, ())}
        if not strange:
            return True
        clean = self._warm(Tier.SWAP, 1, replace(order, files={}, stop=None, keep_failures=0)).state
        if clean is None:
            return None
        for name, digest in clean.items():
            known = self._clean.setdefault(name, set())
            if len(known) < DIGESTS:
                known.add(digest)
        return strange.items() <= clean.items()

    def _run(self, tier: Tier, seed: int, order: Order) -> SuiteReport | Tier:
        """One run; where that tier cannot tell, the tier itself or, after a crash, `cold`."""
        bench = self.bench
        if tier is Tier.COLD:
            job = SuiteJob(
                bench.args, order.files, hash_seed=seed, idle_seconds=bench.idle_seconds,
                keep_failures=order.keep_failures,
            )  # fmt: skip
            return bench.run(job, bench.limits)
        told = self._warm(tier, seed, order)
        if told.crashed:  # what was killed from outside is not killed again
            told = self._warm(tier, seed, order)
        self._told = told
        self.inside += sum(result.seconds for result in told.report.tests.values())
        if told.elsewhere:
            return Tier.COLD if told.crashed else tier
        if told.left and not self._usually(tier, seed, order) >= set(told.left):
            return Tier.COLD  # the tests that do not execute what changes would find it so too
        return told.report

    def _usually(self, tier: Tier, seed: int, order: Order) -> frozenset[str]:
        """What the tests of an order leave changed of their process on clean code."""
        assert order.tests is not None
        asked = tier, order.tests
        if asked not in self._usual:
            told = self._warm(tier, seed, replace(order, files={}, stop=None, keep_failures=0))
            if len(self._usual) >= USUAL:
                self._usual.clear()
            self._usual[asked] = frozenset(told.left)
        return self._usual[asked]

    def _warm(self, tier: Tier, seed: int, order: Order) -> WarmReport:
        assert self.worker is not None
        return self.worker.run(tier.value, seed, order, self.modules)

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
