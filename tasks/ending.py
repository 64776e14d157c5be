"""How a run ends: its summary in the ledger, its tables in Prefect's UI, and the state that tells of it."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Failed

from smith_lib import ledger, remedies
from smith_lib.errors import GateFailed, RepositoriesFailed
from smith_lib.settings import Settings
from smith_lib.storage import Root
from smith_lib.types import StageRun, StageStatus
from tasks import shown
from tasks.accounts import account
from tasks.records import failure

REFUSED = "Refused"
"""The name of the state of a run whose rows did not pass the gate; automations listen for it."""

ENDS = (StageStatus.FAILED, StageStatus.REJECTED)
"""How a source ends that comes to nothing, the graver first."""

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
            "stage": (row := _decisive(source, rows)).stage,
            "status": str(row.status),
            "outcome": str(row.status) if row.status in ENDS else "ok",
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
    account(root, run_id, rows, str(summary["version"] or ""))
    ledger.end(root, run_id, summary)
    shown.repositories(run_id, repos, rows, root)
    told = [remedies.sentence(failed, len(repos), run_id, settings.out)] if failed else []
    if refused:
        why = f"nothing published: {str(refused).removeprefix('nothing to publish: ')}"
        return _failed(refused, "; ".join([*told, why]))
    return _failed(RepositoriesFailed(told[0], summary), told[0]) if failed else summary


def passed_on(state: State[Any]) -> Ended:
    """What a flow or task ended with, as the ending of the flow around it, with the same message."""
    if state.is_completed():
        summary: dict[str, Any] = state.result()
        return summary
    error = failure(state)
    if error is None or not state.is_failed():
        return state
    plain = f"Task run encountered an exception {type(error).__name__}: "
    return _failed(error, (state.message or str(error)).removeprefix(plain))


def _failed(error: BaseException, message: str) -> State[Any]:
    """A failed state, by the name Refused where it was Great Expectations that failed it."""
    name = REFUSED if isinstance(error, GateFailed) else "Failed"
    return Failed(name=name, message=message, data=error)


def _decisive(source: str, rows: Sequence[StageRun]) -> StageRun:
    """The source's row that failed or was rejected; else its last."""
    its = [row for row in rows if row.source == source]
    return next((row for status in ENDS for row in its if row.status is status), its[-1])


def _reason(source: str, rows: Sequence[StageRun]) -> str:
    return next((row.reason for row in rows if row.source == source and row.reason), "")
