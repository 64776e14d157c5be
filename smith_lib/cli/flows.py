"""The flows, found through the entry points of group `smith.flows` and called as plain functions."""

import logging
import os
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import click

from smith_lib.errors import InputError, UnknownName

GROUP = "smith.flows"
OPERATIONS = "smith.operations"
"""Functions above `smith_lib` that are no flows: what sets up a Prefect server and works for it."""

ENVIRONMENT = {
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "true",
    # The server takes 10 s of CPU to start; Prefect's own 20 s are too few on a busy machine.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # In memory they are gone when the server is started again, and what they held stays counted for ever.
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",  # the least; `smith deploy --lost-after` counts on it
    "PREFECT_CLIENT_MAX_RETRIES": "7",  # four minutes in all; Prefect's own five are one
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "smith_lib",
    "PREFECT_LOGGING_ROOT_LEVEL": "INFO",
    "GX_ANALYTICS_ENABLED": "false",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}
"""Defaults for the packages that flows import; what the user has set stays."""


def prepare(verbose: bool) -> None:
    """Set the environment that Prefect, Great Expectations and litellm read when they are imported.

    Prefect's own log goes to its API in full; the terminal gets it where verbose, else only our warnings.
    """
    console = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "INFO" if verbose else "CRITICAL"}
    for name, value in (ENVIRONMENT | console).items():
        os.environ.setdefault(name, value)
    log = logging.getLogger("smith_lib")
    log.setLevel(logging.INFO)
    if not verbose and not any(isinstance(handler, Warnings) for handler in log.handlers):
        log.addHandler(Warnings(logging.WARNING))


class Warnings(logging.Handler):
    """Shows log records on standard error, wherever that goes at the moment (above the bars)."""

    def emit(self, record: logging.LogRecord) -> None:
        """Show one."""
        click.echo(f"{record.levelname.lower()}: {record.getMessage()}", err=True)


def flow(name: str) -> Callable[..., Any]:
    """The flow of that name. Raises `UnknownName`, or `InputError` where it cannot be imported."""
    return _loaded(GROUP, "flow", name)


def operation(name: str) -> Callable[..., Any]:
    """The operation of that name. Raises `UnknownName`, or `InputError` where it cannot be imported."""
    return _loaded(OPERATIONS, "operation", name)


def _loaded(group: str, kind: str, name: str) -> Callable[..., Any]:
    found = {entry.name: entry for entry in entry_points(group=group)}
    if name not in found:
        raise UnknownName(kind, name, found)
    # An editable install is found through this process's path alone, which `python -P` may have cut.
    here = str(Path(__file__).resolve().parents[2])
    if here not in sys.path:
        sys.path.append(here)
    try:
        loaded = found[name].load()
    except ModuleNotFoundError as error:
        raise InputError(f"{kind} {name!r} ({found[name].value}) cannot be imported: {error}") from error
    assert callable(loaded)
    return loaded  # type: ignore[no-any-return]
