"""The ledger tells what was asked for and how far each source came."""

from dataclasses import replace
from pathlib import Path

import pytest

from smith_lib import ledger
from smith_lib.errors import InputError, StorageError
from smith_lib.settings import Settings
from smith_lib.storage import Root
from smith_lib.types import StageRun, StageStatus

ROW = StageRun(
    "r1", "pypi:h11", "pypi:h11==0.16.0", "pypi__h11.12345678", "select", StageStatus.DONE, "", False, 1, 1.5,
    "repos/x.parquet", "0123456789abcdef", "2026-01-01T00:00:00+00:00",
)  # fmt: skip


def run(run_id: str, *sources: str, of: str = "") -> ledger.RunRecord:
    return ledger.RunRecord(run_id, sources, Settings(seed=7), "publish", of)


def test_a_run_comes_back_as_it_was_entered(tmp_path: Path) -> None:
    root = Root.at(tmp_path)
    ledger.begin(root, run("r1", "pypi:h11", "/some where/é"))
    assert ledger.record(root) == run("r1", "pypi:h11", "/some where/é")
    ledger.end(root, "r1", {"failed": 0})
    assert ledger.record(root, "r1").summary == {"failed": 0}


def test_stages_come_in_the_order_of_the_pipeline_and_the_last_entry_counts(tmp_path: Path) -> None:
    root = Root.at(tmp_path)
    ledger.begin(root, run("r1", "pypi:h11"))
    for stage in ("validate", "inject", "select"):
        ledger.enter(root, replace(ROW, stage=stage))
    ledger.enter(root, replace(ROW, stage="validate", status=StageStatus.FAILED))
    rows = ledger.stages(root, "r1")
    assert [r.stage for r in rows] == ["select", "inject", "validate"]
    assert rows[-1].status is StageStatus.FAILED


def test_sources_that_look_alike_as_file_names_are_kept_apart(tmp_path: Path) -> None:
    root = Root.at(tmp_path)
    ledger.begin(root, run("r1"))
    sources = {"/a/b c", "/a/b-c", "a-b-c", "git+https://example.org/a/b.git", "x" * 300, "y" + "x" * 299}
    for source in sources:
        ledger.enter(root, replace(ROW, source=source))
    assert {r.source for r in ledger.stages(root, "r1")} == sources


def test_an_unknown_run_names_the_known_ones(tmp_path: Path) -> None:
    root = Root.at(tmp_path)
    with pytest.raises(InputError, match="no run in"):
        ledger.record(root)
    ledger.begin(root, run("r1"))
    with pytest.raises(InputError, match=r"no run 'r9'.*known: r1"):
        ledger.record(root, "r9")


def test_runs_that_take_up_each_other_are_told_as_damaged(tmp_path: Path) -> None:
    root = Root.at(tmp_path)
    for one in (run("r1", "a", of="r1"), run("r2", "a", of="r3"), run("r3", "a", of="r2")):
        ledger.begin(root, one)
    for run_id in ("r1", "r2"):
        with pytest.raises(StorageError, match="takes up"):
            ledger.chain(root, ledger.record(root, run_id))


def test_a_rerun_leads_back_to_the_first_run(tmp_path: Path) -> None:
    root = Root.at(tmp_path)
    for one in (run("r1", "a", "b"), run("r2", "b", of="r1"), run("r3", "b", of="r2")):
        ledger.begin(root, one)
    assert [r.run_id for r in ledger.chain(root, ledger.record(root, "r3"))] == ["r1", "r2", "r3"]
