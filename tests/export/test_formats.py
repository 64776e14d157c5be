"""Each format: the same bytes for the same rows, and what its readers look for."""

import json
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from smith_lib.errors import InputError
from smith_lib.export import harbor, prompts, world
from smith_lib.export.folder import LeftOut, chosen, fit, write
from smith_lib.export.formats import FORMATS
from smith_lib.export.verify import CLIENTS, loading
from smith_lib.storage import schema_of
from smith_lib.types import Instance
from tests.export.conftest import FILE, a_task

HERE = Path(sys.prefix)
"""An environment that has `datasets`, as the client's own has."""


def tasks(count=3):
    return [a_task(instance_id=f"local__shelf.00000000.swap.{n:08d}") for n in range(count)]


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_rows_give_the_same_bytes(kind):
    made = [dict(FORMATS[kind].files(tasks(), "v0001-00000000", "train")) for _ in range(2)]
    assert made[0] == made[1]
    assert all(not name.startswith("/") and ".." not in name for name in made[0])


@pytest.mark.parametrize("kind", [kind for kind, client in CLIENTS.items() if client.name == "datasets"])
def test_load_dataset_reads_it(kind, tmp_path):
    rows = [*tasks(), *([a_task(instance_id="low", subset="subtle")] if kind == "huggingface" else [])]
    folder = write(str(tmp_path / "out"), rows, [], kind, "v0001-00000000", "train", {})
    checks = loading.verify(HERE, folder, "train", [row.instance_id for row in rows])
    assert len(checks) >= 2
    assert [check for check in checks if not check.holds] == []


def test_a_folder_that_lacks_a_task_does_not_hold(tmp_path):
    folder = write(str(tmp_path / "out"), tasks(2), [], "sft", "v0001-00000000", "train", {})
    mark = json.loads((folder / "export.json").read_text())
    (folder / "export.json").write_text(json.dumps({**mark, "tasks": 3}))
    checks = loading.verify(HERE, folder, "train", ["local__shelf.00000000.swap.00000000", "gone"])
    assert [check.what for check in checks if not check.holds] == ["every task is there"]


def test_every_format_has_a_client():
    assert set(CLIENTS) == set(FORMATS)


def test_the_prompt_shows_the_issue_and_the_buggy_code_and_never_the_fix(row):
    asked = prompts.prompt(row)
    assert row.problem_statement in asked and FILE in asked and "weight < left" in asked
    assert "weight <= left" not in asked
    fenced = prompts.prompt(replace(row, buggy_code=(replace(row.buggy_code[0], text="x = '```'\n"),)))
    assert "````python\nx = '```'\n````" in fenced


def test_sft_has_the_fix_as_completion_and_as_the_answer(tmp_path, row):
    folder = write(str(tmp_path / "out"), [row], [], "sft", "v", "train", {})
    [text], [chat] = lines(folder / "text/train.jsonl"), lines(folder / "chat/train.jsonl")
    assert (text["prompt"], text["completion"]) == (prompts.prompt(row), row.patch)
    assert [(m["role"], m["content"]) for m in chat["messages"]] == [
        ("user", text["prompt"]), ("assistant", row.patch)
    ]  # fmt: skip
    assert pq.read_table(folder / "chat/train-00000-of-00001.parquet").to_pylist() == [chat]


def test_rl_has_every_column_that_a_reward_needs(tmp_path, row):
    folder = write(str(tmp_path / "out"), [row], [], "rl", "v", "train", {})
    [told] = lines(folder / "text/train.jsonl")
    assert set(told) == {"prompt", *schema_of(Instance).names}
    assert told["FAIL_TO_PASS"] == list(row.FAIL_TO_PASS)
    [chat] = lines(folder / "chat/train.jsonl")
    assert chat["prompt"] == [{"role": "user", "content": told["prompt"]}]


