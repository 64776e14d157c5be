"""Shards that are damaged or cannot be written cost the time to make them again, and nothing else."""

import resource
import subprocess
from pathlib import Path
from random import Random

import pytest

from smith_lib.errors import StorageError
from smith_lib.storage import Root
from smith_lib.types import StageStatus
from tests.faults.conftest import Copy, Line, Undisturbed

MADE_AGAIN = ("candidates", "verdicts", "instances")

pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("harm", ["flipped", "truncated"])
def test_a_damaged_shard_of_any_stage_is_made_again(
    line: Line, undisturbed: Undisturbed, copy: Copy, harm: str
) -> None:
    out = copy()
    random = Random(f"damage:{harm}")
    for table in MADE_AGAIN:
        (file,) = (out / table).glob("*.parquet")
        data = bytearray(file.read_bytes())
        if harm == "flipped":  # in the pages; the end is looked at by tests/storage
            data[random.randrange(8, len(data) // 2)] ^= 1 << random.randrange(8)
        else:
            del data[random.randrange(len(data)) :]
        file.write_bytes(data)
    desk = line.desk(out)
    assert line.through(desk) == undisturbed.data
    again = {row.stage: row.status for row in line.stages(desk)}
    assert set(again.values()) == {StageStatus.CACHED}


def test_a_full_disk_fails_the_stage_and_leaves_nothing_that_counts(
    line: Line, undisturbed: Undisturbed, copy: Copy
) -> None:
    out = copy("instances")
    desk = line.desk(out)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))  # no file grows beyond that
    try:
        with pytest.raises(StorageError, match=r"cannot write 'instances/.*File too large"):
            line.stages(desk)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not [path for path in (out / "instances").rglob("*") if path.is_file()]
    assert line.through(desk) == undisturbed.data


def test_a_disk_that_is_really_full_keeps_the_shard_that_was_there(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no right to mount a small disk")
    try:
        root = Root.at(disk / "out")
        root.write_bytes("tests/a", b"first")
        for data in (b"x" * 2_000_000, b"y" * 2_000_000):
            with pytest.raises(StorageError, match=r"cannot write 'tests/a'.*No space left"):
                root.write_bytes("tests/a", data)
            assert root.read_bytes("tests/a") == b"first"
            assert [path.name for path in (disk / "out" / "tests").iterdir()] == ["a"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
