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
    asked, answers = [prompt(row) for row in rows], [row.patch for row in rows]
    card = README.format(name=name, count=len(rows), split=split)
    yield from laid_out(about, asked, answers, [row.license for row in rows], split, card)


def laid_out(
    about: Sequence[dict[str, str]], asked: Sequence[str], answers: Sequence[str], licenses: Sequence[str],
    split: str, card: str,
) -> Iterator[tuple[str, bytes]]:  # fmt: skip
    """Questions and answers as text and as chats, with what is told about each, and the card's text."""
    text = [{**a, "prompt": p, "completion": c} for a, p, c in zip(about, asked, answers, strict=True)]
    chat = [{**a, "messages": _chat(p, c)} for a, p, c in zip(about, asked, answers, strict=True)]
    keys = [pa.field(key, pa.string()) for key in about[0]] if about else []
    both = [pa.field(key, pa.string()) for key in ("prompt", "completion")]
    messages = pa.field("messages", pa.list_(MESSAGE))
    yield from _table("text", split, text, pa.schema([*keys, *both]))
    yield from _table("chat", split, chat, pa.schema([*keys, messages]))
    found = {config: (split, f"{config}/{split}-*.parquet") for config in ("text", "chat")}
    yield "README.md", (tables.configs(licenses, found) + card).encode()


def _chat(asked: str, answer: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]


def _table(
    folder: str, split: str, rows: list[dict[str, Any]], schema: pa.Schema
) -> Iterator[tuple[str, bytes]]:
    yield f"{folder}/{split}-00000-of-00001.parquet", tables.parquet(rows, schema)
    yield f"{folder}/{split}.jsonl", tables.jsonl(rows)
