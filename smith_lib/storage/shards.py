"""Shards: Parquet files of typed rows, keyed by the digest of what made them."""

import hashlib
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from smith_lib.errors import DamagedShard
from smith_lib.storage.roots import Root
from smith_lib.storage.schema import from_plain, schema_of, table_name

R = TypeVar("R")
ROWS_A_GROUP = {"fixes": 64}
"""Tables of which single rows are looked up, so that little else is read with them."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A finished shard's place: table, repository, key. Small enough for Prefect to hold."""

    table: str
    name: str
    """What it is of: a repository's id, or a source's slug where there is no id yet."""
    key: str
    """16 hexadecimal digits of the digest of what made it."""

    @property
    def path(self) -> str:
        """Relative to the root."""
        return f"{self.table}/{self.name}-{self.key}.parquet"


def digest(*parts: Any) -> str:
    """64 hexadecimal digits of the parts' canonical JSON."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def to_table(row: type[R], rows: Iterable[R]) -> pa.Table:
    """The rows as an Arrow table under the row's own schema."""
    return pa.Table.from_pylist([asdict(r) for r in rows], schema=schema_of(row))  # type: ignore[call-overload]


def to_parquet(table: pa.Table, rows_a_group: int | None = None) -> memoryview:
    """Parquet bytes; the same for the same table."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True, row_group_size=rows_a_group)
    return sink.getbuffer()


def write(root: Root, shard: Shard, row: type[R], rows: Sequence[R]) -> Shard:
    """Write the rows as that shard and return it."""
    if shard.table != table_name(row):
        raise ValueError(f"{row.__name__} rows do not belong in table {shard.table!r}")
    root.write_bytes(shard.path, to_parquet(to_table(row, rows), ROWS_A_GROUP.get(shard.table)))
    return shard


def rows_from_table(row: type[R], table: pa.Table) -> list[R]:
    """The table's rows as dataclasses."""
    return [from_plain(row, plain) for plain in table.to_pylist()]


def table_at(root: Root, path: str, columns: Sequence[str] | None = None) -> pa.Table:
    """The table of the Parquet file at a path relative to the root, all columns where none is named.

    Raises `StorageError` where it is missing, `DamagedShard` where it is no Parquet or lacks a column.
    """
    # Arrow reads from memory of its own and in this thread alone: a thread of its pool that drops the last
    # reference to an object of Python's while the interpreter ends would abort the process.
    memory = pa.BufferOutputStream()
    memory.write(root.read_bytes(path))
    source = pa.BufferReader(memory.getvalue())
    try:
        file = pq.ParquetFile(source, page_checksum_verification=True, pre_buffer=False)
        if lacking := sorted(set(columns or ()) - set(file.schema_arrow.names)):
            raise DamagedShard(f"shard {path} has no column {lacking[0]!r}")
        table = file.read(columns=list(columns) if columns else None, use_threads=False)
        if table.num_rows != file.metadata.num_rows:
            raise DamagedShard(f"shard {path} is damaged (it tells of {file.metadata.num_rows} rows)")
        return table
    except (pa.ArrowException, ValueError, OSError) as error:
        raise DamagedShard(f"shard {path} is damaged ({error})") from error


def read(root: Root, shard: Shard, row: type[R]) -> list[R]:
    """The shard's rows. Raises `StorageError` where it is missing, `DamagedShard` where it was changed."""
    return read_at(root, shard.path, row)


def count_at(root: Root, path: str, row: type[R]) -> int:
    """How many rows the shard at a path has, once it is sure that it is whole and has their columns.

    Raises `StorageError` as `read` does. Rows are not made: that takes by far the most of reading.
    """
    table = table_at(root, path)
    if table.schema.remove_metadata() != schema_of(row):
        raise DamagedShard(f"shard {path} has other columns than {row.__name__}")
    return int(table.num_rows)


def read_at(root: Root, path: str, row: type[R]) -> list[R]:
    """The rows of the shard at a path relative to the root. Raises `StorageError` as `read` does."""
    try:
        table = table_at(root, path)
        if table.schema.remove_metadata() != schema_of(row):
            raise DamagedShard(f"shard {path} has other columns than {row.__name__}")
        return rows_from_table(row, table)
    except ValueError as error:  # an outcome that has another name by now
        raise DamagedShard(f"shard {path} is damaged ({error})") from error
