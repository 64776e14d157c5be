"""What was published, read again: rows by the place that names them, and where their sources lie."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from smith_lib import ledger
from smith_lib.curate.splits import split_of_files
from smith_lib.errors import DamagedShard, InputError, StorageError
from smith_lib.publish.version import FOLDER, LAST_FILE, LATEST, damaged, latest, versions
from smith_lib.sources.table import LOCAL, public
from smith_lib.storage import Root, read_at, table_at
from smith_lib.types import Instance

T = TypeVar("T")
LIKE_A_VERSION = re.compile(r"v\d+(-[0-9a-f]+)?")
"""What is taken for the name of a version, whole or not."""
SUBSETS = ("main", "subtle", "all")


@dataclass(frozen=True, slots=True)
class Dataset:
    """A version's rows."""

    name: str
    """The version, e.g. `v0001-1a2b3c4d`; of a copy the folder's name."""
    root: Root
    rows: tuple[Instance, ...]
    """Sorted by id."""


def dataset_at(place: str, subset: str = "main", split: str | None = None) -> Dataset:
    """The version that `place` names, with the rows of one subset, or of both for `all`, and of one split.

    `place` is a root (its newest version is taken), a version's own folder in it, or a folder that holds a
    copy of one, with `data/*.parquet`. Raises `InputError` where there is none or nothing is in the subset or
    split, `StorageError` where files are not what was published.
    """
    root, version = _found(place)
    rows = published(root, version, split)
    if not rows:
        known = ", ".join(sorted(set(map(split_of, data_files(root, version))))) or "none"
        raise InputError(f"version {version} has no tasks in the split {split!r}; it has: {known}")
    kept = [row for row in rows if subset in ("all", row.subset)]
    if not kept:
        there = ", ".join(sorted({row.subset for row in rows})) or "none"
        raise InputError(f"version {version} has no tasks in {subset!r}; it has: {there}")
    return Dataset(version, root, tuple(sorted(kept, key=lambda row: row.instance_id)))


def version_at(place: str, out: str) -> tuple[Root, str]:
    """The root and the version that `place` names: one by its name alone lies under `out`, `latest` too.

    Of a copy of a version: the copy and an empty string. Raises `InputError` where there is none.
    """
    if LIKE_A_VERSION.fullmatch(place) and not Path(place).exists():
        return _found(f"{out.rstrip('/')}/{FOLDER}/{place}")
    return _found(out if place == "latest" else place)


def _found(place: str) -> tuple[Root, str]:
    """The root and the version; where `place` is a copy, itself and no version."""
    above, _, last = place.rstrip("/").rpartition(f"/{FOLDER}/")
    if above and "/" not in last and last != "latest":
        root = Root.at(above)
        if last not in (known := versions(root)):
            raise InputError(f"no version {last!r} in {above!r}; known: {', '.join(known[-10:]) or 'none'}")
        return root, last
    root = Root.at(above or place)
    if (version := latest(root)) is None:
        if data_files(root, ""):
            return root, ""
        if root.exists(LATEST):
            name = root.read_bytes(LATEST).decode(errors="replace").strip()
            raise StorageError(f"version {name} is damaged: {LAST_FILE} is missing; `smith publish` mends it")
        inside = root.local is not None and (Path(place) / LAST_FILE).is_file()
        hint = "name it as ROOT/published/VERSION" if inside else "`smith publish` makes one"
        if not inside and not ledger.runs(root):
            hint = f"no run either: `smith run SOURCE... --out {place}` makes one"
        raise InputError(f"nothing is published in {place!r}; {hint}")
    return root, version


def data_files(root: Root, version: str) -> list[str]:
    """The Parquet files of a version; of a copy that lies in the root itself where none is named."""
    folder = f"{FOLDER}/{version}/data" if version else "data"
    return [name for name in root.names(folder) if name.endswith(".parquet")]


def some_of(rows: Sequence[T], most: int | None, seed: str) -> list[T]:
    """At most so many of the rows, drawn by the seed, in their order; all where `most` is None."""
    if most is None or most >= len(rows):
        return list(rows)
    places = Random(seed).sample(range(len(rows)), most)
    return [rows[at] for at in sorted(places)]


def split_of(path: str) -> str:
    """The split that a data file's rows are in."""
    return split_of_files(path.rpartition("/")[2].partition("-")[0])


def published(root: Root, version: str, split: str | None = None) -> list[Instance]:
    """A version's instances, all subsets, of one split where it is named.

    Raises `StorageError` where files are not what was published.
    """
    if version and (broken := damaged(root, version)):
        raise StorageError(f"version {version} is damaged: {', '.join(broken)}; `smith publish` mends it")
    names = [name for name in data_files(root, version) if split in (None, split_of(name))]
    return [row for name in names for row in read_at(root, name, Instance)]


def column(root: Root, path: str, name: str) -> list[Any]:
    """One column of a Parquet file. Raises `StorageError` where it cannot be read."""
    try:
        return table_at(root, path, [name]).column(name).to_pylist()
    except DamagedShard as error:
        raise DamagedShard(f"{error}; delete it and run again") from error


def shards(root: Root, table: str, stage: str) -> Iterator[str]:
    """A table's shards: those of the newest runs first, then any that no run names."""
    seen: set[str] = set()
    for run_id in reversed(ledger.runs(root)):
        for row in ledger.stages(root, run_id):
            if row.stage == stage and row.shard and row.shard not in seen and root.exists(row.shard):
                seen.add(row.shard)
                yield row.shard
    yield from (name for name in root.names(table) if name.endswith(".parquet") and name not in seen)


def source_in(root: Root, row: Instance) -> str:
    """The row's source; that of the repository's own row where the published one leaves its path out.

    Raises `InputError` where the root does not know it.
    """
    if not row.source.startswith(LOCAL):
        return row.source
    for name in shards(root, "repos", "select"):
        for repo_id, source in zip(column(root, name, "repo_id"), column(root, name, "source"), strict=True):
            if repo_id == row.repo_id and public(source) == row.source:
                return str(source)
    raise InputError(f"{row.instance_id}: where {row.source} lies is not known in {root.url!r}")
