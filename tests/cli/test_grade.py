"""`smith grade` on a published version: a table, a document, files, and an exit code."""

import json

import pytest

from smith_lib.curate.choose import Choice
from smith_lib.publish import write_version
from smith_lib.settings import PublishSettings
from smith_lib.storage import Root, read_at
from smith_lib.types import Grade
from tests.grade.tasks import a_task
from tests.rows import an_instance


@pytest.fixture(scope="module")
def version(namespaces_sandbox, tiny_tree, tmp_path_factory):
    """A version of one task that can be run; its root, its folder."""
    out, task = tmp_path_factory.mktemp("out"), a_task(namespaces_sandbox, tiny_tree)
    made = write_version(Root.at(out), Choice((task,), (), ()), {}, None, PublishSettings())
    return out, made.path


@pytest.fixture
def grade(invoke, version, namespaces_sandbox, tmp_path):
    cache = namespaces_sandbox._cache.parent
    box = ("--sandbox", "namespaces", "--set", f"cache={cache}", "--out", str(tmp_path / "grades"))
    return lambda *words: invoke("grade", *map(str, words), *box)


@pytest.mark.namespaces
@pytest.mark.network
def test_gold_resolves_and_nothing_does_not(grade, version, tmp_path):
    out, folder = version
    gold = grade(out, "--predictions", "gold")
    assert gold.exit_code == 0, gold.output
    assert "resolved 1 of 1 prediction (100.0%)" in gold.stdout
    nothing = grade(folder, "--predictions", "nothing", "--json")
    assert nothing.exit_code == 0, nothing.output
    told = json.loads(nothing.stdout)
    assert (told["resolved"], told["outcomes"]) == (0, {"unresolved": 1})
    assert told == json.loads((tmp_path / "grades" / "nothing.json").read_text())
    [row] = read_at(Root.at(tmp_path / "grades"), "gold.parquet", Grade)
    assert row.resolved


@pytest.mark.namespaces
@pytest.mark.network
def test_a_file_of_predictions_is_graded_row_by_row_and_once(grade, version, tmp_path):
    out, _ = version
    rows = [{"instance_id": name, "model_name_or_path": "m", "model_patch": "x"} for name in ("nobody", "no")]
    (tmp_path / "preds.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = grade(out, "-p", tmp_path / "preds.jsonl")
    assert result.exit_code == 0, result.output
    assert "nobody: refused (unknown_instance): no task has the id 'nobody'" in result.stdout
    assert "no prediction is of a task of this dataset, whose ids are like '" in result.stdout
    assert "without a prediction: 1 task" in result.stdout
    words = (out, "-p", tmp_path / "preds.jsonl", "--sample", "1", "--json")
    some = [json.loads(grade(*words).stdout) for _ in "ab"]
    assert some[0] == some[1] and (some[0]["predictions"], some[0]["without_prediction"]) == (1, 0)


def test_what_is_no_dataset_and_no_predictions_is_named(invoke, tmp_path):
    result = invoke("grade", str(tmp_path), "-p", "gold")
    assert result.exit_code == 2
    assert "nothing is published in" in result.stderr
    write_version(Root.at(tmp_path), Choice((an_instance(),), (), ()), {}, None, PublishSettings())
    result = invoke("grade", str(tmp_path), "-p", str(tmp_path / "none.jsonl"))
    assert result.exit_code == 2
    assert "none.jsonl: predictions cannot be read" in result.stderr
