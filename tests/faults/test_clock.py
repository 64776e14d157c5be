"""A clock that is set back changes neither which run is the newest nor what it makes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from smith_lib import ledger
from smith_lib.settings import Settings
from smith_lib.stages.there import rows_there
from smith_lib.storage import Root
from smith_lib.types import StageRun, StageStatus
from tasks import begin_run

NOW = datetime(2026, 1, 31, 1, 0, 4, 123_456, tzinfo=UTC)


def test_a_runs_id_is_its_time() -> None:
    assert ledger.next_id(NOW, [], "1a2b") == "20260131T010004123-1a2b"
    assert ledger.next_id(NOW, ["20260130T010004123-ffff", "odd"], "1a2b") == "20260131T010004123-1a2b"


def test_after_a_step_back_the_next_run_still_sorts_last() -> None:
    known: list[str] = []
    for seconds in (0, 3_600, -86_400, -3_599, 0, 7_200, 1):
        known.append(ledger.next_id(NOW + timedelta(seconds=seconds), known, "0000"))
    assert known == sorted(known)
    assert len(set(known)) == len(known)


def test_the_newest_run_is_the_one_that_began_last_whatever_the_clock_said(tmp_path: Path) -> None:
    settings = Settings(out=str(tmp_path))
    root = Root.at(settings.out)
    ahead = ledger.next_id(datetime.now(UTC) + timedelta(days=2), [], "ffff")
    ledger.begin(root, ledger.RunRecord(ahead, ("a",), settings, "publish"))
    after = begin_run.fn(["a"], settings, "publish")
    assert ledger.record(root).run_id == after
    for run_id in (ahead, after):
        done = (StageStatus.DONE, "", False, 1, 1.0, f"instances/{run_id}.parquet", "k", "")
        ledger.enter(root, StageRun(run_id, "a", "a", "a", "package", *done))
    assert [row.run_id for row in rows_there(settings)] == [after]
