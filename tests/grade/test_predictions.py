"""Predictions are read in every shape that SWE-bench's tools write, and what is none is named."""

import json

import pytest

from smith_lib.errors import InputError
from smith_lib.grade.predictions import Prediction, predictions, read
from tests.rows import an_instance

ROWS = [
    {"instance_id": "a", "model_name_or_path": "m", "model_patch": "diff"},
    {"instance_id": "b", "model_name_or_path": "m", "model_patch": None},
]
READ = [Prediction("a", "m", "diff"), Prediction("b", "m", "")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("p.jsonl", "".join(json.dumps(row) + "\n" for row in ROWS)),
        ("p.json", json.dumps(ROWS)),
        ("p.json", json.dumps({row["instance_id"]: row for row in ROWS})),
        ("p.json", "".join(json.dumps(row) + "\n" for row in ROWS)),
    ],
)
def test_every_shape_gives_the_same_predictions(name, text, tmp_path):
    (tmp_path / name).write_text(text)
    assert read(tmp_path / name) == READ


def test_a_row_that_is_no_utf8_costs_no_other_row(tmp_path):
    lines = [json.dumps(ROWS[0]).encode(), json.dumps(ROWS[0]).encode().replace(b"diff", b"d\xffff")]
    (tmp_path / "p.jsonl").write_bytes(b"\n".join(lines))
    assert [p.patch for p in read(tmp_path / "p.jsonl")] == ["diff", "d\udcffff"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("p.csv", "", "its suffix is '.csv'"),
        ("p.jsonl", "", "holds no prediction"),
        ("p.jsonl", '{"instance_id": "a"}', "row 1 lacks 'model_patch'; it has instance_id"),
        ("p.jsonl", '{"instance_id": "a", "model_patch": 3}', "row 1: 'model_patch' is int"),
        ("p.jsonl", '{"instance_id": "\\ud800", "model_patch": ""}', "'instance_id' holds half a character"),
        ("p.jsonl", '{"instance_id": "a", "model_name_or_path": ["m"], "model_patch": ""}',
         "row 1: 'model_name_or_path' is list"),
        ("p.jsonl", "[1]", "row 1 is no object but list"),
        ("p.json", "{", "is no JSON"),
    ],
)
def test_what_is_no_file_of_predictions_is_named(name, text, told, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match=told.replace(".", r"\.")):
        read(tmp_path / name)


def test_gold_and_nothing_stand_for_a_patch_a_task():
    rows = [an_instance(0), an_instance(1)]
    assert [p.patch for p in predictions("gold", rows)] == [row.patch for row in rows]
    assert all("NOTHING.txt" in p.patch for p in predictions("nothing", rows))
