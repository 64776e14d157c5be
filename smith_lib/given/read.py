"""A file of bugs: JSON lines, JSON or Parquet, with at least `instance_id` and `patch` in each row."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smith_lib.errors import InputError

ID, PATCH = "instance_id", "patch"
COLUMNS = (ID, PATCH)


@dataclass(frozen=True, slots=True)
class GivenBug:
    """A bug that somebody else made."""

    instance_id: str
    patch: str
    """Unified diff from clean to buggy, as it was given."""


Numbered = tuple[int, Any]
"""A row with its number, from 1; in a file of JSON lines that is the line's."""


def read(path: Path) -> list[GivenBug]:
    """The file's rows in their order; other columns than the two are left alone.

    Raises `InputError` that names the file, and the row and column where there is one, for a file that cannot
    be read, is of no known format or holds nothing, and for a row that lacks a column or doubles an id.
    """
    if path.suffix.lower() not in FORMATS:
        known = ", ".join(FORMATS)
        raise InputError(f"{path}: the format {path.suffix!r} of candidates is unknown; known: {known}")
    try:
        rows = [_bug(number, row, path) for number, row in FORMATS[path.suffix.lower()](path)]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: candidates cannot be read: {error}") from error
    if not rows:
        raise InputError(f"{path}: holds no candidate")
    first: dict[str, int] = {}
    for number, bug in rows:
        if bug.instance_id in first:
            twice = f"rows {first[bug.instance_id]} and {number}"
            raise InputError(f"{path}: {twice} have the same {ID} {bug.instance_id!r}")
        first[bug.instance_id] = number
    return [bug for _, bug in rows]


def _bug(number: int, row: Any, path: Path) -> tuple[int, GivenBug]:
    if not isinstance(row, Mapping):
        raise InputError(f"{path}: row {number} is no object but {_kind(row)}")
    for column in COLUMNS:
        if column not in row:
            has = ", ".join(map(str, row)) or "nothing"
            raise InputError(f"{path}: row {number} lacks the column {column!r}; it has {has}")
        value = row[column]
        if not isinstance(value, str):
            raise InputError(f"{path}: row {number}: column {column!r} is {_kind(value)}, not text")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise InputError(f"{path}: row {number}: column {column!r} holds half a character (a surrogate)")
    if not row[ID].strip():
        raise InputError(f"{path}: row {number}: column {ID!r} is empty")
    return number, GivenBug(row[ID], row[PATCH])


def _kind(value: Any) -> str:
    return "null" if value is None else f"a {type(value).__name__}"


def _lines(path: Path) -> Iterator[Numbered]:
    """One object a line; blank lines are passed over."""
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line, object_pairs_hook=_once)
            except (ValueError, RecursionError) as error:
                raise InputError(f"{path}: row {number} is no JSON: {error}") from error


def _document(path: Path) -> Iterator[Numbered]:
    """A list of rows, rows by their ids, or one row; JSON lines under this name are taken too."""
    text = path.read_text(encoding="utf-8-sig")
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        if _is_row(text.lstrip().partition("\n")[0]):
            yield from _lines(path)
            return
        raise InputError(f"{path}: is no JSON: {error}") from error
    if isinstance(found, Mapping) and not isinstance(found.get(PATCH, found.get(ID)), str):
        found = [_keyed(number, *item, path) for number, item in enumerate(found.items(), 1)]
    elif isinstance(found, Mapping):
        found = [found]
    if not isinstance(found, list):
        raise InputError(f"{path}: a list of rows, or rows by their {ID}, wanted, not {_kind(found)}")
    yield from enumerate(found, 1)


def _keyed(number: int, key: str, row: Any, path: Path) -> Any:
    """The row under that id."""
    if not isinstance(row, Mapping):
        return row
    if row.get(ID, key) != key:
        raise InputError(f"{path}: row {number}: column {ID!r} is {row[ID]!r}, but its key {key!r}")
    return {ID: key, **row}


def _is_row(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """The object, where no key is there twice: Python would take the last and lose the others."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(k for k in keys if keys.count(k) > 1)!r} is there twice")
    return found


def _parquet(path: Path) -> Iterator[Numbered]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            names = file.schema_arrow.names
            for column in COLUMNS:
                if column not in names:
                    has = ", ".join(names) or "none"
                    raise InputError(f"{path}: row 1 lacks the column {column!r}; the file has {has}")
            yield from enumerate(file.read(columns=list(COLUMNS)).to_pylist(), 1)
    except pa.ArrowException as error:
        raise InputError(f"{path}: is no Parquet file: {error}") from error


FORMATS: dict[str, Callable[[Path], Iterator[Numbered]]] = {
    ".jsonl": _lines, ".ndjson": _lines, ".json": _document, ".parquet": _parquet,
}  # fmt: skip
"""Suffix to what reads such a file."""
