"""Progress as it is shown: live bars on a terminal, lines elsewhere."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from smith_lib import progress
from smith_lib.cli.screen import console

Key = tuple[str, str]
"""Stage and repository."""

EVERY = 10.0
"""Seconds between two lines of the same stage and repository where there are no bars."""


class _Rate(ProgressColumn):
    """Steps a second, or a minute where they are slow."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(rate(speed) if task.total else "", style="cyan")


def rate(speed: float | None) -> str:
    """A rate in words: `2.5/s`, `14/min`; empty where it is not known."""
    if not speed:
        return ""
    return f"{speed:.1f}/s" if speed >= 1 else f"{speed * 60:.0f}/min"


def clock(seconds: float) -> str:
    """Seconds as `m:ss` or `h:mm:ss`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def shown(quiet: bool) -> Iterator[None]:
    """Show what `smith_lib.progress` tells while the block runs, on standard error; nothing where quiet."""
    if quiet:
        yield
        return
    screen = console(stderr=True)
    if not screen.is_terminal:
        lines = Lines()
        end = progress.listen(lines.take)
        try:
            yield
        finally:
            end()
        return
    columns = (
        TextColumn("[bold]{task.fields[stage]}"), TextColumn("{task.description}", markup=False),
        BarColumn(None), MofNCompleteColumn(), _Rate(), TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
        TextColumn("{task.fields[note]}", style="dim", markup=False),
    )  # fmt: skip
    with Progress(*columns, console=screen, transient=True) as bars:
        end = progress.listen(Bars(bars).take)
        try:
            yield
        finally:
            end()


class Bars:
    """One bar for every stage and repository at work; a finished one becomes a line above the bars."""

    def __init__(self, bars: Progress) -> None:
        """Feed these bars."""
        self.bars = bars
        self.lock = threading.Lock()
        self.tasks: dict[Key, TaskID] = {}
        self.begun: dict[int, Key] = {}
        """By thread: what it began last. One that begins something else has left that behind."""

    def take(self, step: progress.Progress) -> None:
        """Show one step."""
        key = (step.stage, step.repo)
        with self.lock:
            if key not in self.tasks:
                self._begin(key)
            task = self.tasks[key]
            self.bars.update(task, completed=step.done, total=step.total or None, note=step.note)
            if step.total and step.done >= step.total:
                elapsed = next((t.elapsed for t in self.bars.tasks if t.id == task), None)
                self._drop(key)
                self.bars.console.print(line(step, elapsed), style="dim", markup=False)

    def _begin(self, key: Key) -> None:
        thread = threading.get_ident()
        for other in [k for k in self.tasks if k == self.begun.get(thread) or k[1] == key[1]]:
            self._drop(other)
        self.begun[thread] = key
        self.tasks[key] = self.bars.add_task(key[1], total=None, stage=key[0], note="")

    def _drop(self, key: Key) -> None:
        self.bars.remove_task(self.tasks.pop(key))


class Lines:
    """A line for the first and last step of every stage and repository, and every ten seconds between."""

    def __init__(self) -> None:
        """Nothing is shown yet."""
        self.screen = console(stderr=True)
        self.lock = threading.Lock()
        self.begun: dict[Key, float] = {}
        self.last: dict[Key, tuple[float, str]] = {}

    def take(self, step: progress.Progress) -> None:
        """Show one step, or not."""
        key, now = (step.stage, step.repo), time.monotonic()
        with self.lock:
            begun = self.begun.setdefault(key, now)
            at, note = self.last.get(key, (-EVERY, ""))
            ended = bool(step.total) and step.done >= step.total
            if not ended and now - at < EVERY and (step.note == note or step.total):
                return
            self.last[key] = (now, step.note)
            self.screen.print(line(step, now - begun), soft_wrap=True, markup=False)


def line(step: progress.Progress, elapsed: float | None = None) -> str:
    """A step as a line: `validate  owner__name.1a2b3c4d  12/60  2.5/s  0:19 left`."""
    parts = [f"{step.stage:<8}", step.repo]
    if step.total:
        parts.append(f"{step.done}/{step.total}")
        if elapsed and elapsed > 0.5 and step.done:
            parts.append(rate(step.done / elapsed))
            left = (step.total - step.done) * elapsed / step.done
            parts.append(f"{clock(left)} left" if left else f"in {clock(elapsed)}")
    return "  ".join([*parts, *([step.note] if step.note else [])])
