"""How the pool's stages of several sources end together."""

from dataclasses import dataclass
from typing import Any

import pytest
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed, Pending

from smith_lib.errors import SourceError
from smith_lib.types import StageRun, StageStatus
from tasks.pool import pooled


@dataclass
class Future:
    """A task run that has ended."""

    state: State[Any]

    def wait(self) -> None: ...

    def result(self) -> Any:
        return self.state.data


def a_row(source: str) -> StageRun:
    told = source, f"{source}.1", "pool", StageStatus.DONE
    return StageRun("", source, *told, "", False, 3, 1.0, "s", "k", "")


def test_one_that_fails_is_told_beside_the_others_and_raised_where_it_is_alone() -> None:
    error = SourceError("bad has no git history")
    good = [Future(Completed(data=a_row("good"))) for _ in range(2)]
    bad = [Future(Failed(data=error, message="")), Future(Pending(name="NotReady"))]
    steps = [[good[0], bad[0]], [good[1], bad[1]]]
    assert pooled(["good", "bad"], steps)["projects"] == [  # type: ignore[arg-type]
        {"source": "good", "repo_id": "good.1", "shard": "s", "fixes": 3, "error": ""},
        {"source": "bad", "repo_id": "", "shard": "", "fixes": 0, "error": "bad has no git history"},
    ]
    with pytest.raises(SourceError, match="no git history"):
        pooled(["bad"], [[bad[0]], [bad[1]]])  # type: ignore[list-item]
