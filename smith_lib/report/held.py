"""What a version holds, column by column: the texts of its rows are never read, but for a few samples."""

import io
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from smith_lib.errors import DamagedShard, InputError, StorageError
from smith_lib.publish.reading import data_files, split_of
from smith_lib.publish.version import FOLDER, LAST_FILE, damaged, figures
from smith_lib.storage import Root, rows_from_table, table_at
from smith_lib.types import Instance

PLAIN = (
    "instance_id", "repo", "repo_id", "license", "subset", "strategy", "operator", "category", "complexity",
    "difficulty", "fix_lines", "files_changed", "fail_ratio", "quality", "problem_statement_source",
    "cost_usd",
)  # fmt: skip


SCORES = "scores.parquet"


@dataclass(frozen=True, slots=True)
class Held:
    """A version's rows without their texts."""

    root: Root
    version: str
    """Empty where the root is a copy of a version."""
    name: str
    columns: dict[str, list[Any]]
    """`PLAIN`, `failing` (the number of failing tests), `changing` (of changed functions) and `split`."""
    places: list[tuple[str, int]]
    """Of each row, the file that it is in and its place there."""
    metrics: dict[str, Any]
    """What `metrics.json` holds; empty where a copy has none."""

    def __len__(self) -> int:
        return len(self.places)

    def of(self, name: str, subset: str = "") -> list[Any]:
        """A column, of one subset's rows where one is named."""
        if not subset:
            return self.columns[name]
        pairs = zip(self.columns[name], self.columns["subset"], strict=True)
        return [value for value, of in pairs if of == subset]


def held(root: Root, version: str) -> Held:
    """The version's rows. Raises `StorageError` where files are not what was published, `InputError` where
    it has no rows."""
    if version and (broken := damaged(root, version)):
        raise StorageError(f"version {version} is damaged: {', '.join(broken)}; `smith publish` mends it")
    columns: dict[str, list[Any]] = defaultdict(list)
    places: list[tuple[str, int]] = []
    for path in data_files(root, version):
        table = table_at(root, path, [*PLAIN, "FAIL_TO_PASS", "functions"])
        for name in PLAIN:
            columns[name] += table.column(name).to_pylist()
        columns["failing"] += pc.list_value_length(table.column("FAIL_TO_PASS")).to_pylist()
        columns["changing"] += pc.list_value_length(table.column("functions")).to_pylist()
        columns["split"] += [split_of(path)] * table.num_rows
        places += [(path, at) for at in range(table.num_rows)]
    name = version or root.url.rstrip("/").rpartition("/")[2]
    if not places:
        raise InputError(f"version {name} holds no tasks")
    return Held(root, version, name, dict(columns), places, _metrics(root, version))


def scores(of: Held) -> list[float]:
    """The quality score of each task that was given one beside the rows; else the rows' own `quality`."""
    path = f"{FOLDER}/{of.version}/{SCORES}" if of.version else SCORES
    if not of.root.exists(path):
        return of.columns["quality"]
    found = table_at(of.root, path, ["score"]).column("score").to_pylist()
    return [score for score in found if score is not None]


def _metrics(root: Root, version: str) -> dict[str, Any]:
    if version:
        return figures(root, version)
    import json

    if not root.exists(LAST_FILE):
        return {}
    try:
        told = json.loads(root.read_bytes(LAST_FILE))
    except ValueError as error:
        raise StorageError(f"{LAST_FILE} in {root.url} is damaged: {error}") from error
    return told if isinstance(told, dict) else {}


def spread(of: Held, most: int, seed: int) -> list[int]:
    """Places of at most so many rows, drawn by the seed: families and complexities take turns, and within
    them repositories."""
    rng = random.Random(f"{seed} samples")
    cells: dict[tuple[str, str], list[int]] = defaultdict(list)
    order = sorted(range(len(of)), key=lambda at: of.columns["instance_id"][at])
    rng.shuffle(order)
    for at in order:
        cells[of.columns["strategy"][at], of.columns["complexity"][at]].append(at)
    names = sorted(cells)
    rng.shuffle(names)
    found: list[int] = []
    seen: dict[str, int] = defaultdict(int)
    while len(found) < min(most, len(of)):
        for name in names:
            if cells[name] and len(found) < most:
                at = min(cells[name], key=lambda at: seen[of.columns["repo"][at]])
                cells[name].remove(at)
                seen[of.columns["repo"][at]] += 1
                found.append(at)
    return found


def whole(of: Held, places: Sequence[int]) -> list[Instance]:
    """The rows at these places with all that they hold, in that order; others are not decoded."""
    wanted: dict[str, list[int]] = defaultdict(list)
    for at in places:
        path, inside = of.places[at]
        wanted[path].append(inside)
    found = {
        (path, inside): row for path, some in wanted.items() for inside, row in _rows(of.root, path, some)
    }
    return [found[of.places[at]] for at in places]


def _rows(root: Root, path: str, places: Sequence[int]) -> Iterator[tuple[int, Instance]]:
    try:
        file = pq.ParquetFile(io.BytesIO(root.read_bytes(path)), pre_buffer=False)
        first = 0
        for group in range(file.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if inside := [at for at in places if first <= at < first + rows]:
                table = file.read_row_group(group, use_threads=False).take([at - first for at in inside])
                yield from zip(inside, rows_from_table(Instance, table), strict=True)
            first += rows
    except (pa.ArrowException, TypeError, KeyError) as error:
        raise DamagedShard(f"shard {path} is damaged ({error})") from error
