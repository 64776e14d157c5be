"""Arrow schemas, derived from the row dataclasses."""

import types
import typing
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import cache
from typing import Any

import pyarrow as pa

from smith_lib.types import (
    Candidate,
    Coverage,
    Function,
    Grade,
    Instance,
    LedgerRow,
    PastFix,
    Repo,
    Review,
    Solved,
    StageRun,
    Test,
    Verdict,
)

TABLES: dict[type, str] = {
    Repo: "repos",
    Test: "tests",
    Function: "functions",
    Coverage: "coverage",
    Candidate: "candidates",
    Verdict: "verdicts",
    Instance: "instances",
    Grade: "grades",
    Solved: "solved",
    Review: "reviews",
    PastFix: "fixes",
    StageRun: "runs",
    LedgerRow: "ledger",
}


def table_name(row: type) -> str:
    """The name of the table that holds such rows."""
    return TABLES[row]


def _arrow_type(annotation: Any) -> pa.DataType:
    if isinstance(annotation, type):
        if issubclass(annotation, StrEnum) or annotation is str:
            return pa.string()
        if annotation is bool:
            return pa.bool_()
        if annotation is int:
            return pa.int64()
        if annotation is float:
            return pa.float64()
        if annotation is bytes:
            return pa.binary()
        if is_dataclass(annotation):
            return pa.struct(_arrow_fields(annotation))
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return pa.list_(_arrow_type(arguments[0]))
    raise TypeError(f"no Arrow type for {annotation!r}")


def _arrow_fields(row: type) -> "list[pa.Field[Any]]":
    hints = typing.get_type_hints(row)
    return [_arrow_field(f.name, hints[f.name]) for f in fields(row)]


def _arrow_field(name: str, annotation: Any) -> "pa.Field[Any]":
    """A column, nullable where None is one of its two types."""
    if isinstance(annotation, types.UnionType):
        kind, none = typing.get_args(annotation)
        if none is type(None):
            return pa.field(name, _arrow_type(kind), nullable=True)
    return pa.field(name, _arrow_type(annotation), nullable=False)


@cache
def _schema(row: type) -> pa.Schema:
    return pa.schema(_arrow_fields(row))


def schema_of(row: type) -> pa.Schema:
    """The Arrow schema of a row dataclass; only a column of `X | None` is nullable."""
    return _schema(row)


@cache
def _hints(row: type) -> dict[str, Any]:
    return typing.get_type_hints(row)


def from_plain(annotation: Any, value: Any) -> Any:
    """`value`, as Arrow gives it (dicts, lists, strings), as the annotated type."""
    return _reader(annotation)(value)


def _same(value: Any) -> Any:
    return value


@cache
def _reader(annotation: Any) -> Callable[[Any], Any]:
    """What makes a value of that type; looked up once a type, since a pool has a million rows."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        if is_dataclass(annotation):
            readers = {name: _reader(hint) for name, hint in _hints(annotation).items()}
            plain = frozenset(name for name, reader in readers.items() if reader is _same)

            def read(value: Any) -> Any:
                return annotation(
                    **{name: item if name in plain else readers[name](item) for name, item in value.items()}
                )

            return read
        return annotation if issubclass(annotation, StrEnum) else _same
    if isinstance(annotation, types.UnionType):
        return _same
    inner = _reader(typing.get_args(annotation)[0])
    return tuple if inner is _same else lambda value: tuple(map(inner, value))
