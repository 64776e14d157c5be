"""Whole rows of a choice, read again from their shards a few at a time."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import pyarrow as pa

from smith_lib.curate.traits import Trait
from smith_lib.errors import DamagedShard
from smith_lib.storage import Root, table_at
from smith_lib.storage.shards import rows_from_table
from smith_lib.types import Instance

KEPT = 2
"""Shards that are in memory at a time."""


class Whole:
    """Gives instances for traits."""

    def __init__(self, root: Root | None = None) -> None:
        """Read from that root; none where the rows are instances already."""
        self._root = root
        self._read: OrderedDict[str, tuple[pa.Table, dict[str, int]]] = OrderedDict()

    def of(self, rows: Sequence[Any]) -> Iterator[Instance]:
        """The whole rows, in the same order; those that are whole stay as they are.

        Raises `DamagedShard` where a shard no longer has one.
        """
        for shard, some in groupby(rows, lambda row: row.shard if isinstance(row, Trait) else None):
            if shard is None:
                yield from some
            else:
                yield from self._some(shard, [row.instance_id for row in some])

    def _some(self, shard: str, ids: Sequence[str]) -> list[Instance]:
        if shard not in self._read:
            assert self._root is not None
            table = table_at(self._root, shard)
            places = {name: at for at, name in enumerate(map(str, table.column("instance_id").to_pylist()))}
            self._read[shard] = table, places
            if len(self._read) > KEPT:
                self._read.popitem(last=False)
        self._read.move_to_end(shard)
        table, places = self._read[shard]
        if lost := [name for name in ids if name not in places]:
            raise DamagedShard(f"shard {shard} has no row {lost[0]!r} any more")
        return rows_from_table(Instance, table.take(pa.array([places[name] for name in ids])))
