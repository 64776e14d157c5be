"""The time that a stage of one repository may take: it ends at the first step that it tells of after that.

A thread cannot be ended from outside, and what runs in a sandbox has limits of its own; so a stage is late by
one step at most: a suite's run, an environment's build, a model's answer.
"""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from smith_lib import progress
from smith_lib.errors import StageTimeout
from smith_lib.settings import StageSeconds

FIELDS = {"validate": "validation", "take": "inject"}
"""Stages whose setting has another name; bugs from elsewhere are taken in the place of some made."""


@contextmanager
def limited(stage: str, names: Iterable[str], allowed: StageSeconds) -> Iterator[None]:
    """Have the block raise `StageTimeout` where it goes on for longer than that stage may.

    `names` are those under which the stage may report; further ones are learnt from this thread's reports.
    """
    field = FIELDS.get(stage, stage)
    seconds: int = getattr(allowed, field)
    known, own, began = {name for name in names if name}, threading.get_ident(), time.monotonic()

    def look(step: progress.Progress) -> None:
        if step.stage != stage:
            return
        if threading.get_ident() == own:
            known.add(step.repo)
        if step.repo in known and time.monotonic() - began > seconds:
            at = ", ".join(filter(None, [f"{step.done} of {step.total}" if step.total else "", step.note]))
            raise StageTimeout(
                f"{stage} of {step.repo} took longer than {seconds:,} s (stage_seconds.{field})"
                f"{f', and was at {at}' if at else ''}; what it made is kept, so the same again goes on from "
                f"there; --set stage_seconds.{field}={2 * seconds} gives it more"
            )

    end = progress.listen(look)
    try:
        yield
    finally:
        end()
