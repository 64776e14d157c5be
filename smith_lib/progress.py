"""How far the work is, told to whoever listens (the command line's progress bars, a log)."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """One step of one repository's stage."""

    stage: str
    repo: str
    """The repository's id, or its source where there is no id yet."""
    done: int
    total: int
    """0 where it is not known."""
    note: str = ""


Listener = Callable[[Progress], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> Callable[[], None]:
    """Call `listener` (from any thread) at every step from now on; returns what ends that."""
    _listeners.append(listener)
    return lambda: _listeners.remove(listener)


def report(stage: str, repo: str, done: int, total: int, note: str = "") -> None:
    """Tell every listener."""
    for listener in tuple(_listeners):
        listener(Progress(stage, repo, done, total, note))
