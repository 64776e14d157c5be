"""What clean code shows before any bug is judged: what each test executes, and which fast ways are true."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace

from smith_lib.progress import report
from smith_lib.sandbox.suite import Executed, SuiteReport
from smith_lib.sandbox.warm import NOTHING, Order, Ready, WarmReport, Worker
from smith_lib.types import Coverage, Stability, Test, Tier
from smith_lib.validate.coverage import Gathered
from smith_lib.validate.judge import failing

MOST_ODD = 0.1
"""Share of the tests that may end otherwise in a warm process, so that it serves at all."""
BATCH = 32
Afresh = Callable[[tuple[str, ...]], SuiteReport]
MOST_NAMES = 60_000
"""Characters of the names of tests that are run so."""
_EACH = 1.0
"""Seconds that one test run by itself may take beyond several times its own."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was found."""

    tiers: tuple[Tier, ...]
    reason: str
    """Why the other tiers are missing."""
    modules: tuple[str, ...]
    """Modules from outside the tree that the suite loads."""
    patterns: tuple[str, ...]
    """Regular expressions that it compiles, each as JSON."""
    alone: frozenset[str]
    """Reliable tests that pass when they are run by themselves."""
    odd: dict[Tier, frozenset[str]]
    """Reliable tests that end otherwise in that tier."""
    coverage: tuple[Coverage, ...]

    def of(self, test: Test) -> Test:
        """The test with what was found of it."""
        if test.stability is not Stability.RELIABLE:
            return test
        tier = next((t for t in self.tiers if test.test_id not in self.odd.get(t, ())), Tier.COLD)
        return replace(test, alone=test.test_id in self.alone, tier=tier)


def calibrate(
    repo_id: str,
    new_worker: Callable[[], Worker],
    tests: Sequence[Test],
    traced: SuiteReport,
    files: Iterable[str],
    workers: int,
    afresh: Afresh,
) -> Calibration:
    """What the clean suite shows in warm processes, `workers` at the same time.

    `afresh` runs some tests alone in a fresh sandbox and sees what they execute.
    """
    seconds = {t.test_id: t.seconds for t in tests if t.stability is Stability.RELIABLE}
    reliable = tuple(sorted(seconds))
    files = tuple(files)
    gathered = Gathered(files)
    for executed in traced.executed:
        gathered.add(executed.test_id, executed.lines, executed.why)
    reasons: list[str] = []
    odd: dict[Tier, frozenset[str]] = {}
    tiers: list[Tier] = []
    with ExitStack() as stack:
        first = stack.enter_context(new_worker())
        report("select", repo_id, 0, 0, "warming up")
        ready = first.ready("swap", 1)
        modules: tuple[str, ...] = ready.modules
        patterns: tuple[str, ...] = ()
        for tier in (Tier.SWAP, Tier.FORK):
            told, why, differing = _null(first, tier, ready, reliable, seconds)
            if tier is Tier.SWAP:
                modules, patterns = tuple(dict.fromkeys((*modules, *told.modules))), told.patterns
            if why:
                reasons.append(f"{tier}: {why}")
            else:
                tiers.append(tier)
                odd[tier] = differing
        if tiers:  # what a run leaves behind, a port that is taken for a while, shows in those after it
            _, why, again = _null(first, tiers[0], ready, reliable, seconds)
            if why:
                reasons.append(f"run again, {why}")
                tiers = []
            else:
                later = again - odd[tiers[0]]  # what that tier never told, the next one may
                odd = {tier: odd[tier] | later for tier in tiers}
        mapped = traced.ended == "finished" and set(files) <= set(traced.probed)
        unmapped = sorted(set(files) - set(traced.probed))
        if not mapped:
            how = f"{unmapped[0]} is loaded in a way of its own" if unmapped else f"the run {traced.ended}"
            reasons.append(f"what tests execute is not known: {how}")
            return Calibration(
                (*tiers, Tier.COLD), "; ".join(reasons), modules, patterns, frozenset(), odd, ()
            )
        crew = [first, *(stack.enter_context(new_worker()) for _ in range(_useful(workers, seconds) - 1))]
        alone, known = _alone(repo_id, crew, reliable, seconds, gathered)
    needy = set(reliable) - alone
    for test in needy - _in_company(afresh, needy, reliable, gathered):
        gathered.add(test, (), ("order" if test in known else "unknown",))
    rows = gathered.rows(repo_id, reliable)
    return Calibration((*tiers, Tier.COLD), "; ".join(reasons), modules, patterns, alone, odd, rows)


def _useful(workers: int, seconds: dict[str, float]) -> int:
    """As many workers as are worth their start."""
    return max(1, min(workers, round((sum(seconds.values()) + 0.02 * len(seconds)) / 4)))


