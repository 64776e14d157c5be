"""What the clean suite shows in warm processes, over runs that are written down here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

import pytest

from smith_lib.sandbox.suite import Executed, SuiteReport, TestResult
from smith_lib.sandbox.warm import Order, Ready, WarmReport
from smith_lib.types import Coverage, CoveredFile, Stability, Test, Tier
from smith_lib.validate.calibrate import BATCH, Afresh, Calibration, calibrate
from tests.rows import a_test

A, B = "pkg/a.py", "pkg/b.py"
N = 2 * BATCH + 5
ROWS = tuple(a_test(n, test_id=f"tests/test_a.py::test_{n:03d}") for n in range(N))
IDS = tuple(row.test_id for row in ROWS)
FLAKY = a_test(N, test_id="tests/test_a.py::test_flaky", stability=Stability.FLAKY)


def suite(
    tests: Sequence[str], bad: Sequence[str] = (), executed: Sequence[Executed] = (), ended: str = "finished"
) -> SuiteReport:
    ran = {test: TestResult("failed" if test in bad else "passed", 0.01) for test in tests}
    return SuiteReport(ended, ran, {}, (), tuple(executed), (A, B), (), "3.11.2", "8.3", 1.0, 0.9, "")


def executed(test: str, *lines: int, why: tuple[str, ...] = ()) -> Executed:
    return Executed(test, ((A, lines),), why)


SEEN = [executed("", 1), *(executed(test, 3) for test in IDS), executed(FLAKY.test_id, 9)]
TRACED = suite(IDS, executed=SEEN)
READY = Ready("", IDS, 1, ("json", "re"))


@dataclass
class Scripted:
    """A worker that says what is written down."""

    odd: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By kind, the tests that fail in it."""
    elsewhere: dict[str, str] = field(default_factory=dict)
    """By kind, why it cannot tell."""
    started: Ready = READY
    alone: Callable[[Sequence[str]], WarmReport] | None = None
    orders: list[tuple[str, Order, tuple[str, ...]]] = field(default_factory=list)
    closed: int = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.closed += 1

    def ready(self, kind: str, seed: int, modules: Sequence[str] = ()) -> Ready:
        return self.started

    def run(self, kind: str, seed: int, order: Order, modules: Sequence[str] = ()) -> WarmReport:
        self.orders.append((kind, order, tuple(modules)))
        tests = order.tests or IDS
        if kind == "trace" and self.alone is not None:
            return self.alone(tests)
        ran = [executed(test, 3, 4) for test in tests] if kind == "trace" else []
        return WarmReport(suite(tests, self.odd.get(kind, ()), ran), self.elsewhere.get(kind, ""))


def fails(tests: tuple[str, ...]) -> SuiteReport:
    """A session in which nothing passes."""
    return suite(tests, tests)


def found(
    worker: Scripted, traced: SuiteReport = TRACED, workers: int = 1, afresh: Afresh = fails
) -> Calibration:
    rows = [*ROWS, FLAKY]
    return calibrate("r", lambda: worker, rows, traced, [A], workers, afresh)  # type: ignore[arg-type]


def test_a_suite_that_ends_alike_everywhere_has_every_tier() -> None:
    worker = Scripted()
    told = found(worker)
    assert (told.tiers, told.reason, told.modules) == ((Tier.SWAP, Tier.FORK, Tier.COLD), "", ("json", "re"))
    assert told.alone == frozenset(IDS)
    assert [(kind, modules) for kind, _, modules in worker.orders[:3]] == [
        ("swap", ("json", "re")), ("fork", ("json", "re")), ("swap", ("json", "re")),
    ]  # fmt: skip
    assert all(order.files == {} for _, order, _ in worker.orders)
    assert worker.closed == 1


def test_what_a_test_executes_in_order_and_alone_is_put_together() -> None:
    both, four = (CoveredFile(A, (3, 4)),), (CoveredFile(A, (4,)),)
    assert found(Scripted()).coverage == (
        Coverage("r", (), (CoveredFile(A, (1,)),), ()),
        Coverage("r", IDS, both, (), only_alone=four),
    )


def test_each_test_runs_alone_once_in_batches() -> None:
    worker = Scripted()
    found(worker)
    batches = [order.tests or () for kind, order, _ in worker.orders if kind == "trace"]
    assert [len(batch) for batch in batches] == [BATCH, BATCH, 5]
    assert [test for batch in batches for test in batch] == list(IDS)


def test_a_test_that_ends_otherwise_in_a_tier_is_told_by_the_next() -> None:
    told = found(Scripted({"swap": IDS[:2], "fork": IDS[1:2]}))
    assert told.tiers == (Tier.SWAP, Tier.FORK, Tier.COLD)
    rows = [told.of(row) for row in ROWS]
    assert [row.tier for row in rows] == [Tier.FORK, Tier.COLD] + [Tier.SWAP] * (N - 2)
    assert told.of(FLAKY) is FLAKY


def test_what_fails_when_the_suite_runs_again_is_told_by_no_warm_tier() -> None:
    worker = Scripted()
    first = worker.run

    def run(kind: str, seed: int, order: Order, modules: Sequence[str] = ()) -> WarmReport:
        told = first(kind, seed, order, modules)
        worker.odd = {"swap": IDS[:1]}  # a port, say, that stays taken
        return told

    worker.run = run  # type: ignore[method-assign]
    told = found(worker)
    assert [told.of(row).tier for row in ROWS[:2]] == [Tier.COLD, Tier.SWAP]


