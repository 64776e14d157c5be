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


def to_parquet(table: pa.Table) -> memoryview:
    """Parquet bytes; the same for the same table."""
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return sink.getbuffer()


def write(root: Root, shard: Shard, row: type[R], rows: Sequence[R]) -> Shard:
    """Write the rows as that shard and return it."""
    if shard.table != table_name(row):
        raise ValueError(f"{row.__name__} rows do not belong in table {shard.table!r}")
    root.write_bytes(shard.path, to_parquet(to_table(row, rows)))
    return shard


def rows_from_table(row: type[R], table: pa.Table) -> list[R]:
    """The table's rows as dataclasses."""
    return [from_plain(row, plain) for plain in table.to_pylist()]


def read(root: Root, shard: Shard, row: type[R]) -> list[R]:
    """The shard's rows. Raises `StorageError` where it is missing, `DamagedShard` where it was changed."""
    return read_at(root, shard.path, row)


def read_at(root: Root, path: str, row: type[R]) -> list[R]:
    """The rows of the shard at a path relative to the root. Raises `StorageError` as `read` does."""
    data = root.read_bytes(path)
    try:
        file = pq.ParquetFile(io.BytesIO(data), page_checksum_verification=True)
        table = file.read()
        if table.num_rows != file.metadata.num_rows:  # the footer has no checksum
            raise DamagedShard(f"shard {path} has {table.num_rows} of {file.metadata.num_rows} rows")
        if table.schema.remove_metadata() != schema_of(row):
            raise DamagedShard(f"shard {path} has other columns than {row.__name__}")
        return rows_from_table(row, table)
    except (ValueError, OSError) as error:
        raise DamagedShard(f"shard {path} is damaged ({error})") from error
