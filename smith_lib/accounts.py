"""The account of a run: who began it with what, what became of each repository, and the summary."""

import getpass
import platform
import socket
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version as release_of
from typing import Any

from smith_lib import __version__, ledger
from smith_lib.errors import StorageError
from smith_lib.storage import Root, table_at
from smith_lib.types import LedgerRow, StageRun, StageStatus

ENDS = (StageStatus.FAILED, StageStatus.REJECTED)
"""How a source ends that comes to nothing, the graver first."""

Tried = Callable[[StageRun], tuple[int, str]]
"""How often a stage was tried, and the URL of its task run."""
FACTS = ("started_by", "deployment", "began_at", "smith", "python", "prefect", "flow_run_url")


def facts(deployment: str = "", flow_run_url: str = "") -> dict[str, str]:
    """Who begins a run now, and with which releases; columns of `LedgerRow`."""
    return {
        "started_by": f"{_user()}@{socket.gethostname()}",
        "deployment": deployment,
        "began_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "smith": __version__,
        "python": platform.python_version(),
        "prefect": release_of("prefect"),
        "flow_run_url": flow_run_url,
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a number that no user has, in a container
        return "unknown"


def close(
    root: Root, run_id: str, rows: Sequence[StageRun], summary: Mapping[str, Any], tried: Tried
) -> None:
    """Enter what came of a run: its account and its summary.

    Rows of other runs, which it took up, are in the accounts of those.
    """
    from smith_lib.stages.package import VERSION as PACKAGER
    from smith_lib.validate.judge import VERSION as JUDGE

    record, now = ledger.record(root, run_id), datetime.now(UTC).isoformat(timespec="seconds")
    known = {name: record.facts.get(name, "") for name in FACTS}
    ledger.account(root, run_id, [
        LedgerRow(
            run_id=run_id, of=record.of, until=record.until, settings=record.settings.model_dump_json(),
            ended_at=now, judge=JUDGE, packager=PACKAGER, version=str(summary["version"] or ""),
            source=row.source, repo_id=row.repo_id, pin=row.pin, stage=row.stage, status=row.status,
            outcome=_outcome(root, row), reason=row.reason, attempts=attempts, started_at=row.started_at,
            seconds=row.seconds, cost_usd=cost(root, row), rows=row.rows, shard=row.shard,
            log=ledger.error_log(row) if row.status is StageStatus.FAILED else "", task_run_url=url, **known,
        )
        for row in rows if row.run_id == run_id
        for attempts, url in [tried(row)]
    ])  # fmt: skip
    ledger.end(root, run_id, dict(summary))


def _outcome(root: Root, row: StageRun) -> str:
    """The repository's own outcome, where the row is of the stage that gave it; else the status."""
    if row.stage != "select" or not row.shard:
        return str(row.status)
    try:
        return str(table_at(root, row.shard, ["outcome"]).column("outcome")[0].as_py())
    except (StorageError, IndexError):  # what is damaged is told by the stage that reads it
        return str(row.status)


def cost(root: Root, row: StageRun) -> float:
    """What models were paid for the candidates that a row of the stage inject made, in US dollars."""
    return _dollars(root, row.shard) if row.stage == "inject" and row.shard else 0.0


@lru_cache(4_096)
def _dollars(root: Root, shard: str) -> float:
    try:
        return sum(map(float, table_at(root, shard, ["cost_usd"]).column("cost_usd").to_pylist()))  # type: ignore[arg-type]
    except StorageError:  # what is damaged is told by the stage that reads it
        return 0.0


def summary(
    run_id: str, sources: Sequence[str], rows: Sequence[StageRun], version: Mapping[str, Any], refused: str
) -> dict[str, Any]:
    """What came of a run, as plain data. `version` is what was published, `refused` why nothing was."""
    last = {row.source: row for row in rows}
    counts = Counter(f"{row.stage}_{row.status}" for row in rows)
    return {
        "run_id": run_id,
        "version": None,
        "path": None,
        "refused": refused,
        **version,
        "repos": [
            {
                "source": source,
                "repo_id": last[source].repo_id,
                "stage": (row := _decisive(source, rows)).stage,
                "status": str(row.status),
                "outcome": str(row.status) if row.status in ENDS else "ok",
                "reason": _reason(source, rows),
            }
            for source in dict.fromkeys(sources)
            if source in last
        ],
        "counts": dict(sorted(counts.items())),
        "failed": sum(row.status is StageStatus.FAILED for row in last.values()),
    }


def _decisive(source: str, rows: Sequence[StageRun]) -> StageRun:
    """The source's row that failed or was rejected; else its last."""
    its = [row for row in rows if row.source == source]
    return next((row for status in ENDS for row in its if row.status is status), its[-1])


def _reason(source: str, rows: Sequence[StageRun]) -> str:
    return next((row.reason for row in rows if row.source == source and row.reason), "")
