"""The desk that a process's tasks share: one sandbox backend and one root for the same settings."""

import logging
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from smith_lib import closing
from smith_lib.sandbox.backends import open_sandbox
from smith_lib.settings import Settings
from smith_lib.sources.protocol import Pin
from smith_lib.sources.table import cache_folder
from smith_lib.stages import Desk
from smith_lib.storage import Root
from tasks.gate import gate

_desks: dict[str, Desk] = {}
_pins: dict[str, dict[str, Pin]] = {}
_lock = threading.Lock()
SWITCH = 0.001
"""Seconds after which a thread lets another have the interpreter."""


def desk_for(run_id: str, settings: Settings) -> Desk:
    """The desk for such a run; its sandbox is opened once a process."""
    if (log := logging.getLogger("smith_lib")).level == logging.NOTSET:
        log.setLevel(logging.INFO)  # a worker's process: what is logged goes to Prefect's UI
    known = settings.model_dump_json()
    with _lock:
        if known not in _desks:
            cache = cache_folder(settings)
            box = settings.sandbox
            sandbox = open_sandbox(box.kind, settings.environments, box, cache, settings.workers)
            # Those who wait for a sandbox's answer are many and brief; who counts beside them lets them.
            sys.setswitchinterval(SWITCH)
            closing.register(sandbox.close)
            checked = partial(gate, settings=settings)
            _desks[known] = Desk(run_id, settings, Root.at(settings.out), sandbox, cache, checked)
        return replace(_desks[known], run_id=run_id, pins=dict(_pins.get(run_id, ())))


def remember(run_id: str, pins: Mapping[str, Pin]) -> None:
    """Have the run's desks know what its sources were pinned to; those of earlier runs are forgotten."""
    with _lock:
        _pins.clear()
        _pins[run_id] = dict(pins)


def pinned(run_id: str) -> dict[str, Pin]:
    """What the run's sources were pinned to, as far as this process knows."""
    with _lock:
        return dict(_pins.get(run_id, ()))
