"""Rows of an export as JSON lines and as Parquet, and the front matter by which `load_dataset` finds them."""

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_AT_ONCE = 1_000
"""Rows of one Parquet row group."""


def jsonl(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """One JSON object a line, UTF-8, keys in the rows' order."""
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return text.encode("utf-8", "surrogateescape")


def parquet(rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> bytes:
    """Parquet bytes of the rows under that schema; the same for the same rows."""
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, schema, compression="zstd", write_page_checksum=True) as writer:
        for at in range(0, max(len(rows), 1), ROWS_AT_ONCE):
            part = [dict(row) for row in rows[at : at + ROWS_AT_ONCE]]
            writer.write_table(pa.Table.from_pylist(part, schema=schema))
    return sink.getvalue()


def configs(licenses: Iterable[str], files: Mapping[str, tuple[str, str]]) -> str:
    """A README's front matter: `license`, and `configs`, given as name to split and pattern of files."""
    found = sorted(set(licenses))
    lines = ["---", f"license: {found[0].lower() if len(found) == 1 else 'other'}"]
    if len(found) > 1:
        lines += ["license_name: per-repository", "license_link: README.md"]
    lines += ["configs:"]
    for name, (split, pattern) in files.items():
        lines += [f"- config_name: {name}", "  data_files:", f"  - split: {split}", f"    path: {pattern}"]
    return "\n".join([*lines, "---\n"])
