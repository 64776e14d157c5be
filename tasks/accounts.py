"""The ledger's account of a run: who began it with what, and what became of each repository in each stage."""

import getpass
import platform
import socket
from collections.abc import Sequence
from datetime import UTC, datetime

import prefect
from prefect.context import FlowRunContext, TaskRunContext

from smith_lib import __version__, ledger
from smith_lib.errors import StorageError
from smith_lib.stages.package import VERSION as PACKAGER
from smith_lib.storage import Root, table_at
from smith_lib.types import LedgerRow, StageRun, StageStatus
from smith_lib.validate.judge import VERSION as JUDGE
from tasks import tried
from tasks.shown import cost


def facts() -> dict[str, str]:
    """Who begins a run now, and with which releases."""
    flow, task = FlowRunContext.get(), TaskRunContext.get()
    found = flow.flow_run if flow else None
    flow_run = str(found.id if found else task.task_run.flow_run_id if task else "")
    return {
        "started_by": f"{_user()}@{socket.gethostname()}",
        "deployment": str(found.deployment_id or "") if found else "",
        "began_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "smith": __version__,
        "python": platform.python_version(),
        "prefect": str(prefect.__version__),
        "flow_run_url": tried.page("flow-run", flow_run),
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a number that no user has, in a container
        return "unknown"


def account(root: Root, run_id: str, rows: Sequence[StageRun], version: str) -> None:
    """Write the run's account; rows of the runs that it took up are in theirs."""
    record, now = ledger.record(root, run_id), datetime.now(UTC).isoformat(timespec="seconds")
    known = {name: record.facts.get(name, "") for name in facts()}
    ledger.account(root, run_id, [
        LedgerRow(
            run_id=run_id, of=record.of, until=record.until, settings=record.settings.model_dump_json(),
            ended_at=now, judge=JUDGE, packager=PACKAGER, version=version, source=row.source,
            repo_id=row.repo_id, pin=row.pin, stage=row.stage, status=row.status, outcome=_outcome(root, row),
            reason=row.reason, attempts=attempts, started_at=row.started_at, seconds=row.seconds,
            cost_usd=cost(root, row), rows=row.rows, shard=row.shard,
            log=ledger.error_log(row) if row.status is StageStatus.FAILED else "",
            task_run_url=tried.page("task-run", task_run), **known,
        )
        for row in rows if row.run_id == run_id
        for attempts, task_run in [tried.taken(run_id, row.source, row.stage)]
    ])  # fmt: skip


def _outcome(root: Root, row: StageRun) -> str:
    """The repository's own outcome, where the row is of the stage that gave it; else the status."""
    if row.stage != "select" or not row.shard:
        return str(row.status)
    try:
        return str(table_at(root, row.shard, ["outcome"]).column("outcome")[0].as_py())
    except (StorageError, IndexError):  # what is damaged is told by the stage that reads it
        return str(row.status)
