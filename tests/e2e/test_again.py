"""The same run again: cached, with another number of workers, and after Ctrl-C."""

import shutil
import signal
import time
from pathlib import Path

import pytest

from smith_lib import ledger
from smith_lib.storage import Root
from tests.e2e.called import Called, Place, ended, published, running

pytestmark = [pytest.mark.timeout(900), pytest.mark.network, pytest.mark.server]


def test_a_second_run_finds_every_stage_cached(place: Place, wanted: list[str], undisturbed: Called) -> None:
    before = published(undisturbed.document)
    assert sum(map(len, before.values())) > 0
    again = place.call(*wanted, "--workers", "2", "--out", place.folder / "undisturbed")
    assert again.code == 0, again.errors
    stages = ("select", "inject", "validate", "package")
    assert again.document["counts"] == {f"{stage}_cached": 1 for stage in sorted(stages)}
    assert again.document["path"] == undisturbed.document["path"]
    assert published(again.document) == before
    assert not again.document["new"]
    root = Root.at(place.folder / "undisturbed")
    run_id = again.document["run_id"]
    assert {row.version for row in ledger.accounts(root, run_id)} == {again.document["version"]}
    assert (ledger.record(root, run_id).summary or {})["counts"] == again.document["counts"]


def test_a_run_with_nothing_new_starts_no_prefect(
    place: Place, wanted: list[str], undisturbed: Called
) -> None:
    out = place.folder / "undisturbed"
    prefect = place.folder / "prefect"
    database = prefect / "prefect.db"
    before = database.stat().st_mtime_ns
    prefect.rename(hidden := place.folder / "hidden")
    try:
        assert place.call(*wanted, "--out", out).code == 0
        assert not database.exists()
    finally:
        shutil.rmtree(prefect, ignore_errors=True)
        hidden.rename(prefect)
    assert database.stat().st_mtime_ns == before


def test_ctrl_c_leaves_nothing_and_the_next_run_goes_on_to_the_same_rows(
    place: Place, wanted: list[str], undisturbed: Called
) -> None:
    out = place.folder / "interrupted"
    command = [*wanted, "--workers", "1", "--out", str(out)]
    process = place.start(*command)
    try:
        _until_judging(process.pid, out)
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        stopped = ended(process, 30)
        took = time.monotonic() - begun
    finally:
        process.kill()
    assert stopped.code == 130, (stopped.document, stopped.errors)
    assert took < 15
    assert stopped.document["exit_code"] == 130
    assert running(stopped.pid) == []
    assert place.temporary() == []
    assert not list(out.glob("verdicts/*.parquet"))

    resumed = place.call(*command)
    assert resumed.code == 0, (resumed.document, resumed.errors)
    done = {"select_cached": 1, "inject_cached": 1, "validate_done": 1, "package_done": 1}
    assert resumed.document["counts"] == done
    assert published(resumed.document) == published(undisturbed.document)
    assert running(resumed.pid) == []


def _until_judging(pid: int, out: Path) -> None:
    """Come back once a sandbox of that process runs a candidate."""
    deadline = time.monotonic() + 300
    while not (list(out.glob("candidates/*.parquet")) and running(pid)):
        assert time.monotonic() < deadline, "it never came to judge candidates"
        time.sleep(0.1)
