"""Bugs from elsewhere as tasks. What is judged here is nobody's run: the ledger does not know of it."""

from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State

from smith_lib import stages
from smith_lib.errors import InputError
from smith_lib.ledger import slug
from smith_lib.settings import Settings
from smith_lib.stages.frame import follows
from smith_lib.storage import Shard
from smith_lib.types import StageRun
from tasks.desk import desk_for
from tasks.stages import stage_task
from tasks.states import told


@stage_task("select", "source", ["engine"])
def select_to_judge(source: str, settings: Settings) -> State[StageRun]:
    """The repository's row, with its tests. Raises `InputError` where nothing can be judged in it."""
    selected = stages.select(source, desk_for("", settings), to_judge=True)
    if not follows(selected):
        raise InputError(f"no bug can be judged in {source}: {selected.reason}")
    return told(selected)


@stage_task("take", "source", [])
def take_given(source: str, selected: StageRun, candidates: str, settings: Settings) -> State[StageRun]:
    """The file's bugs as the repository's candidates."""
    return told(stages.take(selected, Path(candidates), desk_for("", settings)))


@stage_task("validate", "source", ["engine"])
def judge_given(source: str, selected: StageRun, taken: StageRun, settings: Settings) -> State[StageRun]:
    """The verdicts on them."""
    return told(stages.validate(selected, taken, desk_for("", settings)))


@task(name="places", cache_policy=NO_CACHE, persist_result=False)
def places(selected: StageRun, taken: StageRun, judged: StageRun) -> dict[str, str]:
    """Which repository it was, and where the shards lie, relative to the root."""
    return {
        "repo_id": selected.repo_id,
        "tests": Shard("tests", slug(selected.pin), selected.key).path,
        "candidates": taken.shard,
        "verdicts": judged.shard,
    }
