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
from smith_lib.grade.ground import (
    HASH_SEED,
    Ground,
    Sown,
    imported,
    prepared,
    serves,
    some_hosts,
    some_twins,
    sown,
    warm_worker,
)
from smith_lib.grade.verdict import FORGED, outcome
from smith_lib.progress import report
from smith_lib.sandbox.protocol import Limits, Sandbox
from smith_lib.sandbox.suite import SuiteJob, SuiteReport, run_suite
from smith_lib.sandbox.warm import Order, Worker
from smith_lib.settings import ValidateSettings
from smith_lib.types import Grade, GradeOutcome, Instance, PatchProblem, Tier
from smith_lib.validate.judge import failing

log = logging.getLogger(__name__)

MOST_GROUNDS = 8
"""Repositories whose workers stay while others are graded."""
FEW = 3
"""Patches for which warm processes do not pay."""
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
    free: "queue.SimpleQueue[Worker]" = field(default_factory=queue.SimpleQueue)
    cold: str | None = None
    """Why no warm run is made; None until that is known."""
    modules: tuple[str, ...] = ()
    """What a warm process has imported."""
    asked: int = 0
    """How many patches were to be graded here so far."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def close(self) -> None:
        while True:
            try:
                self.free.get_nowait().close()
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
    ) -> None:
        """Nothing is started yet.

        `tasks` are all that may be asked about, where that is known: an environment is then made once for
        all of a repository's. `tree_of` gives a repository's tree where its environment must be built.
        Without `warm` every run is a fresh sandbox's.
        """
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
            ground = prepared(tasks, self._sandbox, self._tree_of, self._limits, self._settings)
            shop = _Shop(ground, tasks, cold=None if self._warm else "it was not asked for")
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
        seconds = round(time.monotonic() - started, 3)
        return graded(row, model, how, why, parts, seen, len(made.canaries), tier, seconds)

    def _run(self, shop: _Shop, row: Instance, change: Applied) -> tuple[Tier, Sown, SuiteReport | None]:
        """How it was run, what with, and the report; None for one that nothing but a forger writes."""
        ground = shop.ground
        seed = secrets.token_hex(16)
        made = sown(ground, some_hosts(ground, row.FAIL_TO_PASS, seed), seed, some_twins(ground, row, seed))
        files = {**made.files, **{f.path: f.text for f in row.buggy_code}, **change.files}
        files = {path: text for path, text in files.items() if path not in change.gone}
        if not change.gone and all(is_package_code(path, ground) for path in change.files):
            told = self._warm_run(shop, files)
            if told is not None and not _near_miss(row, told):
                return Tier.FORK, made, told
        job = SuiteJob(
            ground.args, files, HASH_SEED, idle_seconds=ground.idle_seconds, keep_failures=0, gone=change.gone
        )
        try:
            return Tier.COLD, made, run_suite(self._sandbox, ground.environment, job, ground.limits)
        except (KeyError, TypeError, ValueError, AttributeError):  # events that our plugin does not send
            return Tier.COLD, made, None

    def _warm_run(self, shop: _Shop, files: Mapping[str, str]) -> SuiteReport | None:
        """What a fork reports; none where a cold run has to tell."""
        if shop.cold or shop.asked < FEW:
            return None
        try:
            worker = shop.free.get_nowait()
        except queue.Empty:
            worker = warm_worker(shop.ground, self._sandbox)
        try:
            with shop.lock:  # the first of a repository finds out for all
                if shop.cold is None:
                    shop.modules = imported(shop.ground, self._sandbox)
                    shop.cold = serves(shop.ground, worker, shop.tasks, shop.modules)
            if shop.cold:
                return None
            order = Order(files, None, shop.ground.limits.seconds, shop.ground.idle_seconds, keep_failures=0)
            told = worker.run("fork", HASH_SEED, order, shop.modules)
        except (KeyError, TypeError, ValueError, AttributeError):
            worker.close()
            return None
        except EngineError as error:  # where it is the engine, a cold run tells
            log.warning("%s: no warm run: %s", shop.ground.repo_id, error)
            return None
        finally:
            shop.free.put(worker)
        return None if told.elsewhere else told.report


def _place(row: Instance) -> str:
    """What tasks that are graded on the same ground share."""
    return f"{row.repo_id} {row.image_digest} {row.test_command}"


def _near_miss(row: Instance, seen: SuiteReport) -> bool:
    """Whether all is fixed and little else fails, which a test that is not quite reliable does too."""
    broken = failing(seen, row.PASS_TO_PASS)
    few = len(broken) <= max(1, NEAR * len(row.PASS_TO_PASS))
    return bool(broken) and few and not failing(seen, row.FAIL_TO_PASS)
