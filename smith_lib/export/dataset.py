"""The dataset that an export is made of: a published version, found from what names it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from smith_lib.errors import InputError, StorageError
from smith_lib.publish.version import FOLDER, LAST_FILE, damaged, latest, versions
from smith_lib.storage import Root, read_at
from smith_lib.types import Instance

SUBSETS = ("main", "subtle", "all")


@dataclass(frozen=True, slots=True)
class Dataset:
    """A version's rows."""

    name: str
    """The version, e.g. `v0001-1a2b3c4d`."""
    root: Root
    rows: tuple[Instance, ...]
    """Sorted by id."""


def dataset(place: str, subset: str = "main") -> Dataset:
    """The version that `place` names, with the rows of one subset, or of both for `all`.

    `place` is a root (its newest version is taken) or a version's own folder in it. Raises `InputError` where
    there is none or the subset holds nothing, `StorageError` where files are not what was published.
    """
    root, version = _found(place)
    if broken := damaged(root, version):
        raise StorageError(f"version {version} is damaged: {', '.join(broken)}; `smith publish` mends it")
    rows = _rows(root, version)
    kept = [row for row in rows if subset in ("all", row.subset)]
    if not kept:
        there = ", ".join(sorted({row.subset for row in rows})) or "none"
        raise InputError(f"version {version} has no tasks in {subset!r}; it has: {there}")
    return Dataset(version, root, tuple(sorted(kept, key=lambda row: row.instance_id)))


def _found(place: str) -> tuple[Root, str]:
    above, _, last = place.rstrip("/").rpartition(f"/{FOLDER}/")
    if above and "/" not in last and last != "latest":
        root = Root.at(above)
        if last not in (known := versions(root)):
            raise InputError(f"no version {last!r} in {above!r}; known: {', '.join(known[-10:]) or 'none'}")
        return root, last
    root = Root.at(above or place)
    if (version := latest(root)) is None:
        inside = root.local is not None and (Path(place) / LAST_FILE).is_file()
        hint = "name it as ROOT/published/VERSION" if inside else "`smith publish` makes one"
        raise InputError(f"nothing is published in {place!r}; {hint}")
    return root, version


def _rows(root: Root, version: str) -> Iterable[Instance]:
    names = [name for name in root.names(f"{FOLDER}/{version}/data") if name.endswith(".parquet")]
    return [row for name in names for row in read_at(root, name, Instance)]
