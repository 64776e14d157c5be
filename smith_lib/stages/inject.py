"""Inject: from a kept repository to its candidates."""

import time

from smith_lib.inject.candidates import candidates
from smith_lib.progress import report
from smith_lib.stages.frame import Desk, finish
from smith_lib.storage import Shard
from smith_lib.types import Candidate, Function, Repo, StageRun

VERSION = 1


def inject(selected: StageRun, desk: Desk) -> StageRun:
    """The stage's ledger row, once the candidates are there."""
    row, started = desk.start(selected.source, "inject"), time.monotonic()
    [repo] = desk.rows_of(Repo, selected)
    key = desk.key("inject", VERSION, selected.key, desk.settings.inject.model_dump())
    shard = Shard("candidates", repo.repo_id, key)

    def make() -> list[Candidate]:
        report("inject", repo.repo_id, 0, desk.settings.inject.limit)
        functions = desk.rows_of(Function, selected)
        tree = desk.tree_of(repo)
        made = candidates(repo, tree.path, functions, desk.settings.inject, desk.settings.seed)
        report("inject", repo.repo_id, len(made), len(made))
        return made

    rows, status = desk.once(Candidate, shard, make)
    return finish(row, shard, started, pin=selected.pin, repo_id=repo.repo_id, status=status, rows=len(rows))
