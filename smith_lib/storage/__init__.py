"""Typed Parquet: schemas derived from the rows, one shard a repository and table, local or in an object
store. A shard that exists is finished."""

from smith_lib.storage.roots import Root
from smith_lib.storage.schema import schema_of, table_name
from smith_lib.storage.shards import Shard, count_at, digest, read, read_at, rows_from_table, table_at, write

__all__ = [
    "Root",
    "Shard",
    "count_at",
    "digest",
    "read",
    "read_at",
    "rows_from_table",
    "schema_of",
    "table_at",
    "table_name",
    "write",
]
