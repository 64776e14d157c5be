"""A sandbox opened as the settings say, with what brings a repository's tree back, for whoever starts from
published rows."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from smith_lib import closing
from smith_lib.sandbox.protocol import Limits, Sandbox
from smith_lib.settings import Settings
from smith_lib.types import Instance


@dataclass(frozen=True, slots=True)
class Opened:
    """What rows are brought back with."""

    sandbox: Sandbox
    tree_of: Callable[[Instance], Path]
    """The clean tree of a row's repository, fetched where the cache lacks it."""
    limits: Limits
    kept: Path
    """The folder for what grading finds out of clean code."""


def source_told(row: Instance) -> str:
    """The source as the row has it."""
    return row.source


@contextmanager
def opened(settings: Settings, source_of: Callable[[Instance], str] = source_told) -> Iterator[Opened]:
    """A sandbox that is closed at the end, whatever ends it. Raises `SandboxUnavailable`, `InputError`."""
    from smith_lib.sandbox.backends import open_sandbox
    from smith_lib.sources.protocol import Pin
    from smith_lib.sources.table import cache_folder, fetch

    cache, box = cache_folder(settings), settings.sandbox
    limits = Limits(
        settings.environments.suite_seconds, box.memory_mb, box.processes, box.disk_mb, box.output_kb
    )
    sandbox = open_sandbox(box.kind, settings.environments, box, cache, settings.workers)
    unregister = closing.register(sandbox.close)

    def tree_of(row: Instance) -> Path:
        return fetch(Pin(source_of(row), row.repo), cache, settings.select).path

    try:
        yield Opened(sandbox, tree_of, limits, cache / "grounds")
    finally:
        sandbox.close()
        unregister()
