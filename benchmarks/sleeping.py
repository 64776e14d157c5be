"""Flows whose stages sleep for as long as they are told and write shards of a usual size, for orchestrate.py.

`SMITH_SLEEPS` has the seconds of the four stages, e.g. `10,1,20,5`.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flows import part as parts
from flows import run as runs
from smith_lib import ledger, stages
from smith_lib.storage import Shard, write
from smith_lib.types import Candidate, Instance, Repo, StageRun, StageStatus, Verdict
from tasks import desk as desks
from tests.rows import a_candidate, a_repo, a_verdict, an_instance

ROWS = 200
MADE: dict[str, tuple[type, str, Callable[[], list[Any]]]] = {
    "select": (Repo, "repos", lambda: [a_repo()]),
    "inject": (Candidate, "candidates", lambda: [a_candidate(n) for n in range(ROWS)]),
    "validate": (Verdict, "verdicts", lambda: [a_verdict(n) for n in range(ROWS)]),
    "package": (Instance, "instances", lambda: [an_instance(n) for n in range(ROWS // 2)]),
}


def seconds() -> dict[str, float]:
    """How long each stage sleeps."""
    told = map(float, os.environ.get("SMITH_SLEEPS", "0,0,0,0").split(","))
    return dict(zip(ledger.STAGES, told, strict=True))


def bare(stage: str) -> list[Any]:
    """The stage's rows, after its time, with nothing around it."""
    time.sleep(seconds()[stage])
    return MADE[stage][2]()


def asleep(stage: str) -> Callable[..., StageRun]:
    """A stage of that name for a repository that is its source's name."""
    kind, table, _ = MADE[stage]

    def work(first: Any, *given: Any, **more: Any) -> StageRun:
        desk = given[-1]
        source = first if isinstance(first, str) else first.source
        rows, name = bare(stage), Path(source).name
        shard = write(desk.root, Shard(table, name, "0" * 16), kind, rows)
        return StageRun(
            desk.run_id, source, name, name, stage, StageStatus.DONE, "", False, len(rows), seconds()[stage],
            shard.path, shard.key, "2026-01-31T00:00:00+00:00",
        )  # fmt: skip

    return work


class Idle:
    """A sandbox in which nothing runs."""

    name = "docker"

    def __init__(self, *_: object) -> None: ...

    def close(self) -> None: ...


for name in ledger.STAGES:
    setattr(stages, name, asleep(name))
desks.open_sandbox = Idle  # type: ignore[assignment]
part, run = parts.part, runs.run
