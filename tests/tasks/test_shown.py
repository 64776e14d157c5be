"""What the tables and the progress of a run say."""

import threading
from pathlib import Path

import pytest

from smith_lib import ledger
from smith_lib.accounts import cost
from smith_lib.progress import Progress
from smith_lib.settings import PublishSettings
from smith_lib.storage import Root, Shard, write
from smith_lib.types import Candidate, StageRun, StageStatus
from tasks.following import Shown, line, share
from tasks.shown import line as row_of
from tasks.shown import shares
from tests.rows import filled


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return Root.at(tmp_path)


def staged(stage: str, status: StageStatus = StageStatus.DONE, **facts: object) -> StageRun:
    given = {"run_id": "r1", "source": "pypi:x", "repo_id": "x", "reason": "", "curable": False, **facts}
    return filled(StageRun, stage=stage, status=status, **given)


def test_a_line_has_the_seconds_of_each_stage_the_dollars_and_the_remedy(root: Root) -> None:
    bugs = [filled(Candidate, cost_usd=0.25), filled(Candidate, cost_usd=0.5)]
    shard = write(root, Shard("candidates", "x", "k"), Candidate, bugs).path
    rows = [
        staged("select", seconds=2.0, shard=""),
        staged("inject", seconds=1.5, shard=shard),
        staged("validate", StageStatus.FAILED, seconds=0.0, shard="", reason="KeyError: 3"),
    ]
    found = row_of({"source": "pypi:x", "outcome": "failed"}, rows, root)
    assert [found[f"{stage}_seconds"] for stage in ledger.STAGES] == [2.0, 1.5, 0.0, None]
    assert (found["seconds"], found["cost_usd"]) == (3.5, 0.75)
    assert found["remedy"] == f"smith rerun-failed r1 --out {root.url}"


def test_candidates_that_cannot_be_read_cost_nothing_that_is_known(root: Root) -> None:
    root.write_bytes("candidates/x-bad.parquet", b"no parquet")
    assert cost(root, staged("inject", shard="candidates/x-bad.parquet")) == 0.0


def test_shares_are_shown_against_their_targets() -> None:
    figures = {
        "complexity": {"simple": 13, "medium": 7, "complex": 0},
        "categories": {"other": 20},
        "operators": {"drop": 20},
        "subsets": {"main": 20, "subtle": 1},
        "subtle": {"complexity": {"simple": 1, "medium": 0, "complex": 0}, "operators": {"swap": 1}},
    }
    wanted = PublishSettings(categories={"other": 1.0}, tolerance=0.05)
    rows = {(row["what"], row["which"]): row for row in shares(figures, wanted)}
    assert rows["complexity", "simple"] == {
        "what": "complexity", "which": "simple", "tasks": 13, "share": "65.0%", "target": "60.0% ± 5.0%",
        "met": "yes", "subtle": 1,
    }  # fmt: skip
    assert [rows["complexity", size]["met"] for size in ("medium", "complex")] == ["yes", "no"]
    assert rows["categories", "other"]["met"] == "yes"
    assert (rows["operators", "drop"]["target"], rows["operators", "swap"]["subtle"]) == ("", 1)
    assert not {what for what, _ in rows} & {"subsets", "subtle"}


def test_a_stage_follows_its_own_repository_and_learns_its_id() -> None:
    shown = Shown("select", ["pypi:x"])
    shown.take(Progress("select", "pypi:y.other", 1, 2))  # from this thread: it is the stage's own
    assert shown.last == Progress("select", "pypi:y.other", 1, 2)
    other = [Progress("select", "pypi:z", 1, 2), Progress("validate", "pypi:x", 1, 2)]
    wanted = Progress("select", "pypi:y.other", 2, 2)
    for step in (wanted, *other):
        thread = threading.Thread(target=shown.take, args=(step,))
        thread.start()
        thread.join()
    assert shown.last == wanted


def test_progress_is_told_in_percent_and_words() -> None:
    step = Progress("validate", "x", 12, 60, "audit")
    assert (share(step), line(step)) == (20.0, "validate x: 12 of 60, audit")
    step = Progress("select", "x", 0, 0, "fetching")
    assert (share(step), line(step)) == (0.0, "select x: fetching")
    assert share(Progress("select", "x", 5, 4)) == 100.0
