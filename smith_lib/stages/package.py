"""Package: from verdicts to instances."""

import time

from smith_lib.package.instances import instances
from smith_lib.stages.frame import Desk, finish
from smith_lib.storage import Shard, read
from smith_lib.types import Candidate, Instance, Repo, StageRun, Verdict

VERSION = 1


def package(selected: StageRun, injected: StageRun, validated: StageRun, desk: Desk) -> StageRun:
    """The stage's ledger row, once every valid bug is a task."""
    row, started = desk.start(selected.source, "package"), time.monotonic()
    key = desk.key("package", VERSION, validated.key, desk.settings.package.model_dump())
    shard = Shard("instances", selected.repo_id, key)

    def make() -> list[Instance]:
        [repo] = desk.rows_of(Repo, selected)
        tree = desk.tree_of(repo)
        candidates = read(desk.root, Shard("candidates", repo.repo_id, injected.key), Candidate)
        verdicts = read(desk.root, Shard("verdicts", repo.repo_id, validated.key), Verdict)
        return instances(repo, candidates, verdicts, tree.path, desk.settings.package, desk.settings.seed)

    rows, status = desk.once(Instance, shard, make)
    return finish(
        row, shard, started, pin=selected.pin, repo_id=selected.repo_id, status=status, rows=len(rows)
    )
