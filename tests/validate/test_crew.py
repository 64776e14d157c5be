"""Many candidates at the same time, workers that break, and the audit, over runs written down here."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import pytest

from smith_lib import diffs
from smith_lib.errors import EngineError
from smith_lib.sandbox.protocol import Limits
from smith_lib.sandbox.suite import SuiteJob, SuiteReport, TestResult
from smith_lib.sandbox.warm import Held, Order, WarmReport
from smith_lib.settings import ValidateSettings
from smith_lib.storage import Root
from smith_lib.types import Candidate, Coverage, CoveredFile, Outcome, Tier, Verdict
from smith_lib.validate.bench import Bench, plan
from smith_lib.validate.coverage import Map
from smith_lib.validate.crew import Crew, standing, unjudged, verdicts
from smith_lib.validate.judge import judge
from smith_lib.validate.kept import Kept
from smith_lib.validate.reached import Reached
from tests.rows import a_candidate

FILE = "pkg/a.py"
N = 40
CLEAN = "LIMIT = 1\n" + "".join(f"def f{n}():\n    return {n}\n" for n in range(N))
TESTS = tuple(sorted(f"tests/test_a.py::test_{n:02d}" for n in range(N)))
"""The n-th calls `f<n>`."""
ALL_TIERS = (Tier.SWAP, Tier.FORK, Tier.COLD)
ROWS = [
    Coverage("r", (), (CoveredFile(FILE, (1, *range(2, 2 * N + 2, 2))),), ()),
    *(Coverage("r", (TESTS[n],), (CoveredFile(FILE, (2 * n + 3,)),), ()) for n in range(N)),
]
MAP = Map(ROWS, TESTS)


def changed(n: int, value: object = -1) -> str:
    return CLEAN.replace(f"def f{n}():\n    return {n}\n", f"def f{n}():\n    return {value}\n")


def bug(n: int, text: str | None = None) -> Candidate:
    """A bug in `f<n>`, or another text of the file."""
    patch = diffs.make({FILE: CLEAN}, {FILE: changed(n) if text is None else text})
    return a_candidate(n, bug_patch=patch)


def truth(files: Mapping[str, str] | None) -> set[str]:
    """The tests that fail: those of the functions that do not return their number."""
    text = (files or {}).get(FILE, CLEAN)
    return {TESTS[n] for n in range(N) if f"def f{n}():\n    return {n}\n" not in text}


def suite(
    failing: Sequence[str] | set[str], tests: Sequence[str] = TESTS, ended: str = "finished"
) -> SuiteReport:
    ran = {test: TestResult("failed" if test in failing else "passed", 0.01) for test in tests}
    return SuiteReport(ended, ran, {}, (), (), (), (), "3.11.2", "8.3", 1.0, 0.9, "")


@dataclass
class Cold:
    """Cold runs, counted."""

    says: Callable[[Mapping[str, str] | None], set[str]] = truth
    jobs: list[SuiteJob] = field(default_factory=list)
    delay: threading.Event | None = None

    def __call__(self, job: SuiteJob, limits: Limits) -> SuiteReport:
        self.jobs.append(job)
        return suite(self.says(job.files))


Says = Callable[[str, Order], WarmReport]


def honest(kind: str, order: Order) -> WarmReport:
    """What a cold run would say, of the wanted tests."""
    tests = TESTS if order.tests is None else order.tests
    return WarmReport(suite(truth(order.files), tests), "")


@dataclass
class Scripted:
    """A worker that says what is written down."""

    says: Says
    runs: list[tuple[str, int, Order]]
    closed: int = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.closed += 1

    def run(self, kind: str, seed: int, order: Order, modules: Sequence[str] = ()) -> WarmReport:
        self.runs.append((kind, seed, order))
        return self.says(kind, order)


@dataclass
class Office:
    """Makes the workers, and remembers them and what they ran."""

    says: Says = honest
    runs: list[tuple[str, int, Order]] = field(default_factory=list)
    made: list[Scripted] = field(default_factory=list)

    def __call__(self) -> Scripted:
        self.made.append(Scripted(self.says, self.runs))
        return self.made[-1]

    def kinds(self) -> set[str]:
        return {kind for kind, _, _ in self.runs}


def bench(cold: Cold | None = None, tiers: tuple[Tier, ...] = ALL_TIERS, **settings: object) -> Bench:
    want = ValidateSettings(**({"audit": 0.0} | settings))  # type: ignore[arg-type]
    return Bench(
        cold or Cold(), (), TESTS, {FILE: CLEAN}.__getitem__, Limits(10), 10, want, coverage=MAP,
        seconds=dict.fromkeys(TESTS, 0.01), tiers=tiers,
    )  # fmt: skip


def crew(office: Office, size: int = 1, **more: object) -> Crew:
    return Crew(size, office, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [1, 3, 8])
def test_verdicts_keep_the_candidates_order_at_any_size(size: int) -> None:
    candidates = [bug(n) for n in range(N)]
    found = verdicts(candidates, bench(), crew(Office(), size))
    assert [v.candidate_id for v in found] == [c.candidate_id for c in candidates]
    assert [v.fail_to_pass for v in found] == [(TESTS[n],) for n in range(N)]


def test_no_candidates_need_no_worker() -> None:
    office = Office()
    assert verdicts([], bench(), crew(office)) == []
    assert office.made == []


def test_the_tests_that_execute_the_change_run_three_times_and_once_with_those_after_them() -> None:
    office, cold = Office(), Cold()
    [verdict] = verdicts([bug(7)], bench(cold), crew(office))
    assert (verdict.outcome, verdict.tier, verdict.runs) == (Outcome.VALID, Tier.SWAP, 3)
    assert verdict.pass_to_pass == tuple(t for t in TESTS if t != TESTS[7])
    assert verdict.fail_ratio == 1 / N
    assert [(kind, seed, order.tests) for kind, seed, order in office.runs] == [
        ("swap", 1, (TESTS[7],)), ("swap", 2, TESTS[7:]), ("swap", 3, (TESTS[7],)),
    ]  # fmt: skip
    assert [order.keep_failures for _, _, order in office.runs] == [5, 0, 0]
    assert cold.jobs == []


def together(name: str, text: str, *parts: Candidate) -> Candidate:
    return replace(bug(0, text), candidate_id=name, parts=tuple(part.candidate_id for part in parts))


@pytest.mark.parametrize("size", [1, 3])
def test_a_combination_is_judged_last_and_only_where_each_part_is_good(size: int) -> None:
    office, harmless = Office(), bug(0, CLEAN.replace("LIMIT = 1", "LIMIT = 2"))
    harmless = replace(harmless, candidate_id="harmless")
    both = CLEAN.replace("return 3\n", "return 103\n").replace("return 5\n", "return 105\n")
    good = together("good", both, bug(3), bug(5))
    bad = together("bad", both.replace("LIMIT = 1", "LIMIT = 2"), bug(3), harmless)
    lost = together("lost", both, bug(3), bug(9))
    found = verdicts([lost, good, bad, bug(3), harmless, bug(5)], bench(), crew(office, size))
    told = {verdict.candidate_id: verdict for verdict in found}
    assert [v.candidate_id for v in found] == ["lost", "good", "bad", bug(3).candidate_id, "harmless",
                                               bug(5).candidate_id]  # fmt: skip
    assert told["good"].outcome is Outcome.VALID
    assert told["good"].fail_to_pass == tuple(sorted((TESTS[3], TESTS[5])))
    [again] = verdicts([lost], bench(), crew(Office()), {v.candidate_id: v for v in found})
    assert again.reason == f"{bug(9).candidate_id} alone is not judged"
    near = {bug(9).candidate_id: unjudged(bug(9), Outcome.DUPLICATE, "")}
    assert verdicts([lost, bug(3)], bench(), crew(Office()), near)[0].reason.endswith(" alone is duplicate")
    for name, reason in (
        ("bad", "harmless alone is no_failure"),
        ("lost", f"{bug(9).candidate_id} alone is not judged"),
    ):
        assert (told[name].outcome, told[name].reason) == (Outcome.PART_NOT_VALID, reason)
        assert (told[name].runs, told[name].audit) == (0, "")
    patches = [order.files[FILE] for _, _, order in office.runs if order.files]
    first = patches.index(both)
    assert set(patches[first:]) == {both}
    assert len(office.made) <= size


def test_what_no_test_executes_is_not_run() -> None:
    office = Office()
    uncovered = replace(bench(), coverage=Map(ROWS[:-1], TESTS[:-1]), reliable=TESTS[:-1])
    [verdict] = verdicts([bug(N - 1)], uncovered, crew(office))
    assert (verdict.outcome, verdict.runs, office.runs) == (Outcome.NOT_COVERED, 0, [])


def test_what_is_executed_at_import_needs_a_fresh_import_and_all_tests() -> None:
    office = Office()
    verdicts([bug(0, CLEAN.replace("LIMIT = 1", "LIMIT = 2"))], bench(), crew(office))
    assert [(kind, order.tests) for kind, _, order in office.runs] == [("fork", TESTS)]


def test_a_test_that_a_tier_does_not_tell_is_run_in_one_that_does() -> None:
    odd = replace(bench(), slowest={TESTS[3]: Tier.FORK, TESTS[4]: Tier.COLD})
    files = [{FILE: changed(n)} for n in (2, 3, 4)]
    assert [plan(f, odd).tiers for f in files] == [ALL_TIERS, ALL_TIERS[1:], ALL_TIERS[2:]]


def test_a_test_that_fails_by_itself_runs_with_all_others() -> None:
    together = replace(bench(), together=frozenset(TESTS[5:6]))
    assert plan({FILE: changed(5)}, together).tests == TESTS
    assert plan({FILE: changed(6)}, together).tests == TESTS[6:7]


@pytest.mark.parametrize(("crashed", "tier"), [(False, Tier.FORK), (True, Tier.COLD)])
def test_what_a_tier_cannot_tell_is_judged_by_the_next_and_a_crash_by_cold_runs(
    crashed: bool, tier: Tier
) -> None:
    def says(kind: str, order: Order) -> WarmReport:
        told = honest(kind, order)
        return replace(told, elsewhere="no", crashed=crashed) if kind == "swap" else told

    office, cold = Office(says), Cold()
    [verdict] = verdicts([bug(7)], bench(cold), crew(office))
    assert (verdict.tier, verdict.fail_to_pass) == (tier, (TESTS[7],))
    assert len(cold.jobs) == (3 if crashed else 0)


def test_a_run_that_was_killed_from_outside_is_made_once_more_as_it_was() -> None:
    killed: list[str] = []

    def says(kind: str, order: Order) -> WarmReport:
        told = honest(kind, order)
        if killed:
            return told
        killed.append(kind)
        return replace(told, report=suite(set(), ()), elsewhere="its run was cut off", crashed=True)

    office, cold = Office(says), Cold()
    [verdict] = verdicts([bug(7)], bench(cold), crew(office))
    assert (verdict.tier, verdict.fail_to_pass, cold.jobs) == (Tier.SWAP, (TESTS[7],), [])


def test_confirming_cold_ships_only_what_cold_runs_say() -> None:
    office, cold = Office(), Cold()
    harmless = bug(1, CLEAN.replace("def f1():\n", "def f1():\n    # so\n    x = 0\n"))
    def fewer(kind: str, order: Order) -> WarmReport:
        text = order.files[FILE]
        return WarmReport(suite(set() if "# so" in text else {TESTS[7]}, order.tests or TESTS), "")

    office.says = fewer
    shipped, dropped = verdicts([bug(7), harmless], bench(cold, confirm="cold"), crew(office))
    assert (shipped.tier, shipped.outcome, shipped.runs) == (Tier.COLD, Outcome.VALID, 3)
    assert (dropped.tier, dropped.outcome, dropped.runs) == (Tier.SWAP, Outcome.NO_FAILURE, 1)
    assert [seed for _, seed, _ in office.runs] == [1, 1]
    assert [job.hash_seed for job in cold.jobs] == [1, 2, 3]


def test_runs_that_differ_are_flaky() -> None:
    office = Office(lambda kind, order: WarmReport(suite({TESTS[7]} if len(office.runs) < 3 else {}), ""))
    [verdict] = verdicts([bug(7)], bench(), crew(office))
    assert (verdict.outcome, verdict.runs) == (Outcome.FLAKY, 3)


def test_enough_failing_tests_stop_a_run() -> None:
    text = CLEAN.replace("    return", "    return 1 +")

    def says(kind: str, order: Order) -> WarmReport:
        assert order.stop == 36
        assert order.tests is not None
        return WarmReport(suite(TESTS, order.tests[: order.stop], ended="stopped"), "")

    [verdict] = verdicts([bug(0, text)], bench(), crew(Office(says)))
    assert (verdict.outcome, verdict.runs, len(verdict.fail_to_pass)) == (Outcome.TOO_BROKEN, 1, 36)
    assert verdict.reason.startswith("at least 36 of 40")


def test_where_one_failure_decides_the_likely_tests_run_first() -> None:
    text = CLEAN
    for n in range(6):
        text = text.replace(f"def f{n}():\n    return {n}\n", f"def f{n}():\n    return -1\n")
    one = bug(0, text)
    hasty = bench(runs=1, max_fail_ratio=1e-9)
    for likely, ran in (
        (TESTS[2:4], [TESTS[2:4]]),
        (TESTS[7:], [TESTS[:6]]),  # which it does not meet
        (TESTS[1:6], [TESTS[:6]]),  # nearly all
    ):
        office = Office()
        [told] = verdicts([one], replace(hasty, likely={one.bug_patch: likely}), crew(office))
        assert told.outcome is Outcome.TOO_BROKEN
        assert [order.tests for _, _, order in office.runs] == ran


def test_a_standing_crew_keeps_its_workers() -> None:
    office = Office()
    with standing(crew(office, 2)) as staying:
        for n in range(3):
            verdicts([bug(2 * n), bug(2 * n + 1)], bench(), staying)
        assert 1 <= len(office.made) <= 2 and not any(worker.closed for worker in office.made)
    assert all(worker.closed == 1 for worker in office.made)


def test_slow_tests_wait_for_those_that_may_decide_without_them() -> None:
    slow = bench(max_fail_ratio=0.5)
    slow = replace(slow, seconds=dict.fromkeys(TESTS, 0.1) | {TESTS[0]: 60.0})
    office = Office()
    broken = bug(0, "\n".join(f"def f{n}():\n    return -1" for n in range(1, N)) + "\n")
    mild = bug(1, CLEAN.replace("LIMIT = 1", "LIMIT = 2").replace("return 3\n", "return 4\n"))
    first, second = verdicts([broken, mild], slow, crew(office))
    assert (first.outcome, first.runs, len(first.fail_to_pass)) == (Outcome.TOO_BROKEN, 1, N - 1)
    assert (second.outcome, second.fail_to_pass) == (Outcome.VALID, (TESTS[3],))
    wanted = [order.tests for _, _, order in office.runs]
    assert wanted == [TESTS[1:], TESTS[1:], TESTS, TESTS, TESTS]


def test_a_run_that_hangs_is_a_timeout_and_gets_the_time_of_its_tests() -> None:
    office = Office(lambda kind, order: WarmReport(suite((), (), ended="timeout"), ""))
    [verdict] = verdicts([bug(7)], bench(timeout_floor=0.1, timeout_factor=50), crew(office))
    assert (verdict.outcome, verdict.runs) == (Outcome.TIMEOUT, 1)
    [(_, _, order)] = office.runs
    assert (order.cpu_seconds, order.idle_seconds) == (0.5, 2.0)


def test_a_sandbox_that_breaks_is_tried_once_more() -> None:
    broken: list[str] = []

    def says(kind: str, order: Order) -> WarmReport:
        if changed(5) == order.files[FILE] and not broken:
            broken.append(kind)
            raise EngineError("the engine went away")
        return honest(kind, order)

    found = verdicts([bug(n) for n in range(9)], bench(), crew(Office(says), 2))
    assert broken == ["swap"]
    assert [v.fail_to_pass for v in found] == [(TESTS[n],) for n in range(9)]


def test_a_sandbox_that_breaks_twice_ends_it_with_workers_closed_and_the_rest_kept(root: Root) -> None:
    def says(kind: str, order: Order) -> WarmReport:
        if changed(5) == order.files[FILE]:
            raise EngineError("the engine went away")
        return honest(kind, order)

    office = Office(says)
    with pytest.raises(EngineError, match="went away"):
        verdicts([bug(n) for n in range(9)], bench(), crew(office, kept=Kept(root, "r")))
    assert [worker.closed for worker in office.made] == [1]
    kept = Kept(root, "r")
    assert [kept.get(bug(n)) is not None for n in range(6)] == [True] * 5 + [False]


@pytest.fixture
def root(tmp_path) -> Root:
    return Root.at(tmp_path)


def test_what_was_judged_is_not_judged_again(root: Root) -> None:
    candidates = [bug(n) for n in range(9)]
    first = verdicts(candidates[:6], bench(), crew(Office(), kept=Kept(root, "r")))
    office = Office()
    found = verdicts(candidates, bench(), crew(office, 2, kept=Kept(root, "r")))
    assert found[:6] == first
    assert {order.files[FILE] for _, _, order in office.runs} == {changed(n) for n in (6, 7, 8)}


def test_an_audit_that_agrees_is_told_of_a_sample_of_each_outcome() -> None:
    harmless = [
        bug(n, CLEAN.replace(f"def f{n}():\n", f"def f{n}():\n    {n}\n")) for n in range(20, 30)
    ]  # truth() sees no number there: they fail
    cold = Cold()
    candidates = [bug(n) for n in range(20)] + harmless
    found = verdicts(candidates, bench(cold, audit=0.1), crew(Office(), 4, seed="s"))
    assert sorted(v.audit for v in found) == [""] * 27 + ["agrees"] * 3
    assert {job.hash_seed for job in cold.jobs} == {4_201}
    again = verdicts(candidates, bench(audit=0.1), crew(Office(), 1, seed="s"))
    assert [v.audit for v in again] == [v.audit for v in found]
    other = verdicts(candidates, bench(audit=0.1), crew(Office(), 1, seed="t"))
    assert [v.audit for v in other] != [v.audit for v in found]


def test_each_outcome_has_one_in_the_sample() -> None:
    def says(kind: str, order: Order) -> WarmReport:
        number = next(n for n in range(N) if changed(n) == order.files[FILE])
        tests = order.tests or TESTS
        ended = "timeout" if number == 1 else "finished"
        return WarmReport(suite(() if number == 2 else truth(order.files), tests, ended), "")

    def cold_says(files: Mapping[str, str] | None) -> set[str]:
        return set() if (files or {}).get(FILE) == changed(2) else truth(files)

    slow = bench(Cold(cold_says), audit=0.001, timeout_floor=0.1, timeout_factor=1)
    slow = replace(slow, run=_slowly(slow.run))
    found = verdicts([bug(n) for n in range(4)], slow, crew(Office(says)))
    by_outcome = {v.outcome: v.audit for v in found if v.audit}
    assert by_outcome == {Outcome.VALID: "agrees", Outcome.NO_FAILURE: "agrees", Outcome.TIMEOUT: "agrees"}


def _slowly(run: Callable[[SuiteJob, Limits], SuiteReport]) -> Callable[[SuiteJob, Limits], SuiteReport]:
    def slow(job: SuiteJob, limits: Limits) -> SuiteReport:
        told = run(job, limits)
        return replace(told, tests={t: replace(r, seconds=1.0) for t, r in told.tests.items()})

    return slow


def lying(*tiers: Tier) -> Says:
    """Says in these tiers that nothing fails."""

    def says(kind: str, order: Order) -> WarmReport:
        return WarmReport(suite((), order.tests or TESTS), "") if kind in tiers else honest(kind, order)

    return says


@pytest.mark.parametrize("size", [1, 4])
def test_a_tier_that_differs_from_a_cold_run_judges_nothing_any_more(size: int) -> None:
    office = Office(lying(Tier.SWAP))
    found = verdicts([bug(n) for n in range(10)], bench(audit=0.1), crew(office, size))
    assert [v.fail_to_pass for v in found] == [(TESTS[n],) for n in range(10)]
    assert sorted(v.tier for v in found) == [Tier.COLD] + [Tier.FORK] * 9
    assert [v.audit for v in found if v.tier is Tier.COLD] == ["differs"]
    assert "agrees" in {v.audit for v in found if v.tier is Tier.FORK}
    assert office.kinds() == {"swap", "fork"}


def test_where_every_warm_tier_differs_all_is_judged_cold() -> None:
    office = Office(lying(Tier.SWAP, Tier.FORK))
    found = verdicts([bug(n) for n in range(10)], bench(audit=0.1), crew(office, 2))
    assert [(v.fail_to_pass, v.tier) for v in found] == [((TESTS[n],), Tier.COLD) for n in range(10)]
    assert sum(v.audit == "differs" for v in found) == 2


def test_what_an_audit_has_found_wrong_is_not_believed_the_next_time(root: Root) -> None:
    candidates = [bug(n) for n in range(10)]
    first = verdicts(candidates, bench(audit=0.1), crew(Office(lying(Tier.SWAP)), kept=Kept(root, "r")))
    assert [v.fail_to_pass for v in first] == [(TESTS[n],) for n in range(10)]
    assert sum(v.audit == "differs" for v in first) == 1  # the others were judged anew
    kept = Kept(root, "r")
    assert [kept.get(candidate) for candidate in candidates] == first
    office = Office(lying(Tier.SWAP))
    again = verdicts(candidates, bench(audit=0.1), crew(office, kept=Kept(root, "r")))
    assert again == first
    assert office.runs == []


def elsewhere_too(files: Mapping[str, str] | None) -> set[str]:
    """A further test fails with each bug of `f7`, which the coverage does not know to execute it."""
    found = truth(files)
    return found | {TESTS[30]} if TESTS[7] in found else found


def test_the_cold_verdict_asks_no_coverage() -> None:
    cold = Cold(elsewhere_too)
    verdict = judge(bug(7), bench(cold))
    assert (verdict.tier, verdict.fail_to_pass) == (Tier.COLD, (TESTS[7], TESTS[30]))
    uncovered = replace(bench(cold), coverage=Map(ROWS[:1], ()))
    assert judge(bug(7), uncovered).fail_to_pass == (TESTS[7], TESTS[30])


def test_an_audit_that_differs_leaves_what_the_whole_suite_says() -> None:
    found = verdicts([bug(7)], bench(Cold(elsewhere_too), audit=1.0), crew(Office()))
    [verdict] = found
    assert (verdict.audit, verdict.tier) == ("differs", Tier.COLD)
    assert verdict.fail_to_pass == (TESTS[7], TESTS[30])


def test_a_cold_run_in_place_of_a_warm_one_counts_every_test() -> None:
    office = Office(lambda kind, order: replace(honest(kind, order), elsewhere="it crashed", crashed=True))
    [verdict] = verdicts([bug(7)], bench(Cold(elsewhere_too)), crew(office))
    assert (verdict.tier, verdict.fail_to_pass) == (Tier.COLD, (TESTS[7], TESTS[30]))


def test_what_no_test_was_known_to_execute_is_checked_too() -> None:
    uncovered = replace(bench(Cold(), audit=0.1), coverage=Map([*ROWS[:8], *ROWS[9:]], TESTS[:7] + TESTS[8:]))
    found: list[Verdict] = verdicts([bug(n) for n in (7, 8)], uncovered, crew(Office()))
    assert [v.fail_to_pass for v in found] == [(TESTS[7],), (TESTS[8],)]
    assert found[0].audit == "differs"


def test_coverage_that_did_not_know_a_failing_test_is_asked_no_more() -> None:
    also = [TESTS[30 + n] for n in range(6)]

    def unseen(files: Mapping[str, str] | None) -> set[str]:
        """With each of the first six bugs another test fails too."""
        found = truth(files)
        return found | {also[n] for n in range(6) if TESTS[n] in found}

    def says(kind: str, order: Order) -> WarmReport:
        return WarmReport(suite(unseen(order.files), order.tests or TESTS), "")

    office = Office(says)
    # Those that fail by themselves are in no second run either, where the suite takes long.
    slow = dict.fromkeys(TESTS, 1.0)
    asked = replace(bench(Cold(unseen), audit=0.01), together=frozenset(also), seconds=slow)
    found = verdicts([bug(n) for n in range(6)], asked, crew(office, 2))
    assert [v.fail_to_pass for v in found] == [(TESTS[n], also[n]) for n in range(6)]
    assert sorted(v.tier for v in found) == [Tier.COLD] + [Tier.SWAP] * 5
    assert sorted(v.audit for v in found) == [""] * 4 + ["agrees", "differs"]


def test_where_an_audit_differs_of_what_imports_execute_all_tests_run_for_all_such_bugs() -> None:
    def says(kind: str, order: Order) -> WarmReport:
        """Imports make the same of every bug, and no test alone tells of it."""
        if order.held:
            return WarmReport(suite(set()), "", held=Held({}, (), ()))
        if order.tests == TESTS:
            return honest(kind, order)
        return WarmReport(suite(set(), order.tests or ()), "")

    at_import = [Coverage("r", (), (CoveredFile(FILE, (1, *range(2, 2 * N + 3))),), ()), *ROWS[1:]]
    coverage = Map(at_import, TESTS)
    asked = replace(bench(Cold(), audit=0.1), coverage=coverage, look_from=0.0,
                    reached=lambda: Reached({}, coverage, TESTS))  # fmt: skip
    office = Office(says)
    found = verdicts([bug(n) for n in range(6)], asked, crew(office, 2))
    assert [v.fail_to_pass for v in found] == [(TESTS[n],) for n in range(6)]
    assert Counter(v.tier for v in found) == {Tier.FORK: 5, Tier.COLD: 1}


def test_without_workers_everything_is_cold_and_nothing_audited() -> None:
    cold = Cold()
    found = verdicts([bug(n) for n in range(3)], bench(cold, tiers=(Tier.COLD,), audit=1.0), Crew(2))
    assert [v.fail_to_pass for v in found] == [(TESTS[n],) for n in range(3)]
    assert {(v.tier, v.audit) for v in found} == {(Tier.COLD, "")}
    assert len(cold.jobs) == 9
