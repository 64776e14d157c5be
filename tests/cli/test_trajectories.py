"""`smith trajectories`: real patches graded by real tests, and only what resolves is kept."""

import json

import pytest

from smith_lib.curate.choose import Choice
from smith_lib.publish import write_version
from smith_lib.settings import PublishSettings
from smith_lib.storage import Root
from tests.grade.tasks import a_task
from tests.rows import an_instance


@pytest.mark.namespaces
@pytest.mark.network
def test_what_resolves_is_kept_and_the_rest_is_told(invoke, namespaces_sandbox, tiny_tree, tmp_path):
    task = a_task(namespaces_sandbox, tiny_tree)
    write_version(Root.at(tmp_path / "data"), Choice((task,), (), ()), {}, None, PublishSettings())
    runs = tmp_path / "runs"
    runs.mkdir()
    for name, patch in (("a", task.patch), ("b", task.patch.replace("<=", "!=")), ("c", task.patch)):
        chat = [{"role": "user", "content": "Fix it."}, {"role": "assistant", "content": f"Run {name}."}]
        told = {"info": {"submission": patch}, "messages": chat, "instance_id": task.instance_id}
        (runs / f"{name}.traj.json").write_text(json.dumps(told))
    done = [{"role": "assistant", "content": "Done."}]
    (runs / "nobody.traj").write_text(json.dumps({"info": {"submission": task.patch}, "history": done}))
    (runs / "broken.traj").write_text("{")
    cache = namespaces_sandbox._cache.parent
    out = tmp_path / "out"
    words = ["trajectories", tmp_path / "data", runs, "--out", out, "--grades", tmp_path / "grades", "--json"]
    words += ["--sandbox", "namespaces", "--set", f"cache={cache}"]
    result = invoke(*words, "--cap", "1")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["trajectories"], told["kept"], told["tasks"]) == (5, 1, 1)
    assert {one["place"]: one["outcome"] for one in told["left_out"]}.items() >= {
        "b.traj.json": "unresolved", "broken.traj": "unread", "nobody.traj": "refused",
    }.items()  # fmt: skip
    assert json.loads((out / "export.json").read_text())["left_out"] == told["left_out"]
    assert len((out / "chat" / "train.jsonl").read_text().splitlines()) == 1
    result = invoke(*words)
    assert result.exit_code == 0, result.output
    rows = [json.loads(line) for line in (out / "chat" / "train.jsonl").read_text().splitlines()]
    assert [row["messages"][-1]["content"] for row in rows] == ["Run a.", "Run c."]


def test_none_kept_is_told_by_the_exit_code(invoke, tmp_path):
    write_version(Root.at(tmp_path / "d"), Choice((an_instance(),), (), ()), {}, None, PublishSettings())
    (tmp_path / "broken.traj").write_text("{")
    result = invoke("trajectories", tmp_path / "d", tmp_path / "broken.traj", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "broken.traj: unread: is no JSON" in result.stdout
    assert "0 of 1 trajectory kept" in result.stdout
    assert not (tmp_path / "out").exists()
    result = invoke("trajectories", tmp_path / "d", tmp_path / "nowhere", "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "no trajectory in" in result.stderr
