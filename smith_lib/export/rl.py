"""Reinforcement learning: the prompt, and beside it everything that a reward is worked out from."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

import pyarrow as pa

from smith_lib.export import tables
from smith_lib.export.prompts import prompt
from smith_lib.export.sft import MESSAGE
from smith_lib.storage import schema_of
from smith_lib.types import Instance

README = """
# Bug-fixing tasks with a reward, {name}

{count} tasks. `prompt` is what the model is asked (in `chat` as messages); the other columns are the whole
row, from which the reward is worked out: the answer is a patch for the buggy code, and it is right where
FAIL_TO_PASS and PASS_TO_PASS pass once `test_patch` is applied. `patch`, `oracle_code` and `bug_patch` hold
the answer: keep them from the model.

    load_dataset("path/to/this/folder", split="{split}")
"""


def files(rows: Sequence[Instance], name: str, split: str) -> Iterator[tuple[str, bytes]]:
    """`text/` and `chat/`, each as Parquet and JSON lines, and the card."""
    text = [{"prompt": prompt(row), **asdict(row)} for row in rows]
    chat = [{**row, "prompt": [{"role": "user", "content": row["prompt"]}]} for row in text]
    columns = list(schema_of(Instance))
    for folder, table, kind in (("text", text, pa.string()), ("chat", chat, pa.list_(MESSAGE))):
        schema = pa.schema([pa.field("prompt", kind), *columns])
        yield f"{folder}/{split}-00000-of-00001.parquet", tables.parquet(table, schema)
        yield f"{folder}/{split}.jsonl", tables.jsonl(table)
    found = {
        "default": (split, f"text/{split}-*.parquet"),
        "chat": (split, f"chat/{split}-*.parquet"),
    }
    card = tables.configs((row.license for row in rows), found)
    yield "README.md", (card + README.format(name=name, count=len(rows), split=split)).encode()
