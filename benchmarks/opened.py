"""A desk for a benchmark: real sandboxes and a root of its own, and no gate."""

from collections.abc import Iterator
from contextlib import contextmanager

from smith_lib.sandbox.backends import open_sandbox
from smith_lib.settings import Settings
from smith_lib.sources.table import cache_folder
from smith_lib.stages import Desk
from smith_lib.storage import Root


@contextmanager
def a_desk(settings: Settings) -> Iterator[Desk]:
    """Its sandbox is closed at the end."""
    cache = cache_folder(settings)
    box = settings.sandbox
    sandbox = open_sandbox(box.kind, settings.environments, box, cache, settings.workers)
    try:
        yield Desk("benchmark", settings, Root.at(settings.out), sandbox, cache, lambda table, rows: None)
    finally:
        sandbox.close()
