"""The pool's stages as tasks. As with bugs from elsewhere, the ledger does not know of them."""

from collections.abc import Sequence
from typing import Any

from prefect.client.schemas.objects import State
from prefect.futures import PrefectFuture

from smith_lib import stages
from smith_lib.errors import InputError
from smith_lib.settings import Settings
from smith_lib.stages.frame import follows
from smith_lib.types import StageRun
from tasks.desk import desk_for
from tasks.records import failure
from tasks.stages import stage_task
from tasks.states import told


@stage_task("select", "source", ["engine"])
def select_past(source: str, settings: Settings) -> State[StageRun]:
    """The repository's row, with its tests; its history is looked at before anything is installed.

    Raises `InputError` where there is no fix in it, or nothing can be judged.
    """
    desk = desk_for("", settings)
    stages.look(source, desk)
    selected = stages.select(source, desk, to_judge=True)
    if not follows(selected):
        why = f"no fix can be judged in {source}: {selected.reason}"
        raise InputError(f"{why}; --record-only takes them as they are")
    return told(selected)


@stage_task("inject", "source", [])
def inject_past(source: str, selected: StageRun, settings: Settings) -> State[StageRun]:
    """The history's fixes, undone."""
    return told(stages.inject(selected, desk_for("", settings)))


@stage_task("pool", "source", ["engine"])
def pool_repo(
    source: str, selected: StageRun, injected: StageRun, judged: StageRun, settings: Settings
) -> State[StageRun]:
    """The repository's fixes with the verdicts on their undoing, varied and embedded."""
    return told(stages.pool(selected, injected, judged, desk_for("", settings)))


@stage_task("pool", "source", [])
def record_repo(source: str, settings: Settings) -> State[StageRun]:
    """The repository's fixes as they are."""
    return told(stages.record(source, desk_for("", settings)))


def pooled(
    sources: Sequence[str], steps: Sequence[Sequence[PrefectFuture[StageRun]]]
) -> dict[str, Any]:
    """For each source where its fixes lie, or why they do not: what the first stage that failed said.

    Raises that where there is one source.
    """
    found: list[dict[str, Any]] = []
    for source, futures in zip(sources, zip(*steps, strict=True), strict=True):
        for future in futures:
            future.wait()
        errors = [error for future in futures if (error := failure(future.state)) is not None]
        if errors and len(sources) == 1:
            raise errors[0]
        if errors:
            found.append({"source": source, "repo_id": "", "shard": "", "fixes": 0, "error": str(errors[0])})
            continue
        row = futures[-1].result()
        ending = {"repo_id": row.repo_id, "shard": row.shard, "fixes": row.rows, "error": ""}
        found.append({"source": source, **ending})
    return {"projects": found}
