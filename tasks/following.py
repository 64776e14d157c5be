"""The progress of a running stage in Prefect's UI, from what `smith_lib.progress` tells."""

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import copy_context
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.context import TaskRunContext

from smith_lib import progress

log = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two updates; a stage that ends within them shows none."""


@contextmanager
def followed(stage: str, names: Iterable[str] | None) -> Iterator[None]:
    """Have the task run's artifact `progress-STAGE` say how far it is while the block runs.

    `names` are those under which the stage may report; further ones are learnt from this thread's reports,
    e.g. a repository's id once it is known; None stands for any. Outside of a task run nothing is shown.
    """
    if TaskRunContext.get() is None:
        yield
        return
    shown = Shown(stage, names)
    end = progress.listen(shown.take)
    thread = threading.Thread(target=copy_context().run, args=(shown.update,), name="progress", daemon=True)
    thread.start()
    try:
        yield
        shown.whole = True
    finally:
        end()
        shown.ended.set()
        thread.join(EVERY)


class Shown:
    """What is known of a stage's progress, and the artifact that says so."""

    def __init__(self, stage: str, names: Iterable[str] | None) -> None:
        """Nothing is known yet."""
        self.stage = stage
        self.all = names is None
        self.names = {name for name in names or () if name}
        self.own = threading.get_ident()
        self.last: progress.Progress | None = None
        self.ended = threading.Event()
        self.whole = False
        """Whether the stage came to its end."""

    def take(self, step: progress.Progress) -> None:
        """Note a step where it is one of this stage and repository; called from any thread."""
        if step.stage != self.stage:
            return
        if threading.get_ident() == self.own:
            self.names.add(step.repo)
        if self.all or step.repo in self.names:
            self.last = step

    def update(self) -> None:
        """Show what is new, every few seconds until the end. What the UI lacks is no failure of the stage."""
        made: UUID | None = None
        before: progress.Progress | None = None
        try:
            while not self.ended.wait(EVERY):
                if (step := self.last) is None or step == before:
                    continue
                before, told = step, line(step)
                if made is None:
                    key = f"progress-{self.stage}"
                    made = create_progress_artifact(share(step), key=key, description=told)
                else:
                    update_progress_artifact(made, share(step), description=told)
            if made is not None and self.whole and before is not None:
                update_progress_artifact(made, 100.0, description=f"{before.stage} {before.repo}: done")
        except Exception as error:  # whatever a server may say
            log.warning("the progress of %s is not shown: %s", self.stage, error)


def share(step: progress.Progress) -> float:
    """How much of it is done, in percent; 0 where it is not known."""
    return round(min(100.0, 100 * step.done / step.total), 1) if step.total else 0.0


def line(step: progress.Progress) -> str:
    """The step in words: `validate owner__name.1a2b3c4d: 12 of 60, audit`."""
    parts = [f"{step.done} of {step.total}"] if step.total else []
    return f"{step.stage} {step.repo}: {', '.join([*parts, *([step.note] if step.note else [])])}"
