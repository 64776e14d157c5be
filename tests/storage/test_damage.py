import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from itertools import product
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smith_lib.errors import DamagedShard, StorageError
from smith_lib.storage import Root, Shard, read, table_at, write
from smith_lib.types import Stability, Test, Tier

SHARD = Shard("tests", "r", "k")


def rows(count: int, outcome: str = "passed") -> list[Test]:
    seen = [(outcome,) * (n % 4) for n in range(count)]
    flaky = (Stability.FLAKY, True, Tier.FORK)
    return [Test("r", f"t/é.py::test_x[{n}]", "t/é.py", seen[n], n / 7, *flaky) for n in range(count)]


@pytest.fixture
def written(tmp_path):
    root = Root.at(tmp_path)
    write(root, SHARD, Test, rows(40))
    return root, tmp_path / SHARD.path


def test_a_flipped_bit_is_noticed_wherever_it_matters(written):
    root, path = written
    clean = path.read_bytes()
    noticed = 0
    for place in range(len(clean)):
        data = bytearray(clean)
        data[place] ^= 1 << place % 8
        path.write_bytes(data)
        try:
            assert read(root, SHARD, Test) == rows(40), f"byte {place} changed the rows unseen"
        except StorageError as error:
            noticed += 1
            assert "tests/r-k.parquet" in str(error)
    assert noticed > len(clean) / 2


def test_a_flip_in_the_values_is_noticed(written):
    root, path = written
    data = bytearray(path.read_bytes())
    data[200] ^= 1
    path.write_bytes(data)
    with pytest.raises(StorageError, match="is damaged"):
        read(root, SHARD, Test)


def test_a_truncated_shard_is_noticed(written):
    root, path = written
    clean = path.read_bytes()
    for length in (0, 3, 4, 8, len(clean) // 2, len(clean) - 8, len(clean) - 1):
        path.write_bytes(clean[:length])
        with pytest.raises(StorageError, match="is damaged"):
            read(root, SHARD, Test)


def test_types_that_arrow_does_not_know_are_told_as_damage(written):
    root, path = written
    table = pa.table({"a": pa.array([[1]], pa.list_(pa.int64())), "b": [1]})
    pq.write_table(table, path)
    with pytest.raises(DamagedShard, match="other columns"):
        read(root, SHARD, Test)
    with pytest.raises(DamagedShard, match="no column 'c'"):
        table_at(root, SHARD.path, ["c"])


def test_what_arrow_cannot_decode_is_told_as_damage(written):
    root, path = written
    pq.write_table(pa.table({"a": ["x"]}), path, compression="zstd")
    clean, kinds = path.read_bytes(), set()
    for place, byte in product(range(len(clean) - 130, len(clean) - 60), b"ABCDEF"):
        path.write_bytes(clean[:place] + bytes([byte]) + clean[place + 1 :])
        try:
            table_at(root, SHARD.path)
        except DamagedShard as error:
            kinds.add(type(error.__cause__))
    assert {pa.ArrowNotImplementedError, pa.ArrowInvalid} <= kinds


ENDING = """
import sys
from smith_lib.storage import Root, table_at
for _ in range(20):
    table_at(Root.at(sys.argv[1]), sys.argv[2], ["test_id"])
assert not [name for name in sys.modules if name == "pyarrow.dataset"]
"""


def test_reading_leaves_no_thread_to_arrow_that_could_abort_the_end(written):
    root, _ = written
    for _ in range(5):
        command = [sys.executable, "-c", ENDING, str(root.local), SHARD.path]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert (ran.returncode, ran.stderr) == (0, "")


def test_a_missing_shard_is_a_storage_error_that_names_it(tmp_path):
    with pytest.raises(StorageError, match=r"cannot read 'tests/r-k\.parquet'"):
        read(Root.at(tmp_path), SHARD, Test)


WRITER = """
import sys
from smith_lib.storage import Root
root = Root.at(sys.argv[1])
data = b"x" * 64_000_000
while True:
    root.write_bytes("tests/big", data)
    (root.local / "tests/big").unlink()
"""


def test_a_writer_killed_in_mid_write_leaves_nothing_that_counts(tmp_path):
    folder = tmp_path / "tests"
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        caught = False
        while not caught and time.monotonic() < deadline:
            for part in folder.glob(".*.part"):
                with suppress(FileNotFoundError):
                    if 0 < part.stat().st_size < 64_000_000:
                        os.kill(writer.pid, signal.SIGKILL)
                        caught = True
                        break
    finally:
        writer.kill()
        writer.wait()
    assert caught, "the writer was never seen in mid-write"
    root = Root.at(tmp_path)
    assert list(folder.glob(".*.part")), "it was killed too late to show anything"
    assert not root.exists("tests/big")
    assert list(root.names("tests")) == []


def test_a_write_that_fails_leaves_what_was_there(written, monkeypatch):
    root, path = written

    def no_space(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(StorageError, match=r"cannot write 'tests/r-k\.parquet'.*No space left"):
        write(root, SHARD, Test, rows(2))
    assert read(root, SHARD, Test) == rows(40)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_a_folder_where_a_file_should_be_is_a_storage_error(tmp_path):
    (tmp_path / "tests").write_text("a file")
    with pytest.raises(StorageError, match="cannot write"):
        write(Root.at(tmp_path), SHARD, Test, rows(1))


def test_writers_of_one_shard_never_mix(tmp_path):
    root, shards = Root.at(tmp_path), [rows(2_000, outcome) for outcome in ("passed", "failed", "error")]
    write(root, SHARD, Test, shards[0])
    done = threading.Event()
    seen: list[list[Test]] = []

    def watch() -> None:
        while not done.is_set():
            seen.append(read(root, SHARD, Test))

    watcher = threading.Thread(target=watch)

    def rewrite(some: list[Test]) -> None:
        for _ in range(10):
            write(root, SHARD, Test, some)

    writers = [threading.Thread(target=rewrite, args=(some,)) for some in shards]
    watcher.start()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    done.set()
    watcher.join()
    assert seen
    assert all(found in shards for found in seen)
    assert read(root, SHARD, Test) in shards
    assert [p.name for p in Path(tmp_path, "tests").iterdir()] == ["r-k.parquet"]
