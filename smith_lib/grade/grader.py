"""Patches graded, each on its task's buggy code with the task's own tests."""

import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from smith_lib.errors import EngineError, InputError
from smith_lib.grade.applying import Applied
from smith_lib.grade.changes import changes, is_package_code
from smith_lib.grade.grades import graded, refused
from smith_lib.grade.ground import HASH_SEED, Ground, Sown, prepared, some_hosts, some_twins, sown
from smith_lib.grade.keeping import key_of, read, warm_document, warm_in, write
from smith_lib.grade.learnt import learn
from smith_lib.grade.verdict import FORGED, outcome, with_spared
from smith_lib.grade.warm import MOST_RUNS, Stall, Warm, given, planned_for
from smith_lib.progress import report
from smith_lib.sandbox.protocol import Limits, Sandbox
from smith_lib.sandbox.suite import SuiteJob, SuiteReport, run_suite
from smith_lib.sandbox.warm import Order, WarmReport
from smith_lib.settings import ValidateSettings
from smith_lib.types import Grade, GradeOutcome, Instance, PatchProblem, Tier
from smith_lib.validate.bench import patience
from smith_lib.validate.judge import failing

log = logging.getLogger(__name__)

MOST_GROUNDS = 8
"""Repositories whose workers stay while others are graded."""
FEW = 3
"""Patches for which warm processes do not pay."""
MOST_IDLE = 10.0
"""Seconds that a warm run may at least wait: on a busy machine one of few tests may get none of the processor
for longer than these take."""
NEAR = 0.05
"""A warm run in which no more than this share of PASS_TO_PASS fails, and nothing else, is made again cold."""

Asked = tuple[Instance, str, str]
"""A task, the model's name and its patch."""
Told = Callable[[int, Grade], None]
"""Called with a place in what was asked and its grade, from any thread, as soon as it is there."""


