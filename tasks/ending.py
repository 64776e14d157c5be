"""How a run ends: its summary in the ledger, its tables in Prefect's UI, and the state that tells of it."""

from collections.abc import Sequence
from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Failed

from smith_lib import accounts, remedies
from smith_lib.errors import GateFailed, RepositoriesFailed
from smith_lib.settings import Settings
from smith_lib.storage import Root
from smith_lib.types import StageRun, StageStatus
from tasks import shown, tried
from tasks.records import failure

REFUSED = "Refused"
"""The name of the state of a run whose rows did not pass the gate; automations listen for it."""

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
    summary = accounts.summary(run_id, sources, rows, version, str(refused or ""))
    failed = [row for row in {row.source: row for row in rows}.values() if row.status is StageStatus.FAILED]
    root, repos = Root.at(settings.out), summary["repos"]
    accounts.close(root, run_id, rows, summary, tried.of)
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
