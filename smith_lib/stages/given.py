"""Take: from a file of bugs to candidates, in the place of what the inject stage makes."""

import time
from dataclasses import astuple
from pathlib import Path

from smith_lib.given.candidates import candidates
from smith_lib.given.read import read
from smith_lib.progress import report
from smith_lib.stages.frame import Desk, finish
from smith_lib.storage import Shard
from smith_lib.types import Candidate, Repo, StageRun

VERSION = 1


def take(selected: StageRun, file: Path, desk: Desk) -> StageRun:
    """The stage's ledger row, once the file's bugs are candidates; those of the same rows are there already.

    Raises `InputError` that names file, row and column where the file is not as it should be.
    """
    row, started = desk.start(selected.source, "take"), time.monotonic()
    bugs = read(file)
    key = desk.key("take", VERSION, selected.key, [astuple(bug) for bug in bugs])
    shard = Shard("candidates", selected.repo_id, key)

    def make() -> list[Candidate]:
        report("take", selected.repo_id, 0, len(bugs))
        [repo] = desk.rows_of(Repo, selected)
        made = candidates(bugs, repo, desk.tree_of(repo).path)
        report("take", selected.repo_id, len(made), len(bugs))
        return made

    rows, status = desk.once(Candidate, shard, make)
    return finish(
        row, shard, started, pin=selected.pin, repo_id=selected.repo_id, status=status, rows=len(rows)
    )
