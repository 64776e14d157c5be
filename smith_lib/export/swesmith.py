"""SWE-smith's rows: the bug as the patch, from clean to buggy code, and the image that has it in."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from smith_lib.export import recipes, tables, world
from smith_lib.types import Instance

SCHEMA = pa.schema(
    [
        ("instance_id", pa.string()),
        ("patch", pa.string()),
        ("FAIL_TO_PASS", pa.list_(pa.string())),
        ("PASS_TO_PASS", pa.list_(pa.string())),
        ("image_name", pa.string()),
        ("repo", pa.string()),
        ("problem_statement", pa.string()),
    ]
)


def row_of(row: Instance) -> dict[str, Any]:
    """One of SWE-smith's rows."""
    return {
        "instance_id": row.instance_id,
        "patch": row.bug_patch,
        "FAIL_TO_PASS": list(row.FAIL_TO_PASS),
        "PASS_TO_PASS": list(row.PASS_TO_PASS),
        "image_name": world.image_of(row),
        "repo": row.repo,
        "problem_statement": row.problem_statement,
    }


def files(rows: Sequence[Instance], name: str, split: str) -> Iterator[tuple[str, bytes]]:
    """The rows as Parquet and as JSON lines, and a card."""
    table = [row_of(row) for row in rows]
    yield f"data/{split}-00000-of-00001.parquet", tables.parquet(table, SCHEMA)
    yield f"{split}.jsonl", tables.jsonl(table)
    yield from recipes.of_tasks(rows)
    card = tables.configs((row.license for row in rows), {"default": (split, f"data/{split}-*.parquet")})
    text = f"\n# Tasks in SWE-smith's columns, {name}\n\n"
    text += f"{len(rows)} tasks. `patch` is the bug, from clean to buggy; `image_name` has it in.\n"
    yield "README.md", (card + text).encode()
