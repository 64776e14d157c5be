"""What may go, and what never does."""

import io
import json
import os
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from smith_lib import ledger
from smith_lib.cleaning import DAY, Thing, beyond, in_cache, in_engine, in_root, recent
from smith_lib.cli.app import smith
from smith_lib.errors import StorageError
from smith_lib.ledger import RunRecord
from smith_lib.sandbox import machine
from smith_lib.settings import DEFAULTS, load
from smith_lib.stages import Desk
from smith_lib.storage import Root
from smith_lib.types import StageRun, StageStatus

OLD, NEW = "repos/x-00000000000000aa.parquet", "repos/x-00000000000000bb.parquet"


def a_root(folder: Path) -> Root:
    """Two runs of one source, of which the second made other shards; a published version; verdicts kept."""
    root = Root.at(folder)
    for run, shard in (("20260101T000000000-aa", OLD), ("20260102T000000000-bb", NEW)):
        ledger.begin(root, RunRecord(run, ("pypi:x",), DEFAULTS, "select"))
        row = StageRun(run, "pypi:x", "pypi:x==1", "pypi__x.1", "select", StageStatus.DONE, "", False, 1, 1.0,
                       shard, Path(shard).stem[-16:], "2026-01-02T00:00:00+00:00")  # fmt: skip
        ledger.enter(root, row)
        for table in ("repos", "tests"):
            root.write_bytes(shard.replace("repos", table), b"rows")
    root.write_bytes("published/v1/data.parquet", b"rows")
    root.write_bytes("judged/pypi__x.1/a.parquet", b"rows")
    return root


def test_shards_that_no_newest_run_names_may_go(tmp_path: Path) -> None:
    root = a_root(tmp_path)
    later = time.time() + 40 * DAY
    assert in_root(root, 50, now=later) == []
    things = in_root(root, 30, now=later)
    assert [t.name for t in things] == [OLD, OLD.replace("repos", "tests")]
    assert {round(t.days) for t in things} == {40}
    assert "judged/pypi__x.1/a.parquet" in [t.name for t in in_root(root, 10, now=later)]
    before = set(root.names(""))
    for thing in things:
        thing.remove()
    assert before - set(root.names("")) == {t.name for t in things}
    things[0].remove()  # somebody was faster


def test_repositories_of_recent_runs_are_known(tmp_path: Path) -> None:
    root = a_root(tmp_path)
    at = 1_767_312_000.0  # the day of the second run
    assert recent(root, 5, now=at + DAY) == ["pypi__x.1"]
    assert recent(root, 5, now=at + 9 * DAY) == []


def test_what_the_cache_holds_goes_by_its_last_use(tmp_path: Path) -> None:
    for name in ("trees/old", "trees/used", "trees/.old.lock"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "trees/old/file").write_bytes(b"x" * 10_000)
    os.utime(tmp_path / "trees/old", (0, 0))
    [thing] = in_cache(tmp_path, 30)
    assert (thing.name, thing.size >= 10_000) == ("trees/old", True)
    thing.remove()
    assert sorted(p.name for p in (tmp_path / "trees").iterdir()) == [".old.lock", "used"]


def test_by_size_the_oldest_go_first() -> None:
    things = [Thing("cache", name, size, days, "", lambda: None)
              for name, size, days in (("a", 5, 1), ("b", 5, 9), ("c", 5, 3))]  # fmt: skip
    assert [t.name for t in beyond(things, 15)] == []
    assert [t.name for t in beyond(things, 10)] == ["b"]
    assert [t.name for t in beyond(things, 5)] == ["b", "c"]
    assert [t.name for t in beyond(things, 4)] == ["a", "b", "c"]


@pytest.fixture
def api() -> Iterator[Any]:
    """The engine's API."""
    import docker

    client = docker.from_env()
    yield client.api
    client.close()


@pytest.mark.engine
def test_what_a_dead_process_left_in_the_engine_goes(api: Any) -> None:
    code = "import os; print(os.getpid())"
    dead = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("empty"))
    image = json.loads(api.import_image_from_data(
        data.getvalue(), "smith-test", "cleaning", changes=["LABEL smith=1 smith.repo=pypi__gone.1"],
    ).splitlines()[-1])["status"]  # fmt: skip
    boxes = []
    try:
        for pid in (int(dead.stdout), os.getpid()):
            labels = {"smith": "1", "smith.run": f"{pid}-ab", "smith.machine": machine.identity()}
            boxes.append(api.create_container("smith-test:cleaning", ["/x"], labels=labels)["Id"])
        mine = {t.name: t for t in in_engine(api, 3) if t.name in {boxes[0][:12], boxes[1][:12]}}
        assert list(mine) == [boxes[0][:12]]
        mine[boxes[0][:12]].remove()
        later = time.time() + 4 * DAY
        known = [t.name for t in in_engine(api, 3, recent=["pypi__gone.1"], now=later)]
        assert "smith-test:cleaning" not in known
        kept = [t.name for t in in_engine(api, 3, now=later, needed=["smith-test:cleaning"])]
        assert "smith-test:cleaning" not in kept
        [thing] = [t for t in in_engine(api, 3, now=later) if t.name == "smith-test:cleaning"]
        api.remove_container(boxes.pop(), force=True)
        boxes.clear()
        thing.remove()
        assert not api.images("smith-test:cleaning")
    finally:
        for box in boxes:
            api.remove_container(box, force=True)
        if api.images("smith-test:cleaning"):
            api.remove_image(image, force=True)


def test_nothing_is_removed_until_told_so(tmp_path: Path) -> None:
    root = a_root(tmp_path / "out")
    for name in root.names("repos"):
        os.utime(tmp_path / "out" / name, (0, 0))
    told = ["clean", "--only", "shards", "--out", str(tmp_path / "out")]
    shown = CliRunner().invoke(smith, told)
    assert (shown.exit_code, "1 would be removed" in shown.output) == (0, True), shown.output
    assert root.exists(OLD)
    done = CliRunner().invoke(smith, [*told, "--yes", "--json"])
    assert [t["removed"] for t in json.loads(done.output)["things"]] == [True]
    assert (root.exists(OLD), root.exists(NEW)) == (False, True)
    assert "nothing to remove" in CliRunner().invoke(smith, told).output


def test_no_stage_begins_where_disk_space_is_short(tmp_path: Path) -> None:
    settings = load(None, {"disk_free_gb": 1_000_000.0})
    nobody: Any = None
    desk = Desk("run", settings, Root.at(tmp_path / "out"), nobody, tmp_path / "cache", lambda *_: None)
    with pytest.raises(StorageError, match=r"GB are free in .*, and inject begins with 1e\+06 GB"):
        desk.start("pypi:x", "inject")
