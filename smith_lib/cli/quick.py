"""The short way of a run in which nothing is new: no Prefect, whose start takes far longer than the look."""

import logging
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from smith_lib.cli import flows
from smith_lib.cli.ending import asked
from smith_lib.settings import Settings

if TYPE_CHECKING:
    from smith_lib.sandbox.protocol import Sandbox


def unless_new(
    sources: list[str], settings: Settings, until: str, sandbox: "Sandbox"
) -> dict[str, Any] | None:
    """The summary of the run, where nothing of it is new and no Prefect server is to hear of it."""
    import click

    if reported():
        return None
    from smith_lib.again import nothing_new
    from smith_lib.sources.table import anchored

    with held_back() as records:
        wanted = list(dict.fromkeys(map(anchored, sources)))
        summary = nothing_new(wanted, settings, until, sandbox)
    if summary is not None:
        flows.prepare(asked(click.get_current_context(), "verbose"))
        for record in records:
            logging.getLogger(record.name).handle(record)
    return summary


def reported() -> bool:
    """Whether runs are reported to a Prefect server that lasts, by the environment or Prefect's profiles."""
    home = Path(os.environ.get("PREFECT_HOME") or "~/.prefect").expanduser()
    profiles = Path(os.environ.get("PREFECT_PROFILES_PATH") or home / "profiles.toml")
    if os.environ.get("PREFECT_API_URL"):
        return True
    try:
        held = tomllib.loads(profiles.read_text(encoding="utf-8"))
        name = os.environ.get("PREFECT_PROFILE") or held.get("active", "")
        return "PREFECT_API_URL" in held.get("profiles", {}).get(name, {})
    except FileNotFoundError:
        return False
    except (OSError, ValueError, AttributeError):  # Prefect tells what is wrong with it
        return True


@contextmanager
def held_back() -> Iterator[list[logging.LogRecord]]:
    """What the library logs meanwhile, unseen: the flow that may follow would say the same again."""

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    records: list[logging.LogRecord] = []
    log, handler = logging.getLogger("smith_lib"), Kept()
    others, before = log.handlers[:], log.propagate
    log.handlers, log.propagate = [handler], False
    try:
        yield records
    finally:
        log.handlers, log.propagate = others, before
