"""What patches are worth, for trainers: one number a patch, by the tasks' own tests, on warm workers."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, fields
from typing import Any

from smith_lib import closing
from smith_lib.errors import InputError, MachineryError
from smith_lib.grade.completions import patch_in
from smith_lib.grade.grader import Grader, Told
from smith_lib.grade.opening import opened, source_told
from smith_lib.settings import Settings
from smith_lib.storage.schema import from_plain
from smith_lib.types import Grade, GradeOutcome, Instance

COLUMNS = tuple(field.name for field in fields(Instance))
Completion = str | Sequence[Mapping[str, Any]]
"""A text, or a chat's messages, of which the last one counts."""


@dataclass(frozen=True, slots=True)
class Reward:
    """What a patch is worth."""

    value: float
    """0 to 1, by the formula of `smith_lib.grade.formula`: 1 for resolved."""
    grade: Grade
    """What it rests on."""

    def __float__(self) -> float:
        """The value."""
        return self.value


class Rewarder:
    """Gives rewards for patches, in batches; its workers stay warm until it closes. Safe for several threads,
    which wait for each other."""

    def __init__(
        self,
        settings: Settings | None = None,
        tasks: Iterable[Instance] = (),
        source_of: Callable[[Instance], str] = source_told,
    ) -> None:
        """Nothing is started yet; `tasks` are all that will be asked about, where that is known, `source_of`
        gives the source of a task whose row leaves it out."""
        self._settings, self._tasks, self._source_of = settings or Settings(), tuple(tasks), source_of
        self._stack = ExitStack()
        self._grader: Grader | None = None
        self._lock = threading.Lock()

    def rewards(self, asked: Sequence[tuple[Instance, str]]) -> list[Reward]:
        """A reward for each patch, in their order.

        Raises `InputError` where a task's environment cannot be had, `SandboxUnavailable` where no sandbox
        can run here, `EngineError` where the sandbox itself broke.
        """
        grades = self.grades(asked)
        for grade in grades:
            if grade.outcome is GradeOutcome.UNGRADED:
                raise InputError(f"{grade.instance_id}: {grade.reason}")
        return [Reward(grade.reward, grade) for grade in grades]

    def grades(
        self, asked: Sequence[tuple[Instance, str]], told: Told = lambda at, grade: None
    ) -> list[Grade]:
        """A grade for each patch, in their order; `told` hears of each as soon as it is there.

        A task whose environment cannot be had is `ungraded`. Raises `SandboxUnavailable` where no sandbox can
        run here, `EngineError` where the sandbox itself broke.
        """
        with self._lock:
            if self._grader is None:
                box = self._stack.enter_context(opened(self._settings, self._source_of))
                self._grader = self._stack.enter_context(
                    Grader(
                        box.sandbox, box.tree_of, box.limits, self._settings.validation,
                        self._settings.workers, self._tasks, kept=box.kept,
                    )
                )  # fmt: skip
            try:
                return self._grader.grade([(row, "", patch) for row, patch in asked], told)
            except MachineryError:
                self._end()  # the next batch starts afresh
                raise

    def close(self) -> None:
        """End its sandboxes; the next batch opens them again."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        self._grader = None
        self._stack.close()

    def function(self) -> Callable[..., list[float]]:
        """A reward function for TRL's trainers, over the tasks that this was made for.

        The dataset needs the column `instance_id`, or all columns of a published version.
        """
        by_id = {row.instance_id: row for row in self._tasks}

        def smith_reward(
            prompts: Sequence[Any], completions: Sequence[Completion], **columns: Any
        ) -> list[float]:
            rows = _rows(len(completions), columns, by_id)
            patches = [patch_in(completion) for completion in completions]
            return [reward.value for reward in self.rewards(list(zip(rows, patches, strict=True)))]

        return smith_reward


def _rows(n: int, columns: Mapping[str, Any], by_id: Mapping[str, Instance]) -> list[Instance]:
    """The task of each completion. Raises `InputError` where a column is missing or an id is not known."""
    ids = columns.get("instance_id")
    if ids is not None and by_id:
        if unknown := [name for name in ids if name not in by_id]:
            raise InputError(f"instance_id {unknown[0]!r} is none of the {len(by_id)} tasks")
        return [by_id[name] for name in ids]
    if missing := [name for name in COLUMNS if name not in columns]:
        raise InputError(f"the dataset lacks the column {missing[0]!r}, which a reward needs")
    plain = ({name: columns[name][at] for name in COLUMNS} for at in range(n))
    return [from_plain(Instance, row) for row in plain]


_everyone: list[Rewarder] = []
_making = threading.Lock()


def _shared() -> Rewarder:
    """The process's own rewarder, with default settings, closed when the process ends."""
    with _making:
        if not _everyone:
            _everyone.append(Rewarder())
            closing.register(_everyone[0].close)
        return _everyone[0]


def reward(instance: Instance | Mapping[str, Any], patch: str) -> Reward:
    """What the patch is worth for the task: `Rewarder.rewards` with default settings and shared workers.

    The task is an `Instance`, or a row of a published version as `datasets` reads it. Raises `InputError`
    where that lacks a column.
    """
    if isinstance(instance, Mapping):
        [instance] = _rows(1, {name: [value] for name, value in instance.items()}, {})
    return _shared().rewards([(instance, patch)])[0]


def reward_function(
    prompts: Sequence[Any], completions: Sequence[Completion], **columns: Any
) -> list[float]:
    """Rewards of a batch, as TRL's `GRPOTrainer(reward_funcs=...)` asks for them: a number from 0 to 1 for
    each completion.

    The patch is taken out of the completion by `patch_in`; one without a patch gets 0. The dataset has the
    columns of a published version beside `prompt`: TRL hands them on. Other columns are left alone. Raises
    `InputError` where one is missing.
    """
    rows = _rows(len(completions), columns, {})
    patches = [patch_in(completion) for completion in completions]
    return [found.value for found in _shared().rewards(list(zip(rows, patches, strict=True)))]
