"""Trajectories that resolved their task, as chats to learn from."""

import random
from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from smith_lib.export import tables
from smith_lib.export.sft import ABOUT, MESSAGE
from smith_lib.trajectories.read import Trajectory
from smith_lib.types import Instance

TOLD = ("agent", "model", "exit_status")
SPLIT = "train"
README = """
# Bug fixes by agents, to learn from

{count} trajectories over {tasks} tasks; the tests of its task accept what each of them submitted. `messages`
is the chat: calls of tools are text in it, and what they gave back is the user's.

    load_dataset("path/to/this/folder", split="{split}")
"""


def chosen(found: Sequence[Trajectory], most: int, seed: int) -> list[Trajectory]:
    """At most so many for each task, drawn by the seed, in their order; the same chat only once."""
    by_task: dict[str, dict[tuple[tuple[str, str], ...], Trajectory]] = {}
    for one in found:
        by_task.setdefault(one.instance_id, {}).setdefault(one.messages, one)
    kept: set[str] = set()
    for instance_id, some in by_task.items():
        places = [one.place for one in some.values()]
        rng = random.Random(f"trajectories:{seed}:{instance_id}")
        kept.update(places if len(places) <= most else rng.sample(places, most))
    return [one for one in found if one.place in kept]


def files(
    found: Sequence[Trajectory], instances: Mapping[str, Instance]
) -> Iterator[tuple[str, bytes]]:
    """`data/` as Parquet, the same as JSON lines, and the card; relative paths and bytes."""
    rows = [
        {
            **{key: getattr(instances[one.instance_id], key) for key in ABOUT},
            **{key: getattr(one, key) for key in TOLD},
            "messages": [{"role": role, "content": text} for role, text in one.messages],
        }
        for one in found
    ]
    columns = [pa.field(key, pa.string()) for key in (*ABOUT, *TOLD)]
    schema = pa.schema([*columns, pa.field("messages", pa.list_(MESSAGE))])
    yield f"chat/{SPLIT}-00000-of-00001.parquet", tables.parquet(rows, schema)
    yield f"chat/{SPLIT}.jsonl", tables.jsonl(rows)
    tasks = {one.instance_id for one in found}
    card = tables.configs(
        (instances[name].license for name in tasks), {"default": (SPLIT, f"chat/{SPLIT}-*.parquet")}
    )
    yield "README.md", (card + README.format(count=len(rows), tasks=len(tasks), split=SPLIT)).encode()
