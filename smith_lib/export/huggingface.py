"""The rows as a folder that `datasets.load_dataset` reads, each with the image that has its bug in."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import pyarrow as pa

from smith_lib.curate.choose import Choice
from smith_lib.export import tables, world
from smith_lib.publish.card import card
from smith_lib.publish.columns import explained
from smith_lib.storage import schema_of
from smith_lib.types import Instance

MOST = 10_000
"""Rows of one Parquet file."""
IMAGE_NAME = "The task's image: the repository's, with the bug in and the hidden tests out."


def files(rows: Sequence[Instance], name: str, split: str) -> Iterator[tuple[str, bytes]]:
    """Parquet files for each subset, and the dataset card."""
    schema = pa.schema([*schema_of(Instance), pa.field("image_name", pa.string())])
    main = tuple(row for row in rows if row.subset != "subtle")
    subtle = tuple(row for row in rows if row.subset == "subtle")
    for stem, some in ((split, main), ("subtle", subtle)):
        parts = [some[at : at + MOST] for at in range(0, len(some), MOST)]
        for number, part in enumerate(parts):
            table = [{**asdict(row), "image_name": world.image_of(row)} for row in part]
            yield f"data/{stem}-{number:05d}-of-{len(parts):05d}.parquet", tables.parquet(table, schema)
    columns = {**explained(), "image_name": IMAGE_NAME}
    yield "README.md", card(name, Choice(main, subtle, ()), {}, columns, split).encode()
