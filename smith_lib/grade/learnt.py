"""What clean code shows of a repository before patches are graded in warm processes: which tests execute
what, which ways of running tell the truth, and the code of the functions that tasks change."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from smith_lib.grade.ground import HASH_SEED, Ground, fails
from smith_lib.grade.stubs import Holed, changed_lines, holed
from smith_lib.grade.warm import Stall, Warm, start
from smith_lib.progress import report
from smith_lib.sandbox.protocol import Sandbox
from smith_lib.sandbox.suite import SuiteJob, run_suite
from smith_lib.sandbox.warm import Order, WarmReport, Worker
from smith_lib.sources.roles import is_source
from smith_lib.types import Instance, Stability, Test, Tier
from smith_lib.validate.baseline import TRACED
from smith_lib.validate.calibrate import MOST_ODD, Calibration, calibrate
from smith_lib.validate.coverage import Map
from smith_lib.validate.judge import failing

log = logging.getLogger(__name__)


def learn(ground: Ground, rows: Sequence[Instance], sandbox: Sandbox, workers: int) -> Warm:
    """What clean code shows. No patch is run where it is found out."""
    tests = sorted({test for row in rows for test in (*row.FAIL_TO_PASS, *row.PASS_TO_PASS)})
    limits = replace(ground.limits, seconds=TRACED * max(60.0, ground.limits.seconds))
    report("grade", ground.repo_id, 0, 0, "what its tests execute")
    job = SuiteJob(ground.args, hash_seed=1, trace=True)
    traced = run_suite(sandbox, ground.whole, job, limits)
    seconds = {name: result.seconds for name, result in traced.tests.items()}
    known = [
        Test(ground.repo_id, test, test.partition("::")[0], ("passed",), seconds.get(test, 0.0),
             Stability.RELIABLE, alone=False, tier=Tier.COLD)
        for test in tests
    ]  # fmt: skip
    found = calibrate(
        ground.repo_id, partial(Worker, sandbox, ground.whole, ground.args, start(ground)), known, traced,
        [path for path in traced.loaded if is_source(path)], workers,
        lambda some: run_suite(sandbox, ground.whole, replace(job, only=some), limits),
    )  # fmt: skip
    alone = [row for row in found.coverage if not row.tests]
    outside = {file.path: frozenset(file.lines) for row in alone for file in row.files}
    holes = holes_in(ground, rows, outside) if found.coverage else {}
    warm = Warm(
        modules=found.modules, patterns=found.patterns, coverage=found.coverage,
        seconds={test: seconds.get(test, 0.0) for test in tests}, slowest=_slowest(found, tests),
        together=_together(found, tests), holes=holes, codes={}, no_swap="", no_fork="",
    )  # fmt: skip
    return _tried(ground, warm, tests, sandbox, found)


def _slowest(found: Calibration, tests: Sequence[str]) -> dict[str, Tier]:
    """Tests that some tier does not tell, with the fastest that does."""
    fastest = {
        test: next((t for t in found.tiers if test not in found.odd.get(t, ())), Tier.COLD) for test in tests
    }
    return {test: tier for test, tier in fastest.items() if tier is not Tier.SWAP}


def _together(found: Calibration, tests: Sequence[str]) -> tuple[str, ...]:
    """Tests that pass in the whole suite only."""
    company = Map(found.coverage, tests).company
    return tuple(test for test in tests if test not in found.alone and test not in company)


def holes_in(
    ground: Ground, rows: Sequence[Instance], outside: Mapping[str, frozenset[int]]
) -> dict[str, Holed]:
    """The files that tasks change, with holes for the functions that they change."""
    changed: dict[str, set[int]] = {path: set() for path in ground.base}
    for row in rows:
        for file in row.buggy_code:
            if file.path in changed:
                changed[file.path] |= changed_lines(ground.base[file.path], file.text)
    return {
        path: holed(ground.base[path], lines, outside.get(path, frozenset()))
        for path, lines in changed.items()
    }


def _tried(
    ground: Ground, warm: Warm, tests: Sequence[str], sandbox: Sandbox, found: Calibration
) -> Warm:
    """With the codes, and with why a way does not serve where that is so."""
    if Tier.FORK not in found.tiers:
        warm = replace(warm, no_fork=found.reason or "it was not tried")
    no_swap = "" if Tier.SWAP in found.tiers and found.coverage else found.reason or "it was not tried"
    if not no_swap:
        asked = [(path, hole.line, hole.name) for path, file in warm.holes.items() for hole in file.holes]
        with Worker(sandbox, ground.whole, ground.args, start(ground), codes=asked) as worker:
            codes: dict[str, list[tuple[int, str, str]]] = {}
            for path, line, name, code in worker.ready("swap", HASH_SEED).codes:
                codes.setdefault(path, []).append((line, name, code))
        warm = replace(warm, codes={path: tuple(some) for path, some in codes.items()})
        # A function that is loaded as nothing, or as several, cannot be filled in: it stays whole there, and
        # the tasks that change it are run otherwise.
        got = {(path, line, name) for path, some in codes.items() for line, name, _ in some}
        if lost := [one for one in asked if one not in got]:
            log.info("%s: no code of %d functions, %s for one", ground.repo_id, len(lost), lost[0])
            whole = {path: {(line, name) for at, line, name in lost if at == path} for path in warm.holes}
            holes = {path: file.but(ground.base[path], whole[path]) for path, file in warm.holes.items()}
            warm = replace(warm, holes=holes)
    with Stall(ground, warm, sandbox) as made:
        if not no_swap:
            no_swap, warm = _serves(made, "swap", ground, warm, tests)
        if not warm.no_fork:
            no_fork, warm = _serves(made, "fork", ground, warm, tests)
            warm = replace(warm, no_fork=no_fork)
    for way, why in (("swap", no_swap), ("fork", warm.no_fork)):
        if why:
            log.info("%s: no %s: %s", ground.repo_id, way, why)
    return replace(warm, no_swap=no_swap)


def _serves(
    made: Stall, kind: str, ground: Ground, warm: Warm, tests: Sequence[str]
) -> tuple[str, Warm]:
    """Why a way is of no use here; empty where clean code passes in it and canaries fail.

    A twin that does not fail in it is not used in any.
    """
    planted = made.planted
    chosen = (*tests, *planted.ids, *(each.test_id for each in planted.twins))
    seconds = 2 * ground.limits.seconds
    swap = {"changed": {}, "codes": warm.codes} if kind == "swap" else None
    order = Order(ground.base, chosen, seconds, seconds, keep_failures=0, state=kind == "swap", swap=swap)
    told: WarmReport = made.worker.run(kind, HASH_SEED, order, warm.modules)
    if told.elsewhere or told.report.ended != "finished":
        return told.elsewhere or f"its run {told.report.ended}", warm
    slower = Tier.FORK if kind == "swap" else Tier.COLD
    known = {test for test, tier in warm.slowest.items() if tier in (slower, Tier.COLD)}
    odd = [test for test in failing(told.report, tests) if test not in known]
    if len(odd) > MOST_ODD * len(tests):
        return f"{len(odd)} tests do not pass in it, {odd[0]} for one", warm
    warm = replace(warm, slowest={**warm.slowest, **dict.fromkeys(odd, slower)})
    if silent := [test for test in planted.ids if not fails(told.report, test)]:
        return f"{silent[0]} does not fail in it", warm
    mute = {each.of for each in planted.twins if not fails(told.report, each.test_id)}
    warm = replace(warm, mute=tuple(sorted({*warm.mute, *mute})))
    if kind == "swap":
        warm = replace(warm, left=told.left, state=tuple(sorted(told.state or ())))
    return "", warm
