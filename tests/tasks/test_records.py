"""What a rerun takes up and what publishing a root finds."""

from dataclasses import replace
from pathlib import Path

import pytest

from smith_lib import ledger
from smith_lib.errors import InputError
from smith_lib.settings import Settings
from smith_lib.stages.there import rows_there
from smith_lib.storage import Root
from smith_lib.types import StageRun, StageStatus
from tasks.records import failed_of
from tasks.search import search_repos


def enter(root: Root, run_id: str, source: str, *endings: tuple[str, StageStatus]) -> None:
    for stage, status in endings:
        shard = "" if status is StageStatus.FAILED else f"{stage}/{source}.parquet"
        row = StageRun(run_id, source, source, source, stage, status, "", False, 1, 1.0, shard, run_id, "")
        ledger.enter(root, row)


def through(status: StageStatus = StageStatus.DONE) -> list[tuple[str, StageStatus]]:
    return [(stage, status) for stage in ledger.STAGES]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """A run of five: one went through, one was rejected, two failed, one was never begun."""
    root = Root.at(tmp_path)
    sources = ("good", "rejected", "broken", "late", "cut off")
    ledger.begin(root, ledger.RunRecord("r1", sources, Settings(out="elsewhere", seed=7), "publish"))
    enter(root, "r1", "good", *through())
    enter(root, "r1", "rejected", ("select", StageStatus.REJECTED))
    enter(root, "r1", "broken", ("select", StageStatus.FAILED))
    enter(root, "r1", "late", ("select", StageStatus.DONE), ("inject", StageStatus.FAILED))
    return root


def test_only_what_failed_or_was_cut_off_is_taken_up(root: Root) -> None:
    found = failed_of(root.url, None)
    assert found.sources == ["broken", "late", "cut off"]
    assert found.settings.out == root.url
    assert (found.run_id, found.settings.seed, found.until) == ("r1", 7, "publish")
    assert {row.source for row in found.kept} == {"good", "rejected"}


def test_a_rerun_of_a_rerun_keeps_what_either_made(root: Root) -> None:
    settings = Settings(out=root.url, seed=7)
    ledger.begin(root, ledger.RunRecord("r2", ("broken", "late", "cut off"), settings, "publish", "r1"))
    enter(root, "r2", "broken", *through(StageStatus.CACHED))
    enter(root, "r2", "late", ("select", StageStatus.FAILED))
    found = failed_of(root.url, None)
    assert found.sources == ["late", "cut off"]
    assert {row.source for row in found.kept} == {"good", "rejected", "broken"}
    enter(root, "r2", "late", *through())
    enter(root, "r2", "cut off", *through())
    with pytest.raises(InputError, match="nothing failed in run r2"):
        failed_of(root.url, "r2")


def test_publishing_a_root_takes_the_newest_rows_of_what_was_packaged(root: Root) -> None:
    settings = Settings(out=root.url)
    ledger.begin(root, ledger.RunRecord("r2", ("good",), settings, "publish"))
    enter(root, "r2", "good", *through(StageStatus.CACHED))
    ledger.begin(root, ledger.RunRecord("r3", ("good",), settings, "publish"))
    enter(root, "r3", "good", ("select", StageStatus.FAILED))
    rows = rows_there(settings)
    assert {(r.source, r.run_id) for r in rows if r.stage == "package"} == {("good", "r2")}


def test_publishing_a_root_takes_a_repository_once_from_the_run_that_packaged_it_last(root: Root) -> None:
    settings = Settings(out=root.url)
    for run_id, source in (("r2", "z copy"), ("r3", "a copy"), ("r4", "other")):
        ledger.begin(root, ledger.RunRecord(run_id, (source,), settings, "publish"))
        enter(root, run_id, source, *through())
        for row in ledger.stages(root, run_id):
            ledger.enter(root, replace(row, repo_id=source.split()[-1]))
    assert {row.source for row in rows_there(settings)} == {"good", "rejected", "a copy", "other"}


def test_a_root_where_nothing_was_packaged_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to publish"):
        rows_there(Settings(out=str(tmp_path)))


def test_a_list_of_sources_is_read_from_its_file(tmp_path: Path) -> None:
    listed = tmp_path / "sources.txt"
    listed.write_text("# the list\npypi:h11  # small\n\npypi:tinydb\n")
    assert search_repos.fn(["pypi:h11", f"@{listed}"], None, Settings()) == ["pypi:h11", "pypi:tinydb"]
    with pytest.raises(InputError, match=r"gone\.txt"):
        search_repos.fn([f"@{tmp_path}/gone.txt"], None, Settings())
    with pytest.raises(InputError, match="no repository to run"):
        search_repos.fn([], None, Settings())
