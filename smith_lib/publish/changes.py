"""What a version has that the one before had not, lacks, and has otherwise: ids by reason."""

import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from smith_lib.curate.choose import Choice
from smith_lib.errors import StorageError
from smith_lib.publish.whole import Whole
from smith_lib.storage import Root
from smith_lib.storage.shards import to_table
from smith_lib.types import Instance

FILE = "changes.json"
AT_ONCE = 500
"""Rows that are compared at the same time; their texts are large."""


@dataclass(frozen=True, slots=True)
class Changes:
    """How a version differs from the one before; ids sorted, under the reason."""

    since: str
    """The version before."""
    added: Mapping[str, Sequence[str]]
    removed: Mapping[str, Sequence[str]]
    changed: Mapping[str, Sequence[str]]
    """By the columns that differ, e.g. `problem_statement, quality`."""

    def as_json(self) -> dict[str, Any]:
        """Plain data: what `changes.json` holds."""
        return asdict(self)


def changes(root: Root, folder: str, choice: Choice, whole: Whole | None = None) -> Changes:
    """What the choice changes against the version in that folder, relative to the root.

    Raises `StorageError` where that version cannot be read.
    """
    now = {row.instance_id: row for row in (*choice.main, *choice.subtle)}
    left_out = dict(choice.left_out)
    repos: dict[str, set[str]] = defaultdict(set)
    before: dict[str, set[str]] = defaultdict(set)
    for one in now.values():
        repos[one.repo].add(one.repo_id)
    seen: set[str] = set()
    removed: dict[str, list[str]] = defaultdict(list)
    changed: dict[str, list[str]] = defaultdict(list)
    for rows in _batches(root, folder):
        both = [now[row["instance_id"]] for row in rows if row["instance_id"] in now]
        rows_now = to_table(Instance, list((whole or Whole()).of(both))).to_pylist()
        fresh = {row["instance_id"]: row for row in rows_now}
        for row in rows:
            name, repo = row["instance_id"], row["repo"]
            before[repo].add(row["repo_id"])
            if name in fresh:
                seen.add(name)
                if columns := _differing(row, fresh[name]):
                    changed[", ".join(columns)].append(name)
            elif name in left_out:
                removed[f"left out: {left_out[name]}"].append(name)
            elif repo not in repos:
                removed["its repository has no task in this version"].append(name)
            elif row["repo_id"] not in repos[repo]:
                removed["its repository is taken at another commit"].append(name)
            else:
                removed["not made or not kept any more"].append(name)
    added: dict[str, list[str]] = defaultdict(list)
    for name in now.keys() - seen:
        if now[name].repo not in before:
            added["a new repository"].append(name)
        elif now[name].repo_id not in before[now[name].repo]:
            added["a new commit of its repository"].append(name)
        else:
            added["newly made or newly chosen"].append(name)
    return Changes(folder.rpartition("/")[2], *map(_sorted, (added, removed, changed)))


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The columns whose values differ, one that either lacks included."""
    names = [*(field.name for field in fields(Instance)), *(name for name in before if name not in now)]
    return [name for name in names if before.get(name) != now.get(name) or (name in before) != (name in now)]


def _batches(root: Root, folder: str) -> Iterator[list[dict[str, Any]]]:
    for name in root.names(f"{folder}/data"):
        if not name.endswith(".parquet"):
            continue
        try:
            for batch in pq.ParquetFile(io.BytesIO(root.read_bytes(name))).iter_batches(AT_ONCE):
                yield batch.to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise StorageError(f"{name} is damaged: {error}") from error


def _sorted(found: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {why: sorted(found[why]) for why in sorted(found, key=lambda why: (-len(found[why]), why))}


def told(found: Changes | None) -> str:
    """The section of the card; empty where there is no version before."""
    if found is None:
        return ""
    lines = [f"## Changes since {found.since}\n", f"The ids are in `{FILE}`.\n"]
    lines += ["| what | why | tasks |", "|---|---|---|"]
    for what, by in (("added", found.added), ("removed", found.removed), ("changed", found.changed)):
        lines += [f"| {what} | {why} | {len(ids):,} |" for why, ids in by.items()]
    return "\n".join(lines) + "\n"
