"""Files of bugs are read in each format, and what is wrong with one is told by file, row and column."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from smith_lib.errors import InputError
from smith_lib.given.read import GivenBug, read

ROWS = [
    {"instance_id": "o__n.12345678.func_pm__abc", "patch": "--- a/x\n+++ b/x\n", "repo": "o/n", "cost": 0.1},
    {"instance_id": "größe \u2028 two", "patch": "", "strategy": "lm_modify"},
]
BUGS = [GivenBug(str(row["instance_id"]), str(row["patch"])) for row in ROWS]


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def parquet(path: Path, **columns: list[object]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def lines(*rows: object) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bugs.jsonl", lines(*ROWS)),
        ("bugs.ndjson", "\ufeff\n" + lines(ROWS[0]) + "\r\n" + lines(ROWS[1]).rstrip("\n")),
        ("o__n.12345678_all_patches.json", json.dumps(ROWS, indent=4)),
        ("by_id.json", json.dumps({str(row["instance_id"]): row for row in ROWS})),
        ("keys.json", json.dumps({str(row["instance_id"]): {"patch": row["patch"]} for row in ROWS})),
        ("lines.JSON", lines(*ROWS)),
    ],
)
def test_text_in_each_format_gives_the_same_rows(name: str, text: str, tmp_path: Path) -> None:
    assert read(written(tmp_path / name, text)) == BUGS


def test_parquet_gives_the_same_rows(tmp_path: Path) -> None:
    ids, patches = [row["instance_id"] for row in ROWS], [row["patch"] for row in ROWS]
    assert read(parquet(tmp_path / "a.parquet", patch=patches, instance_id=ids, n=[1, 2])) == BUGS
    encoded = pa.array(ids).dictionary_encode()
    assert read(parquet(tmp_path / "b.parquet", instance_id=encoded, patch=pa.array(patches))) == BUGS


def test_one_row_alone_may_be_the_document(tmp_path: Path) -> None:
    assert read(written(tmp_path / "one.json", json.dumps(ROWS[0], indent=1))) == BUGS[:1]


GOOD = {"instance_id": "a", "patch": "x"}


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("b.csv", "", r"format '\.csv' .* is unknown; known: \.jsonl, \.ndjson, \.json, \.parquet"),
        ("b", "", "format '' of candidates is unknown"),
        ("b.jsonl", "", "holds no candidate"),
        ("b.json", "[]", "holds no candidate"),
        ("b.json", "{}", "holds no candidate"),
        ("b.jsonl", lines(GOOD) + "{nope\n", "row 2 is no JSON: "),
        ("b.json", '[{"instance_id": ', "is no JSON: "),
        ("b.json", "[" * 100_000, "is no JSON: "),
        ("b.json", '"text"', "a list of rows, or rows by their instance_id, wanted, not a str"),
        ("b.json", json.dumps({"a": "--- a/x"}), "row 1 is no object but a str"),
        ("b.json", json.dumps({"a": GOOD, "b": GOOD}), "row 2: column 'instance_id' is 'a', but its key 'b'"),
        ("b.json", '{"a": {"patch": "1"}, "a": {"patch": "2"}}', "the key 'a' is there twice"),
        ("b.jsonl", lines(GOOD) + "\n[1]\n", "row 3 is no object but a list"),
        (
            "b.jsonl",
            lines(GOOD, {"instance_id": "b", "diff": "x"}),
            "row 2 lacks the column 'patch'; it has instance_id, diff",
        ),
        ("b.json", json.dumps([{"patch": "x"}]), "row 1 lacks the column 'instance_id'"),
        ("b.json", json.dumps({"instance_id": "a"}), "row 1 lacks the column 'patch'"),
        ("b.jsonl", lines({"instance_id": "a", "patch": None}), "row 1: column 'patch' is null, not text"),
        ("b.jsonl", lines({"instance_id": 7, "patch": ""}), "row 1: column 'instance_id' is a int, not text"),
        ("b.jsonl", lines({"instance_id": " ", "patch": ""}), "row 1: column 'instance_id' is empty"),
        ("b.jsonl", r'{"instance_id": "a", "patch": "\udc80"}', "row 1: column 'patch' holds half a chara"),
        ("b.jsonl", lines(GOOD, GOOD), "rows 1 and 2 have the same instance_id 'a'"),
        ("b.parquet", "PAR1", "is no Parquet file: "),
    ],
)
def test_what_is_wrong_is_told_by_file_row_and_column(
    name: str, text: str, told: str, tmp_path: Path
) -> None:
    path = written(tmp_path / name, text)
    with pytest.raises(InputError, match=told) as raised:
        read(path)
    assert str(raised.value).startswith(f"{path}: ")


def test_parquet_without_a_column_or_a_value_is_told(tmp_path: Path) -> None:
    path = parquet(tmp_path / "b.parquet", instance_id=["a"], diff=["x"])
    with pytest.raises(InputError, match="row 1 lacks the column 'patch'; the file has instance_id, diff"):
        read(path)
    with pytest.raises(InputError, match="row 2: column 'patch' is null, not text"):
        read(parquet(path, instance_id=["a", "b"], patch=["x", None]))
    with pytest.raises(InputError, match="rows 1 and 3 have the same instance_id 'a'"):
        read(parquet(path, instance_id=["a", "b", "a"], patch=["x", "y", "z"]))


@pytest.mark.parametrize("suffix", [".json", ".jsonl", ".parquet"])
def test_a_file_that_cannot_be_read_is_told(suffix: str, tmp_path: Path) -> None:
    (tmp_path / f"folder{suffix}").mkdir()
    for path in (tmp_path / f"gone{suffix}", tmp_path / f"folder{suffix}"):
        with pytest.raises(InputError) as raised:
            read(path)
        assert str(raised.value).startswith(f"{path}: candidates cannot be read: ")


def test_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_bytes(b'{"instance_id": "\xff"}')
    with pytest.raises(InputError, match=r"cannot be read: .*utf-8"):
        read(tmp_path / "b.jsonl")
