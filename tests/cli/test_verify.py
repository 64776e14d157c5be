"""`smith verify` takes nothing for proved that is not what was published."""

import hashlib
import json
from pathlib import Path

import pytest

from smith_lib.curate.choose import Choice
from smith_lib.publish import write_version
from smith_lib.settings import PublishSettings
from smith_lib.storage import Root
from smith_lib.storage.shards import to_parquet, to_table
from smith_lib.types import Instance
from tests.rows import an_instance


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of a version of three rows in two files."""
    rows = tuple(an_instance(n) for n in range(3))
    made = write_version(Root.at(tmp_path), Choice(rows, (), ()), {}, None, PublishSettings(rows_per_shard=2))
    return Path(made.path) / "data"


def emptied(folder: Path) -> str:
    name = "train-00001-of-00002.parquet"
    (folder / name).write_bytes(to_parquet(to_table(Instance, [])))
    return f"data/{name} is not what was published"


def cut_down(folder: Path) -> str:
    (folder / "train-00001-of-00002.parquet").unlink()
    return "data/train-00001-of-00002.parquet is missing"


def unreadable(folder: Path) -> str:
    (folder / "train-00000-of-00002.parquet").write_bytes(b"PAR1")
    return "data/train-00000-of-00002.parquet is not what was published"


def added_to(folder: Path) -> str:
    (folder / "train-9.parquet").write_bytes(to_parquet(to_table(Instance, [an_instance(9)])))
    return "data/train-9.parquet is more than was published"


def removed(folder: Path) -> str:
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    return "data/train-00000-of-00002.parquet is missing"


@pytest.mark.parametrize("damage", [emptied, cut_down, unreadable, added_to, removed])
def test_files_that_are_not_what_was_published_prove_nothing(damage, data, invoke):
    told = damage(data)
    out = str(data.parents[2])
    result = invoke("verify", "--out", out)
    assert result.exit_code == 1, result.output
    assert told in result.stdout
    assert invoke("verify", out).stdout == result.stdout  # the folder named
    assert "nothing is proved" in result.stdout
    document = invoke("verify", "--out", out, "--json")
    assert document.exit_code == 1
    assert told in json.loads(document.stdout)["damaged"]


def test_a_version_of_no_rows_proves_nothing(data, invoke):
    out = data.parents[2]
    table = to_parquet(to_table(Instance, []))
    figures = json.loads((data.parent / "metrics.json").read_text())
    for file in data.iterdir():
        file.write_bytes(table)
    figures["files"] = dict.fromkeys(figures["files"], hashlib.sha256(table).hexdigest())
    (data.parent / "metrics.json").write_text(json.dumps(figures))
    result = invoke("verify", "--out", str(out))
    assert result.exit_code == 1
    assert "it holds no instance" in result.stdout
