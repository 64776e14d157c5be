"""`smith export` says what it wrote, and what was asked wrongly."""

import json
import sys
from pathlib import Path

import pytest

from smith_lib.curate.choose import Choice
from smith_lib.errors import SandboxUnavailable
from smith_lib.export.formats import FORMATS
from smith_lib.publish import write_version
from smith_lib.sandbox.backends import BACKENDS
from smith_lib.settings import PublishSettings
from smith_lib.storage import Root
from tests.export.conftest import a_task


@pytest.fixture
def root(tmp_path):
    rows = tuple(a_task(instance_id=f"task{n}") for n in range(4))
    write_version(Root.at(tmp_path / "data"), Choice(rows, (), ()), {}, None, PublishSettings())
    return str(tmp_path / "data")


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_is_written(kind, root, tmp_path, invoke):
    words = ["--to", kind, "--no-images", "--limit", "2", "--json"]
    done = invoke("export", root, str(tmp_path / "out"), *words)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["format"], told["tasks"], told["left_out"], told["checks"]) == (kind, 2, [], [])
    assert json.loads((tmp_path / "out/export.json").read_text())["tasks"] == 2


def test_only_the_tasks_of_one_split_are_written(tmp_path, invoke):
    rows = tuple(a_task(instance_id=f"task{n}", repo=f"o/n{n}") for n in range(3))
    choice = Choice(rows, (), (), splits={"n0": "train", "n1": "test", "n2": "test"})
    write_version(Root.at(tmp_path / "data"), choice, {}, None, PublishSettings())
    words = ["--to", "sft", "--only", "test", "--json"]
    done = invoke("export", str(tmp_path / "data"), str(tmp_path / "out"), *words)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["tasks"] == 2


def test_a_verified_export_tells_what_held(root, tmp_path, invoke, monkeypatch):
    monkeypatch.setattr("smith_lib.export.verify.clients.client_in", lambda cache, client: Path(sys.prefix))
    done = invoke("export", root, "--to", "sft", str(tmp_path / "out"), "--verify")
    assert done.exit_code == 0, done.output
    assert "holds: load_dataset, text: 4 rows of 6 columns in 'train'" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "sft", "--push", "a/b"], "--push goes with --to huggingface, not with sft"),
        (["--to", "harbor", "--verify", "--no-images"], "leave --no-images out"),
        (["--to", "huggingface", "--push", "a/b"], "set HF_TOKEN"),
        (["--to", "sft", "--subset", "subtle"], "no tasks in 'subtle'; it has: main"),
        (["--to", "sft", "--only", "test"], "no tasks in the split 'test'; it has: train"),
        (["--to", "parquet"], "'parquet' is not one of 'huggingface', 'sft', 'rl', 'swesmith', 'swebench'"),
    ],
)
def test_what_cannot_be_done_is_told(words, said, root, tmp_path, invoke, monkeypatch):
    monkeypatch.delenv("HF_TOKEN", raising=False)
    done = invoke("export", root, str(tmp_path / "out"), *words)
    assert done.exit_code == 2
    assert said in " ".join(done.output.split())


def test_a_folder_of_something_else_is_left_alone(root, tmp_path, invoke):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("x")
    done = invoke("export", root, "--to", "sft", str(tmp_path / "mine"))
    assert done.exit_code == 2
    assert "it holds something else; name a new folder" in done.output
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["notes.txt"]


def test_without_an_engine_the_way_out_is_told(root, tmp_path, invoke, monkeypatch):
    def none(*_):
        raise SandboxUnavailable("no Docker engine answers")

    monkeypatch.setitem(BACKENDS, "docker", none)
    done = invoke("export", root, "--to", "swebench", str(tmp_path / "out"))
    assert done.exit_code == 4
    assert "with --no-images the files alone are written" in done.output
    assert not (tmp_path / "out").exists()