def test_swesmith_has_the_bug_as_patch(tmp_path, row):
    folder = write(str(tmp_path / "out"), [row], [], "swesmith", "v", "train", {})
    [told] = lines(folder / "train.jsonl")
    assert list(told) == ["instance_id", "patch", "FAIL_TO_PASS", "PASS_TO_PASS", "image_name", "repo",
                          "problem_statement"]  # fmt: skip
    assert told["patch"] == row.bug_patch
    assert told["image_name"] == world.image_of(row)


def test_swebench_has_what_the_harness_grades_by(tmp_path, row):
    folder = write(str(tmp_path / "out"), [row], [], "swebench", "v", "test", {})
    [told] = lines(folder / "test.jsonl")
    assert {"instance_id", "image", "repo", "version", "FAIL_TO_PASS", "PASS_TO_PASS", "log_parser",
            "eval_type", "eval_script", "patch"} <= set(told)  # fmt: skip
    assert told["patch"] == row.patch and told["image"] == world.image_of(row)
    assert all(not test.split()[1:] for test in told["FAIL_TO_PASS"] + told["PASS_TO_PASS"])
    script = (folder / "build.sh").read_text()
    assert f"task {told['image']} images/{row.instance_id}" in script
    assert subprocess.run(["sh", "-n", folder / "build.sh"], check=False).returncode == 0


def test_a_harbor_task_has_its_parts_and_a_verifier_of_its_own(row):
    held = harbor.task_of(row)
    assert {"task.toml", "instruction.md", "environment/Dockerfile", "solution/solve.sh", "tests/test.sh",
            "tests/Dockerfile"} <= set(held)  # fmt: skip
    told = tomllib.loads(held["task.toml"].decode())
    assert told["verifier"]["environment_mode"] == "separate"
    assert told["verifier"]["environment"]["docker_image"] == harbor.tests_image_of(row)
    assert told["environment"]["docker_image"] == world.image_of(row)
    assert "model.patch" in told["verifier"]["collect"][0]["command"]
    assert row.problem_statement.encode() in held["instruction.md"]
    agents = b"".join(data for path, data in held.items() if path.startswith(("environment/", "instruction")))
    assert b"weight <= left" not in agents


def test_the_registry_names_every_task_by_its_folder(tmp_path):
    folder = write(str(tmp_path / "out"), tasks(), [], "harbor", "v0001-00000000", "test", {})
    [told] = json.loads((folder / "registry.json").read_text())
    assert (told["name"], told["version"]) == ("smith", "v0001-00000000")
    assert [(folder / task["path"] / "task.toml").is_file() for task in told["tasks"]] == [True] * 3


def test_what_cannot_be_told_is_left_out_with_the_reason(row):
    clash = replace(row, instance_id="clash", PASS_TO_PASS=("t.py::a[x y]", "t.py::a[x%20y]"))
    fitting, left_out = fit([row, clash], "swebench")
    assert fitting == [row]
    assert [(one.instance_id, "one name" in one.reason) for one in left_out] == [("clash", True)]
    assert fit([row, clash], "sft") == ([row, clash], [])


def test_an_export_is_replaced_and_something_else_never(tmp_path, row):
    out = tmp_path / "out"
    write(str(out), tasks(3), [], "sft", "v", "train", {})
    write(str(out), [row], [LeftOut("x", "why")], "swesmith", "v", "train", {})
    assert not (out / "text").exists()
    assert json.loads((out / "export.json").read_text())["left_out"] == {"x": "why"}
    (out / "export.json").unlink()
    with pytest.raises(InputError, match="something else"):
        write(str(out), [row], [], "sft", "v", "train", {})
    assert (out / "train.jsonl").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_no_rows_are_no_export(tmp_path):
    with pytest.raises(InputError, match="no task of v can be told as sft"):
        write(str(tmp_path / "out"), [], [], "sft", "v", "train", {})
    assert not (tmp_path / "out").exists()


def test_a_sample_is_the_seeds_and_in_order():
    rows = tasks(20)
    some = chosen(rows, 5, 1)
    assert some == chosen(rows, 5, 1) != chosen(rows, 5, 2)
    assert some == sorted(some, key=lambda row: row.instance_id) and len(some) == 5
    assert chosen(rows, None, 1) == chosen(rows, 99, 1) == rows
