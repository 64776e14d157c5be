"""A run in which nothing is new: every shard is there, and so is the version. Takes no flow and no gate."""

import logging
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from smith_lib import accounts, ledger, stages
from smith_lib.errors import SmithError
from smith_lib.publish import place
from smith_lib.sandbox.protocol import Sandbox
from smith_lib.settings import Settings
from smith_lib.sources.table import cache_folder, pin
from smith_lib.stages.frame import Desk, Lacking, follows
from smith_lib.stages.publish import source_of_rows, unchanged
from smith_lib.storage import Root
from smith_lib.types import StageRun

log = logging.getLogger(__name__)


def new_id(root: Root) -> str:
    """The id of a run that begins in that root now; it sorts after all that are there."""
    return ledger.next_id(datetime.now(UTC), ledger.runs(root), secrets.token_hex(2))


def nothing_new(
    sources: Sequence[str], settings: Settings, until: str, sandbox: Sandbox
) -> dict[str, Any] | None:
    """The summary of the run, entered in the ledger, where it has nothing to make; None where it has.

    Then nothing was entered, and the flow looks again and tells what is wrong.
    """
    root = Root.at(settings.out)
    try:
        run_id = new_id(root)
        desk = Desk(run_id, settings, root, sandbox, cache_folder(settings), lambda *_: None, makes=False)
        ended = ledger.record(root).summary if ledger.runs(root) else None
        if ended is None or (until == "publish" and not ended.get("version")):
            return None  # the first, or after one that was cut off or came to nothing
        with ThreadPoolExecutor(8) as pool:
            pins = list(pool.map(partial(pin, settings=settings.select), sources))
        if len({found.same for found in pins}) < len(pins):
            return None
        desk = replace(desk, pins=dict(zip(sources, pins, strict=True)))
        rows = [row for source in sources for row in _there(source, until, desk)]
        version: dict[str, Any] = {}
        if until == "publish":
            same = unchanged(source_of_rows(rows, root, settings), root)
            if same is None:
                return None
            version = {
                "version": same.version, "path": place(root, same.version), "rows": same.rows, "new": False,
                "left_out": dict(same.left_out),
            }  # fmt: skip
    except (Lacking, SmithError) as why:
        log.debug("not everything is there: %s", why)
        return None
    run = ledger.RunRecord(run_id, tuple(sources), settings, until, facts=accounts.facts())
    ledger.begin(root, run)
    for row in rows:
        ledger.enter(root, row)
    told = accounts.summary(run_id, sources, rows, version, "")
    accounts.close(root, run_id, rows, told, lambda row: (1, ""))
    return told


def _there(source: str, until: str, desk: Desk) -> list[StageRun]:
    """The source's ledger rows, every shard read from where it is. Raises `Lacking` where one is not."""
    wanted = ledger.STAGES[: ledger.STAGES.index(until) + 1] if until in ledger.STAGES else ledger.STAGES
    rows: list[StageRun] = []
    for stage in wanted:
        if rows and not follows(rows[-1]):
            break
        match stage:
            case "select":
                rows.append(stages.select(source, desk))
            case "inject":
                rows.append(stages.inject(rows[0], desk))
            case "validate":
                rows.append(stages.validate(rows[0], rows[1], desk))
            case _:
                rows.append(stages.package(rows[0], rows[1], rows[2], desk))
    return rows
