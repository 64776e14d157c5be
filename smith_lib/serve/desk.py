"""Patches that wait to be graded, at most so many, and the one thread that has them graded."""

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Self

from smith_lib.errors import EngineError
from smith_lib.grade.grader import Told
from smith_lib.types import Grade, Instance

log = logging.getLogger(__name__)

Grades = Callable[[Sequence[tuple[Instance, str]], Told], object]
"""Has patches graded and tells each grade as soon as it is there: `Rewarder.grades`."""
LONGEST = 120
"""Seconds that somebody is asked to wait at most before asking again."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    row: Instance
    patch: str
    grade: "Future[Grade]" = field(default_factory=Future)


class Desk:
    """Takes patches in while there is room and has them graded in the order in which they came."""

    def __init__(self, grades: Grades, room: int, at_once: int) -> None:
        """Nothing is started yet. `room` patches may wait; `at_once` are given to `grades` at a time."""
        self._grades, self._room, self._at_once = grades, room, at_once
        self._waiting: deque[_Waiting] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._pace = 1.0
        self._running = 0
        self._thread = threading.Thread(target=self._work, name="desk", daemon=True)

    def __enter__(self) -> Self:
        """It takes patches from now on, and closes at the end."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self.close()

    @property
    def waiting(self) -> int:
        """How many patches wait."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many patches are being graded."""
        return self._running

    @property
    def closed(self) -> bool:
        """Whether it takes no more."""
        return self._closed

    def put(self, asked: Sequence[tuple[Instance, str]]) -> "list[Future[Grade]] | None":
        """A grade to come for each patch; None where there is no room for all of them, or it is closed.

        A future that is cancelled in time is not graded. Those of a round in which the machinery broke raise
        its `EngineError` or `SandboxUnavailable`.
        """
        some = [_Waiting(row, patch) for row, patch in asked]
        with self._changed:
            if self._closed or len(self._waiting) + len(some) > self._room:
                return None
            self._waiting.extend(some)
            self._changed.notify()
        return [one.grade for one in some]

    def seconds(self) -> int:
        """After how many seconds there is room again, judged by how long patches took lately; 1 to 120."""
        return max(1, min(LONGEST, math.ceil((self.waiting + self.running) * self._pace)))

    def close(self) -> None:
        """Take no more; what waits gets an `EngineError`."""
        with self._changed:
            self._closed = True
            left = list(self._waiting)
            self._waiting.clear()
            self._changed.notify()
        for one in left:
            if one.grade.set_running_or_notify_cancel():
                one.grade.set_exception(EngineError("the service is being stopped"))

    def _next(self) -> list[_Waiting]:
        """Those whose turn it is; none once it is closed."""
        with self._changed:
            while True:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return []
                count = min(self._at_once, len(self._waiting))
                some = [self._waiting.popleft() for _ in range(count)]
                if left := [one for one in some if one.grade.set_running_or_notify_cancel()]:
                    return left

    def _work(self) -> None:
        while some := self._next():
            started, self._running = time.monotonic(), len(some)
            try:
                self._round(some)
            finally:
                self._running = 0
            self._pace = 0.5 * self._pace + 0.5 * (time.monotonic() - started) / len(some)

    def _round(self, some: Sequence[_Waiting]) -> None:
        def told(at: int, grade: Grade) -> None:
            some[at].grade.set_result(grade)

        try:
            self._grades([(one.row, one.patch) for one in some], told)
        except Exception as error:  # handed on: whoever waits for the grade gets it
            log.warning("%d patches were not graded: %s", len(some), error)
            for one in some:
                if not one.grade.done():
                    one.grade.set_exception(error)