def _null(
    worker: Worker, tier: Tier, ready: Ready, reliable: tuple[str, ...], seconds: dict[str, float]
) -> tuple[WarmReport, str, frozenset[str]]:
    """What a run of the clean suite in that tier told, why the tier does not serve, and the tests that end
    otherwise where it does."""
    if ready.why_not:
        why = f"the suite cannot be collected in a warm process: {ready.why_not}"
        return WarmReport(NOTHING, why), why, frozenset()
    if tier is Tier.SWAP and ready.threads > 1:
        why = f"{ready.threads} threads run once the suite is collected"
        return WarmReport(NOTHING, why), why, frozenset()
    longest = 10.0 + 10 * sum(seconds.values())
    learn = tier is Tier.SWAP
    told = worker.run(tier.value, 1, Order({}, reliable, longest, longest, learn=learn), ready.modules)
    if told.elsewhere or told.report.ended != "finished":
        return told, told.elsewhere or f"the clean suite ended by {told.report.ended}", frozenset()
    differing = failing(told.report, reliable)
    if len(differing) > MOST_ODD * len(reliable):
        why = f"{len(differing)} of {len(reliable)} tests end otherwise, e.g. {differing[0]}"
        return told, why, frozenset()
    return told, "", frozenset(differing)


def _alone(
    repo_id: str,
    crew: Sequence[Worker],
    reliable: Sequence[str],
    seconds: dict[str, float],
    gathered: Gathered,
) -> tuple[frozenset[str], set[str]]:
    """The tests that pass by themselves, and those that ended; what they execute then is gathered."""
    rank = crew[0].ready("trace", 1).place
    ordered = sorted(reliable, key=lambda test: rank.get(test, len(rank)))
    todo = [ordered[at : at + BATCH] for at in range(0, len(ordered), BATCH)]
    passed: set[str] = set()
    done = 0

    def work(worker: Worker) -> list[SuiteReport]:
        found = []
        while todo:
            batch = todo.pop(0)
            found += _batch(worker, batch, seconds)
            nonlocal done
            done += len(batch)
            report("select", repo_id, min(done, len(reliable)), len(reliable), "each test alone")
        return found

    with ThreadPoolExecutor(len(crew)) as pool:
        reports = [one for found in pool.map(work, crew) for one in found]
    known: set[str] = set()
    for one in reports:
        for executed in one.executed:
            if executed.test_id:
                known.add(executed.test_id)
                gathered.add(executed.test_id, executed.lines, executed.why, alone=True)
        passed |= {name for name, result in one.tests.items() if result.outcome == "passed"}
    return frozenset(passed & known & set(reliable)), known


def _in_company(afresh: Afresh, left: set[str], tests: Iterable[str], gathered: Gathered) -> set[str]:
    """Those of `left` that pass in a session of some tests; which, and what they execute, is gathered.

    First of each other alone, which is so where a warm process as such is what they do not stand; then of the
    tests of their files.
    """
    passed, seen = _session(afresh, left)
    if passed != left:  # without those that failed the others have to pass too
        again, seen = _session(afresh, passed)
        passed = passed if again == passed else set()
    if passed:
        for executed in seen:
            gathered.add(executed.test_id, executed.lines, executed.why)
        gathered.bind(sorted(passed), sorted(passed))
    rest = left - passed
    files = set(map(_file, rest))
    company = {test for test in tests if _file(test) in files}
    more, seen = _session(afresh, company) if company != rest else (set[str](), ())
    for executed in seen:
        gathered.add(executed.test_id, executed.lines, executed.why)
    for test in sorted(rest & more):
        gathered.bind((test,), [one for one in company if _file(one) == _file(test)])
    return passed | (rest & more)


def _file(test: str) -> str:
    return test.partition("::")[0]


def _session(afresh: Afresh, tests: set[str]) -> tuple[set[str], tuple[Executed, ...]]:
    """Those that pass in a session of these tests alone, and what each executed."""
    chosen = tuple(sorted(tests))
    if not chosen or sum(map(len, chosen)) > MOST_NAMES:
        return set(), ()
    told = afresh(chosen)
    if told.ended != "finished":
        return set(), ()
    named = tuple(executed for executed in told.executed if executed.test_id in tests)
    return tests - set(failing(told, chosen)) & {executed.test_id for executed in named}, named


def _batch(worker: Worker, batch: Sequence[str], seconds: dict[str, float]) -> list[SuiteReport]:
    """The reports on a batch; a test that hangs or ends its process is left out, and the rest go on."""
    found: list[SuiteReport] = []
    left = list(batch)
    while left:
        longest = 10.0 + 10 * sum(seconds[test] for test in left) + _EACH * len(left)
        told = worker.run("trace", 1, Order({}, tuple(left), longest, longest))
        if told.elsewhere and not told.report.tests:
            return found
        found.append(told.report)
        if told.report.ended == "finished":
            return found
        seen = {executed.test_id for executed in told.report.executed}
        left = [test for test in left if test not in seen][1:]  # without the one that it came to
    return found
