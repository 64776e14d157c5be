"""Supervised fine-tuning: the issue and the files with the bug, and the fix; as text and as a chat."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from smith_lib.export import tables
from smith_lib.export.prompts import prompt
from smith_lib.types import Instance

ABOUT = ("instance_id", "repo", "license", "difficulty")
MESSAGE = pa.struct([pa.field("role", pa.string()), pa.field("content", pa.string())])
README = """
# Bug fixes to learn from, {name}

{count} tasks. `text` has the columns `prompt` and `completion`, `chat` has `messages`; both are there as
Parquet and as JSON lines. The completion is the fix as a unified diff.

    load_dataset("path/to/this/folder", "chat", split="{split}")
"""


def files(rows: Sequence[Instance], name: str, split: str) -> Iterator[tuple[str, bytes]]:
    """`text/` and `chat/`, each as Parquet and JSON lines, and the card."""
    about = [{key: getattr(row, key) for key in ABOUT} for row in rows]
    asked = [prompt(row) for row in rows]
    text = [{**a, "prompt": p, "completion": r.patch} for a, p, r in zip(about, asked, rows, strict=True)]
    chat = [{**a, "messages": _chat(p, r.patch)} for a, p, r in zip(about, asked, rows, strict=True)]
    known = [pa.field(key, pa.string()) for key in (*ABOUT, "prompt", "completion")]
    messages = pa.field("messages", pa.list_(MESSAGE))
    yield from _table("text", split, text, pa.schema(known))
    yield from _table("chat", split, chat, pa.schema([*known[: len(ABOUT)], messages]))
    found = {config: (split, f"{config}/{split}-*.parquet") for config in ("text", "chat")}
    card = tables.configs((row.license for row in rows), found)
    yield "README.md", (card + README.format(name=name, count=len(rows), split=split)).encode()


def _chat(asked: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]


def _table(
    folder: str, split: str, rows: list[dict[str, Any]], schema: pa.Schema
) -> Iterator[tuple[str, bytes]]:
    yield f"{folder}/{split}-00000-of-00001.parquet", tables.parquet(rows, schema)
    yield f"{folder}/{split}.jsonl", tables.jsonl(rows)