def test_many_such_tests_and_the_repository_has_no_such_tier() -> None:
    told = found(Scripted({"swap": IDS[: N // 5]}))
    assert told.tiers == (Tier.FORK, Tier.COLD)
    assert told.reason == f"swap: {N // 5} of {N} tests end otherwise, e.g. {IDS[0]}"
    assert {told.of(row).tier for row in ROWS} == {Tier.FORK}


@pytest.mark.parametrize(
    ("worker", "tiers", "reason"),
    [
        (Scripted(elsewhere={"fork": "no"}), (Tier.SWAP, Tier.COLD), "fork: no"),
        (Scripted(started=Ready("", IDS, 3)), (Tier.FORK, Tier.COLD), "swap: 3 threads run"),
        (Scripted(started=Ready("it ended")), (Tier.COLD,), "swap: the suite cannot be collected"),
    ],
)
def test_a_tier_that_is_missing_has_its_reason(
    worker: Scripted, tiers: tuple[Tier, ...], reason: str
) -> None:
    told = found(worker)
    assert told.tiers == tiers
    assert reason in told.reason


@pytest.mark.parametrize(
    ("traced", "why"),
    [
        (replace(TRACED, ended="timeout"), "the run timeout"),
        (replace(TRACED, probed=(B,)), f"{A} is loaded in a way of its own"),
    ],
)
def test_without_a_whole_map_nothing_is_known_of_what_tests_execute(traced: SuiteReport, why: str) -> None:
    worker = Scripted()
    told = found(worker, traced)
    assert (told.coverage, told.alone) == ((), frozenset())
    assert why in told.reason
    assert told.tiers == (Tier.SWAP, Tier.FORK, Tier.COLD)
    assert {kind for kind, _, _ in worker.orders} == {"swap", "fork"}


def test_a_test_that_fails_alone_is_told() -> None:
    told = found(Scripted({"trace": IDS[3:4]}))
    assert told.alone == frozenset(IDS) - {IDS[3]}
    assert not told.of(ROWS[3]).alone
    assert told.of(ROWS[4]).alone


def test_tests_that_pass_of_each_other_alone_are_run_together() -> None:
    def afresh(tests: tuple[str, ...]) -> SuiteReport:
        return suite(tests, IDS[5:6], [executed(test, 7) for test in tests])

    told = found(Scripted({"trace": IDS[3:6]}), afresh=afresh)
    assert told.alone == frozenset(IDS) - {*IDS[3:6]}
    [row] = [row for row in told.coverage if IDS[3] in row.tests]
    assert (row.tests, row.company, row.why) == (IDS[3:5], IDS[3:5], ())
    assert row.files == (CoveredFile(A, (3, 4, 7)),)
    assert [row.why for row in told.coverage if IDS[5] in row.tests] == [("order",)]


def test_tests_that_pass_with_those_of_their_file_are_run_with_them() -> None:
    def afresh(tests: tuple[str, ...]) -> SuiteReport:
        return suite(tests, () if IDS[0] in tests else tests, [executed(test, 7) for test in tests])

    told = found(Scripted({"trace": IDS[3:4]}), afresh=afresh)
    [row] = [row for row in told.coverage if IDS[3] in row.tests]
    assert (row.tests, row.company, row.why) == (IDS[3:4], IDS, ())


def test_a_test_that_hangs_alone_is_left_out_and_the_rest_go_on() -> None:
    def alone(tests: Sequence[str]) -> WarmReport:
        at = tests.index(IDS[3]) if IDS[3] in tests else len(tests)
        ran = [executed(test, 3) for test in tests[:at]]
        ended = "timeout" if at < len(tests) else "finished"
        return WarmReport(suite(tests[:at], (), ran, ended), "")

    told = found(Scripted(alone=alone))
    assert told.alone == frozenset(IDS) - {IDS[3]}
    assert [row.why for row in told.coverage if IDS[3] in row.tests] == [("unknown",)]


def test_a_process_that_cannot_run_tests_alone_leaves_them_unknown() -> None:
    told = found(Scripted(alone=lambda tests: WarmReport(suite(()), "it has ended")))
    assert told.alone == frozenset()
    assert {row.why for row in told.coverage if row.tests} == {("unknown",)}


def test_workers_share_the_batches() -> None:
    slow = [replace(row, seconds=5.0) for row in ROWS]
    made: list[Scripted] = []

    def new() -> Scripted:
        made.append(Scripted())
        return made[-1]

    told = calibrate("r", new, slow, TRACED, [A], 3, fails)  # type: ignore[arg-type]
    assert told.alone == frozenset(IDS)
    assert len(made) == 3
    assert sum(kind == "trace" for worker in made for kind, _, _ in worker.orders) == 3
    assert [worker.closed for worker in made] == [1] * 3


def test_reliable_tests_alone_are_asked_for() -> None:
    worker = Scripted()
    found(worker)
    asked = {test for _, order, _ in worker.orders for test in order.tests or ()}
    assert FLAKY.test_id not in asked
    tests: list[Test] = [found(Scripted()).of(row) for row in ROWS]
    assert all(test.alone for test in tests)