@dataclass(slots=True)
class _Shop:
    """A repository's ground and the workers on it that are free."""

    ground: Ground
    tasks: Sequence[Instance]
    free: "queue.SimpleQueue[Stall]" = field(default_factory=queue.SimpleQueue)
    warm: Warm | None = None
    """What is known of its warm processes; None until it is found out."""
    asked: int = 0
    """How many patches were to be graded here so far."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        while True:
            try:
                self.free.get_nowait().worker.close()
            except queue.Empty:
                return


class Grader:
    """Grades patches, as many at a time as it has workers; what it has made ready stays until it closes."""

    def __init__(
        self,
        sandbox: Sandbox,
        tree_of: Callable[[Instance], Path],
        limits: Limits,
        settings: ValidateSettings,
        workers: int,
        tasks: Iterable[Instance] = (),
        warm: bool = True,
        kept: Path | None = None,
    ) -> None:
        """Nothing is started yet.

        `tasks` are all that may be asked about, where that is known: an environment is then made once for
        all of a repository's. `tree_of` gives a repository's tree where its environment must be built.
        Without `warm` every run is a fresh sandbox's. What clean code shows is kept in the folder `kept`.
        """
        self._kept = kept
        self._sandbox, self._tree_of, self._limits, self._settings = sandbox, tree_of, limits, settings
        self._workers, self._warm = workers, warm
        self._tasks: dict[str, dict[str, Instance]] = {}
        self._shops: dict[str, _Shop] = {}
        for row in tasks:
            self._tasks.setdefault(_place(row), {})[row.instance_id] = row

    def __enter__(self) -> Self:
        """It closes at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    def close(self) -> None:
        """End its sandboxes."""
        shops, self._shops = self._shops, {}
        for shop in shops.values():
            shop.close()

    def grade(self, asked: Sequence[Asked], told: Told = lambda at, grade: None) -> list[Grade]:
        """A grade for each, in their order. Not for several threads at the same time.

        Raises `EngineError` where the sandbox itself broke; an environment that cannot be had makes its
        tasks' outcome `ungraded`.
        """
        grades: dict[int, Grade] = {}
        by_place: dict[str, list[int]] = {}
        for at, (row, _, _) in enumerate(asked):
            by_place.setdefault(_place(row), []).append(at)
        for place, numbers in by_place.items():
            repo_id = asked[numbers[0]][0].repo_id
            try:
                shop = self._shop(place, [asked[at][0] for at in numbers])
            except InputError as error:
                for at in numbers:
                    grades[at] = refused(asked[at][0], asked[at][1], GradeOutcome.UNGRADED, PatchProblem.NONE,
                                         str(error).splitlines()[0])  # fmt: skip
                    told(at, grades[at])
                continue
            report("grade", repo_id, 0, len(numbers))
            shop.asked += len(numbers)
            self._each(shop, asked, numbers, grades, told)
        return [grades[at] for at in range(len(asked))]

    def _each(
        self,
        shop: _Shop,
        asked: Sequence[Asked],
        numbers: Sequence[int],
        grades: dict[int, Grade],
        told: Told,
    ) -> None:
        lock = threading.Lock()
        done = 0

        def one(at: int) -> None:
            nonlocal done
            grade = self._one(shop, *asked[at])
            with lock:
                grades[at] = grade
                done += 1
                report("grade", grade.repo_id, done, len(numbers))
                told(at, grade)

        with ThreadPoolExecutor(min(self._workers, len(numbers))) as pool:
            futures = [pool.submit(one, at) for at in numbers]
            finished, left = wait(futures, return_when=FIRST_EXCEPTION)
            for future in left:
                future.cancel()
            for future in finished:
                future.result()

    def _shop(self, place: str, rows: Sequence[Instance]) -> _Shop:
        """The place's shop, with everything that its rows need."""
        known = self._tasks.setdefault(place, {})
        known |= {row.instance_id: row for row in rows}
        paths = {file.path for row in rows for file in row.oracle_code}
        shop = self._shops.pop(place, None)
        if shop is not None and not paths <= set(shop.ground.base):
            shop.close()
            shop = None
        if shop is None:
            tasks = list(known.values())
            ground = prepared(tasks, self._sandbox, self._tree_of, self._limits, self._settings,
                              self._kept)  # fmt: skip
            shop = _Shop(ground, tasks)
        while len(self._shops) >= MOST_GROUNDS:
            self._shops.pop(next(iter(self._shops))).close()
        self._shops[place] = shop
        return shop

    def _one(self, shop: _Shop, row: Instance, model: str, patch: str) -> Grade:
        started = time.monotonic()
        parts, change = changes(row, patch, shop.ground)
        if change.problem:
            grade = refused(row, model, GradeOutcome.REFUSED, change.problem, change.reason, parts.ignored)
            return replace(grade, seconds=round(time.monotonic() - started, 3))
        tier, made, seen = self._run(shop, row, change)
        how, why = GradeOutcome.CHEATING, FORGED
        if seen is not None:
            how, why = outcome(row, seen, made, shop.ground.usual)
            seen = with_spared(row, seen, made)
        seconds = round(time.monotonic() - started, 3)
        return graded(row, model, how, why, parts, seen, len(made.canaries), tier, seconds)

    def _run(self, shop: _Shop, row: Instance, change: Applied) -> tuple[Tier, Sown, SuiteReport | None]:
        """How it was run, what with, and the report; None for one that nothing but a forger writes."""
        ground = shop.ground
        own = {file.path: file.text for file in row.buggy_code}
        if not change.gone and all(is_package_code(path, ground) for path in change.files):
            told = self._warm_run(shop, row, {**ground.base, **own, **change.files}, own)
            if told is not None and not _near_miss(row, with_spared(row, told[2], told[1])):
                return told
        seed = secrets.token_hex(16)
        made = sown(ground, some_hosts(ground, row.FAIL_TO_PASS, seed), seed, some_twins(ground, row, seed))
        files = {**made.files, **own, **change.files}
        files = {path: text for path, text in files.items() if path not in change.gone}
        job = SuiteJob(
            ground.args, files, HASH_SEED, idle_seconds=ground.idle_seconds, keep_failures=0, gone=change.gone
        )
        try:
            return Tier.COLD, made, run_suite(self._sandbox, ground.environment, job, ground.limits)
        except (KeyError, TypeError, ValueError, AttributeError):  # events that our plugin does not send
            return Tier.COLD, made, None

    def _warm_run(
        self, shop: _Shop, row: Instance, files: Mapping[str, str], own: Mapping[str, str]
    ) -> tuple[Tier, Sown, SuiteReport] | None:
        """What a warm process tells; none where a cold run has to."""
        if not self._warm or shop.asked < FEW:
            return None
        with shop.lock:  # the first of a repository finds out for all
            if shop.warm is None:
                name = f"{key_of(shop.tasks, self._sandbox.name)}.warm"
                shop.warm = read(self._kept, name, warm_in)
            if shop.warm is None:
                shop.warm = learn(shop.ground, shop.tasks, self._sandbox, self._workers)
                write(self._kept, name, warm_document(shop.warm))
        warm, ground = shop.warm, shop.ground
        plan = planned_for(warm, ground, files, row, self._settings)
        slower = set(warm.slowest.values())
        ran = frozenset(plan.tests)
        for tier in plan.tiers:
            swap = given(warm, ground, files, own) if tier is Tier.SWAP else None
            if tier is Tier.SWAP and swap is None:
                continue
            try:
                stall = shop.free.get_nowait()
            except queue.Empty:
                stall = Stall(ground, warm, self._sandbox)
            try:
                stall.runs += 1
                made = replace(stall.drawn(ground, row), ran=ran)
                told = self._asked(stall, tier, warm, ground, files, swap, made)
                if tier is Tier.SWAP and stall.leaves(told, warm):
                    ran = frozenset(warm.seconds)  # tests that run later may find it so
                    if Tier.COLD in slower:
                        return None
                    if slower:  # this way does not tell of all
                        continue
                    made = replace(made, ran=ran)
                    told = self._asked(stall, tier, warm, ground, files, swap, made)
            except (KeyError, TypeError, ValueError, AttributeError):
                stall.worker.close()
                return None
            except EngineError as error:  # where it is the engine, a cold run tells
                log.warning("%s: no warm run: %s", ground.repo_id, error)
                return None
            finally:
                if stall.runs < MOST_RUNS:
                    shop.free.put(stall)
                else:
                    stall.worker.close()
            if not told.elsewhere:
                return tier, made, told.report
            if told.crashed:
                return None
        return None

    def _asked(
        self, stall: Stall, tier: Tier, warm: Warm, ground: Ground, files: Mapping[str, str],
        swap: Mapping[str, object] | None, made: Sown,
    ) -> WarmReport:  # fmt: skip
        """What a run of the tests and canaries reports."""
        start = ground.cpu_seconds if tier is Tier.FORK else 0.0
        tests = sorted(made.ran or ())
        seconds = patience(start + sum(warm.seconds.get(test, 0.0) for test in tests), self._settings)
        order = Order(
            files, (*tests, *made.canaries), seconds, max(MOST_IDLE, ground.idle_seconds), keep_failures=0,
            state=tier is Tier.SWAP and len(tests) < len(warm.seconds), swap=swap,
        )  # fmt: skip
        return stall.worker.run(tier.value, HASH_SEED, order, warm.modules)


def _place(row: Instance) -> str:
    """What tasks that are graded on the same ground share."""
    return f"{row.repo_id} {row.image_digest} {row.test_command}"


def _near_miss(row: Instance, seen: SuiteReport) -> bool:
    """Whether all is fixed and little else fails, which a test that is not quite reliable does too."""
    broken = failing(seen, row.PASS_TO_PASS)
    few = len(broken) <= max(1, NEAR * len(row.PASS_TO_PASS))
    return bool(broken) and few and not failing(seen, row.FAIL_TO_PASS)
