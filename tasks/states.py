"""How a stage's ending shows in Prefect, and which failures another try may cure."""

from typing import Any

from prefect.client.schemas.objects import State
from prefect.states import Completed

from smith_lib import closing
from smith_lib.errors import may_be_cured
from smith_lib.types import StageRun, StageStatus

NAMES = {
    StageStatus.DONE: "Completed",
    StageStatus.CACHED: "Cached",
    StageStatus.REJECTED: "Rejected",
    StageStatus.SKIPPED: "Skipped",
}


def told(row: StageRun) -> State[StageRun]:
    """The Prefect state of a stage that ended so: a shard that was there already shows as Cached."""
    message = row.reason or f"{row.rows} rows in {row.seconds:.1f} s"
    return Completed(name=NAMES[row.status], message=message, data=row)


async def curable(task: Any, task_run: Any, state: State[Any]) -> bool:
    """Whether the task may be tried again: broken machinery only, and not while the process ends."""
    error = await state.aresult(raise_on_failure=False)
    return isinstance(error, BaseException) and may_be_cured(error) and not closing.closed()
