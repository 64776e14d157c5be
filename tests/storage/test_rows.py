import types
import typing
from dataclasses import fields, is_dataclass, replace
from enum import StrEnum

import pytest

from smith_lib.errors import StorageError
from smith_lib.storage import Root, Shard, digest, read, rows_from_table, schema_of, table_name, write
from smith_lib.storage.schema import TABLES, _arrow_type
from smith_lib.storage.shards import to_parquet, to_table
from smith_lib.types import Failure, Frame, Test, Verdict

TEXT = "tab\t, \r\n, a null \0, “quotes”, 日本語, 🐍, \x85\u2028 test_x[[a b-ü]"
PLAIN = {str: TEXT, bytes: b"\0\xff", int: -(2**63), float: 0.1 + 0.2, bool: True}


def value(annotation):
    """A value of that type which is easily spoilt on the way."""
    if annotation in PLAIN:
        return PLAIN[annotation]
    if isinstance(annotation, types.UnionType):
        return value(typing.get_args(annotation)[0])
    if origin := typing.get_origin(annotation):
        assert origin is tuple
        return (value(typing.get_args(annotation)[0]),) * 2
    if issubclass(annotation, StrEnum):
        return list(annotation)[-1]
    assert is_dataclass(annotation)
    hints = typing.get_type_hints(annotation)
    return annotation(**{f.name: value(hints[f.name]) for f in fields(annotation)})


ROWS = [value(row) for row in TABLES]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row).__name__)
def test_rows_come_back_as_they_went(row, tmp_path):
    root, shard = Root.at(tmp_path), Shard(table_name(type(row)), "r", "k")
    other = replace(row, **{name: () for name in row.__slots__ if isinstance(getattr(row, name), tuple)})
    assert write(root, shard, type(row), [row, other, row]) == shard
    back = read(root, shard, type(row))
    assert back == [row, other, row]
    for name in row.__slots__:
        assert type(getattr(back[0], name)) is type(getattr(row, name))


def test_nested_rows_come_back_as_they_went(tmp_path):
    frames = (Frame("a.py", 1, "f"), Frame("é.py", 2**40, "<lambda>"))
    failures = (Failure("t::x[🐍]", "AssertionError", TEXT, frames), Failure("", "", "", ()))
    rows = [replace(value(Verdict), failures=failures), replace(value(Verdict), failures=())]
    shard = write(Root.at(tmp_path), Shard("verdicts", "r", "k"), Verdict, rows)
    assert read(Root.at(tmp_path), shard, Verdict) == rows


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row).__name__)
def test_no_rows_are_a_shard_too(row, tmp_path):
    root, shard = Root.at(tmp_path), Shard(table_name(type(row)), "r", "k")
    write(root, shard, type(row), [])
    assert root.exists(shard.path)
    assert read(root, shard, type(row)) == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: type(row).__name__)
def test_a_value_that_is_missing_is_refused(row):
    name = row.__slots__[0]
    with pytest.raises((ValueError, TypeError)):
        to_parquet(to_table(type(row), [replace(row, **{name: None})]))


def test_the_same_rows_are_the_same_bytes():
    rows = [replace(value(Verdict), candidate_id=str(n)) for n in range(500)]
    assert bytes(to_parquet(to_table(Verdict, rows))) == bytes(to_parquet(to_table(Verdict, list(rows))))


def test_a_table_of_rows_is_rows_again():
    assert rows_from_table(Verdict, to_table(Verdict, [value(Verdict)])) == [value(Verdict)]


def test_rows_do_not_go_into_another_table(tmp_path):
    with pytest.raises(ValueError, match="Test rows do not belong in table 'verdicts'"):
        write(Root.at(tmp_path), Shard("verdicts", "r", "k"), Test, [value(Test)])


def test_a_shard_with_other_columns_is_refused(tmp_path):
    root, shard = Root.at(tmp_path), Shard("tests", "r", "k")
    root.write_bytes(shard.path, to_parquet(to_table(Test, [value(Test)]).drop_columns(["seconds"])))
    with pytest.raises(StorageError, match=r"tests/r-k\.parquet has other columns than Test"):
        read(root, shard, Test)


def test_a_type_that_arrow_has_not_is_refused():
    with pytest.raises(TypeError, match="no Arrow type for"):
        _arrow_type(dict[str, int])
    assert schema_of(Test).field("seconds").nullable is False


def test_digests_tell_parts_apart_and_not_orders_of_keys():
    assert digest("a", {"x": 1, "y": "é"}) == digest("a", {"y": "é", "x": 1})
    parts = [("a", "b"), ("ab",), (["a", "b"],), ("b", "a"), (1,), ("1",), ()]
    assert len({digest(*p) for p in parts}) == len(parts)
    assert len(digest()) == 64
