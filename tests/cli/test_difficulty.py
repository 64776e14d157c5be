"""`smith difficulty` on a published version: a table, a document and a file."""

import json

import pytest

from smith_lib.curate.choose import Choice
from smith_lib.publish import write_version
from smith_lib.settings import PublishSettings
from smith_lib.storage import Root, read_at
from smith_lib.storage.shards import to_parquet, to_table
from smith_lib.types import Grade, GradeOutcome, PatchProblem, Solved
from tests.rows import an_instance, filled


@pytest.fixture
def data(tmp_path):
    """A folder with a version of two tasks."""
    tasks = tuple(an_instance(n, difficulty_points=2) for n in range(2))
    write_version(Root.at(tmp_path / "data"), Choice(tasks, (), ()), {}, None, PublishSettings())
    return tmp_path / "data"


def grades_in(folder, name, *instances):
    told = {"model": name, "outcome": GradeOutcome.RESOLVED, "problem": PatchProblem.NONE}
    rows = [filled(Grade, instance_id=instance, **told) for instance in instances]
    Root.at(folder).write_bytes(f"{name}.parquet", to_parquet(to_table(Grade, rows)))
    return str(folder / f"{name}.parquet")


def test_grades_of_several_files_make_a_table(invoke, data, tmp_path):
    first = an_instance(0).instance_id
    files = [grades_in(tmp_path, name, first, "elsewhere") for name in ("a", "b", "c")]
    asked = [word for file in files for word in ("--grades", file)]
    result = invoke("difficulty", str(data), *asked, "--out", str(tmp_path / "out"), "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["instances"], told["tried"], told["of_other_datasets"]) == (2, 1, 3)
    assert told["levels"]["15 min - 1 hour"] == {
        "tasks": 2, "tried": 1, "attempts": 3, "solved": "100.0%", "easier": 1, "harder": 0,
    }  # fmt: skip
    rows = read_at(Root.at(tmp_path / "out"), "difficulty.parquet", Solved)
    assert [(row.tries, row.solve_rate, row.difficulty) for row in rows] == [
        (3, 1.0, "<15 min fix"), (0, -1.0, "15 min - 1 hour"),
    ]  # fmt: skip


def test_without_grades_it_is_the_rule(invoke, data, tmp_path):
    result = invoke("difficulty", str(data), "--out", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    assert "15 min - 1 hour" in result.stdout and "difficulty.parquet" in result.stdout


@pytest.mark.parametrize("name", ["absent.parquet", "grades.json"])
def test_what_is_no_table_of_grades_is_named(invoke, data, tmp_path, name):
    (tmp_path / "grades.json").write_text("{}")
    result = invoke("difficulty", str(data), "--grades", str(tmp_path / name))
    assert result.exit_code == 2
    assert name in result.output
