"""How a run ends: its summary in the ledger, its tables in Prefect's UI, and the state that tells of it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Failed

from smith_lib import ledger, remedies
from smith_lib.errors import RepositoriesFailed
from smith_lib.settings import Settings
from smith_lib.storage import Root
from smith_lib.types import StageRun, StageStatus
from tasks import shown
from tasks.records import failure

Ended = dict[str, Any] | State[Any]


def end_run(
    run_id: str,
    sources: Sequence[str],
    rows: Sequence[StageRun],
    settings: Settings,
    published: State[dict[str, Any]] | None,
) -> Ended:
    """What came of the run, as plain data; entered in the ledger and shown as artifacts.

    Where repositories failed, or publishing did, it is a failed state whose message says how many and why.
    Its exception is what publishing raised (`GateFailed`, `InputError` where there is nothing to publish),
    else `RepositoriesFailed` with the summary.
    """
    refused = failure(published) if published else None
    version = published.result() if published and not refused else {}
    last = {row.source: row for row in rows}
    repos = [
        {
            "source": source,
            "repo_id": last[source].repo_id,
            "stage": last[source].stage,
            "status": str(last[source].status),
            "outcome": _outcome(last[source], rows),
            "reason": _reason(source, rows),
        }
        for source in dict.fromkeys(sources)
        if source in last
    ]
    counts = Counter(f"{row.stage}_{row.status}" for row in rows)
    failed = [row for row in last.values() if row.status is StageStatus.FAILED]
    root = Root.at(settings.out)
    summary = {
        "run_id": run_id,
        "version": None,
        "path": None,
        "refused": str(refused or ""),
        **version,
        "repos": repos,
        "counts": dict(sorted(counts.items())),
        "failed": len(failed),
    }
    ledger.end(root, run_id, summary)
    shown.repositories(run_id, repos, rows, root)
    told = [remedies.sentence(failed, len(repos), run_id, settings.out)] if failed else []
    if refused:
        why = f"nothing published: {str(refused).removeprefix('nothing to publish: ')}"
        return Failed(message="; ".join([*told, why]), data=refused)
    return Failed(message=told[0], data=RepositoriesFailed(told[0], summary)) if failed else summary


def passed_on(state: State[Any]) -> Ended:
    """What a flow within another ended with, as that other's own ending, with the same message."""
    if state.is_completed():
        summary: dict[str, Any] = state.result()
        return summary
    error = failure(state)
    return Failed(message=state.message, data=error) if state.is_failed() and error else state


def _outcome(last: StageRun, rows: Sequence[StageRun]) -> str:
    statuses = {row.status for row in rows if row.source == last.source}
    for status in (StageStatus.FAILED, StageStatus.REJECTED):
        if status in statuses:
            return str(status)
    return "ok"


def _reason(source: str, rows: Sequence[StageRun]) -> str:
    return next((row.reason for row in rows if row.source == source and row.reason), "")
