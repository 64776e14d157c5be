"""Inject: from a kept repository to its candidates."""

import logging
import time
from typing import Any

from smith_lib.errors import ModelUnusable, NetworkError
from smith_lib.inject.candidates import candidates
from smith_lib.llm import Model
from smith_lib.progress import report
from smith_lib.settings import InjectSettings
from smith_lib.stages.frame import Desk, finish
from smith_lib.storage import Shard
from smith_lib.types import Candidate, Coverage, Function, Repo, StageRun, StageStatus
from smith_lib.validate.coverage import by_tests

log = logging.getLogger(__name__)
VERSION = 2


def inject(selected: StageRun, desk: Desk) -> StageRun:
    """The stage's ledger row, once the candidates are there.

    Where the model of the family `llm` cannot be had, the stage is as if the family was off, its key
    included, so that the next run asks again.
    """
    row, started = desk.start(selected.source, "inject"), time.monotonic()
    [repo] = desk.rows_of(Repo, selected)
    model = _model(desk)
    try:
        shard, rows, status = _made(repo, selected, desk, model)
    except (NetworkError, ModelUnusable) as error:
        if model is None or not _without_model(desk.settings.inject).strategies:
            raise
        log.warning("%s: %s; the other families go on", repo.repo_id, error)
        shard, rows, status = _made(repo, selected, desk, None)
    return finish(row, shard, started, pin=selected.pin, repo_id=repo.repo_id, status=status, rows=len(rows))


def _made(
    repo: Repo, selected: StageRun, desk: Desk, model: Model | None
) -> tuple[Shard, list[Candidate], StageStatus]:
    """The candidates with the family `llm` on, or off where there is no model."""
    settings = desk.settings.inject if model else _without_model(desk.settings.inject)
    key = desk.key("inject", VERSION, selected.key, _what_matters(settings, model))
    shard = Shard("candidates", repo.repo_id, key)

    def make() -> list[Candidate]:
        report("inject", repo.repo_id, 0, settings.limit)
        functions = desk.rows_of(Function, selected)
        tree = desk.tree_of(repo)
        executed = by_tests(desk.rows_of(Coverage, selected))
        made = candidates(repo, tree.path, functions, settings, desk.settings.seed, model, executed)
        report("inject", repo.repo_id, len(made), len(made))
        return made

    return shard, *desk.once(Candidate, shard, make)


def _model(desk: Desk) -> Model | None:
    """The model that writes bugs in this run; none where the family is off."""
    if "llm" not in desk.settings.inject.strategies:
        return None
    if not desk.settings.llm.model:
        message = "inject.strategies names llm, but llm.model is not set"
        if not _without_model(desk.settings.inject).strategies:
            raise ModelUnusable(message)
        log.warning("%s; the other families go on", message)
        return None
    return Model(desk.settings.llm, desk.cache / "llm", desk.run_id)


def _without_model(settings: InjectSettings) -> InjectSettings:
    """The settings with the family `llm` off."""
    others = tuple(name for name in settings.strategies if name != "llm")
    return settings.model_copy(update={"strategies": others})


def _what_matters(settings: InjectSettings, model: Model | None) -> dict[str, Any]:
    """The settings that the rows depend on; those of the model only where it is asked."""
    if model is None:
        return settings.model_dump(exclude={"llm_share"})
    return {**settings.model_dump(), "llm": model.settings.model_dump(exclude={"workers", "timeout"})}
