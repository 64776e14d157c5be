"""A dataset version on disk or in an object store: complete, or not there."""

import hashlib
import io
import json
import logging
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from smith_lib.curate.choose import Choice
from smith_lib.errors import InputError, StorageError
from smith_lib.publish.card import card
from smith_lib.publish.changes import FILE as CHANGES
from smith_lib.publish.changes import Changes, changes, told
from smith_lib.publish.passed import passed
from smith_lib.publish.refused import drop_refused
from smith_lib.publish.scores import SCORES, scores
from smith_lib.publish.whole import Whole
from smith_lib.settings import PublishSettings
from smith_lib.storage import Root, schema_of
from smith_lib.storage.shards import to_table
from smith_lib.types import Instance, Outcome

log = logging.getLogger(__name__)

FOLDER = "published"
LATEST = f"{FOLDER}/latest"
LOCK = f"{FOLDER}/.lock"
LAST_FILE = "metrics.json"
"""Written last: a version that has it is complete."""
NAME = re.compile(rf"{FOLDER}/(v(\d{{4,}})-([0-9a-f]{{8}}))/{re.escape(LAST_FILE)}")
ROWS_AT_ONCE = 1_000
"""Rows of one Parquet row group; large texts make small groups worth it."""


@dataclass(frozen=True, slots=True)
class Published:
    """A version that is there."""

    version: str
    """`v0001-<8 hexadecimal digits of its rows' digest>`."""
    path: str
    """The folder or object-store URL that `datasets.load_dataset` reads."""
    rows: int
    new: bool
    """False where the newest version held the same rows already."""


def write_version(
    root: Root, choice: Choice, metrics: Mapping[str, Any], docs: Path | None, settings: PublishSettings,
    check: Callable[[], None] = lambda: None, checked: str = "", whole: Whole | None = None,
) -> Published:  # fmt: skip
    """The version that holds the chosen rows; a new one unless the newest holds the very same.

    `check` is called before, and may refuse; it is not where the newest version holds the very same rows and
    passed the same check, by the digest `checked` of all that the check goes by. `whole` gives whole rows
    where the choice holds traits.

    In a folder one publishes at a time, so that no two take the same number; an object store has no locks.

    A folder is assembled under a temporary name and renamed; in an object store, where nothing can be
    renamed, `metrics.json` is put last and then `latest`, and a version without `metrics.json` does not
    count. Raises `InputError` where nothing was chosen, and `StorageError`.
    """
    if not (choice.main or choice.subtle):
        raise InputError(f"nothing to publish: {_funnel_line(metrics)}")
    with root.locked(LOCK):
        return _written(root, choice, metrics, docs, settings, check, checked, whole or Whole())


def _written(
    root: Root, choice: Choice, metrics: Mapping[str, Any], docs: Path | None, settings: PublishSettings,
    check: Callable[[], None], checked: str, whole: Whole,
) -> Published:  # fmt: skip
    rows = len(choice.main) + len(choice.subtle)
    files = dict(_parquet(choice, settings.rows_per_shard, whole))
    digest = _digest(files)
    there = versions(root)
    if there and there[-1].endswith(f"-{digest[:8]}"):
        version = there[-1]
        if _whole(root, version, files):
            before = passed(root)
            if before is None or (before.version, before.checked) != (version, checked) or not checked:
                check()
            named = f"{version}\n".encode()
            if not root.exists(LATEST) or root.read_bytes(LATEST) != named:  # cut off before it was named
                root.write_bytes(LATEST, named)
            return Published(version, place(root, version), rows, new=False)
        log.warning("files of %s are damaged or missing; they are written again", version)
    else:
        number = int(there[-1][1:].partition("-")[0]) + 1 if there else 1
        version = f"v{number:04d}-{digest[:8]}"
    check()
    older = [name for name in there if name != version]
    since = _changes(root, older[-1], choice, whole) if older else None
    digests = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    held = {**metrics, "files": digests}
    files["README.md"] = card(version, choice, metrics, changes=told(since)).encode()
    files[SCORES] = scores(choice)
    if since is not None:
        files[CHANGES] = (json.dumps(since.as_json(), indent=1) + "\n").encode()
    for file in sorted(p for p in docs.rglob("*") if p.is_file()) if docs is not None else ():
        files[f"data_docs/{file.relative_to(docs).as_posix()}"] = file.read_bytes()  # type: ignore[arg-type]
    files[LAST_FILE] = (json.dumps(held, indent=2, sort_keys=True) + "\n").encode()
    _put(root, version, files)
    root.write_bytes(LATEST, f"{version}\n".encode())
    drop_refused(root)
    log.info("published %s: %d rows", version, rows)
    return Published(version, place(root, version), rows, new=True)


def _changes(root: Root, before: str, choice: Choice, whole: Whole) -> Changes | None:
    """What is new against the version before; None where that cannot be read, which holds up nothing."""
    try:
        return changes(root, f"{FOLDER}/{before}", choice, whole)
    except StorageError as error:
        log.warning("no list of changes since %s: %s", before, error)
        return None


def damaged(root: Root, version: str) -> list[str]:
    """Each Parquet file of a version, relative to it, that is not what was published, and how.

    Missing files, changed files, and files that are more than was published. Raises `StorageError` where the
    version's figures do not tell what was.
    """
    published = figures(root, version).get("files")
    if not isinstance(published, dict) or not published:
        raise StorageError(f"{FOLDER}/{version}/{LAST_FILE} is damaged: it names no files")
    inside = f"{FOLDER}/{version}/"
    there = {name.removeprefix(inside) for name in root.names(f"{inside}data")}
    more = (name for name in there - set(published) if name.endswith(".parquet"))
    found = dict.fromkeys(more, "is more than was published")
    for name, digest in published.items():
        if name not in there:
            found[name] = "is missing"
        elif _sha256(root, version, name) != digest:
            found[name] = "is not what was published"
    return [f"{name} {how}" for name, how in sorted(found.items())]


def figures(root: Root, version: str) -> dict[str, Any]:
    """What a version's `metrics.json` holds. Raises `StorageError` where it is no JSON object."""
    name = f"{FOLDER}/{version}/{LAST_FILE}"
    try:
        held = json.loads(root.read_bytes(name))
    except (ValueError, RecursionError) as error:
        raise StorageError(f"{name} is damaged: {error}") from error
    if not isinstance(held, dict):
        raise StorageError(f"{name} is damaged: an object was wanted, not {type(held).__name__}")
    return held


def _sha256(root: Root, version: str, name: str) -> str:
    path = f"{FOLDER}/{version}/{name}"
    return hashlib.sha256(root.read_bytes(path)).hexdigest() if root.exists(path) else ""


def _whole(root: Root, version: str, files: Mapping[str, bytes]) -> bool:
    wanted = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    try:
        return figures(root, version).get("files") == wanted and not damaged(root, version)
    except StorageError:  # its figures are damaged too
        return False


def latest(root: Root) -> str | None:
    """The newest version's name, or None where nothing is published.

    Raises `StorageError` where the file that names it holds no name.
    """
    if not root.exists(LATEST):
        return None
    name = root.read_bytes(LATEST).decode(errors="replace").strip()
    if not NAME.fullmatch(f"{FOLDER}/{name}/{LAST_FILE}"):
        raise StorageError(f"{LATEST} is damaged: {name[:40]!r} names no version; `smith publish` mends it")
    return name if root.exists(f"{FOLDER}/{name}/{LAST_FILE}") else None


def versions(root: Root) -> list[str]:
    """The names of the complete versions, oldest first."""
    complete = [match for name in root.names(FOLDER) if (match := NAME.fullmatch(name))]
    return [match[1] for match in sorted(complete, key=lambda m: (int(m[2]), m[3]))]


def place(root: Root, version: str) -> str:
    """The folder or object-store URL of a version."""
    folder = f"{FOLDER}/{version}"
    return str(root.local / folder) if root.local else f"{root.url.rstrip('/')}/{folder}"


def _parquet(choice: Choice, most: int, whole: Whole) -> Iterator[tuple[str, bytes]]:
    """Path and bytes of each Parquet file; the same bytes for the same rows."""
    for name, rows in choice.files():
        parts = [rows[at : at + most] for at in range(0, len(rows), most)]
        for number, part in enumerate(parts):
            yield f"data/{name}-{number:05d}-of-{len(parts):05d}.parquet", _bytes(part, whole)


def _bytes(rows: Sequence[Any], whole: Whole) -> bytes:
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, schema_of(Instance), compression="zstd", write_page_checksum=True) as writer:
        for at in range(0, len(rows), ROWS_AT_ONCE):
            writer.write_table(to_table(Instance, list(whole.of(rows[at : at + ROWS_AT_ONCE]))))
    return sink.getvalue()


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, data in sorted(files.items()):
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()


def _put(root: Root, version: str, files: Mapping[str, bytes]) -> None:
    if (local := root.local) is None:
        for name, data in files.items():
            root.write_bytes(f"{FOLDER}/{version}/{name}", data)
        return
    target = local / FOLDER / version
    part = target.with_name(f".{version}.{uuid.uuid4().hex[:8]}.part")
    old = part.with_suffix(".old")
    try:
        inside = Root.at(part)
        for name, data in files.items():
            inside.write_bytes(name, data)
        if target.exists():  # of the same rows, but damaged, or cut off before it was complete
            target.rename(old)
        part.rename(target)
        shutil.rmtree(old, ignore_errors=True)
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StorageError(f"cannot write version {version} in {root.url}: {error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _funnel_line(metrics: Mapping[str, Any]) -> str:
    """The funnel in one line, e.g. `3 repositories, 60 candidates: 40 no_failure, 20 flaky`."""
    stats, funnel = metrics.get("generation_stats", {}), metrics.get("funnel", {})
    came = dict(funnel.get("outcomes", {}))
    unmade = came.pop(Outcome.PART_NOT_VALID, 0)  # is no candidate that was tried
    outcomes = ", ".join(f"{n} {outcome}" for outcome, n in came.items() if n)
    if unmade:
        outcomes += f"; and {unmade} combinations not judged, as a part is no bug by itself"
    repos, tried = stats.get("repos_processed", 0), stats.get("bugs_attempted", 0)
    line = f"{repos} {'repository' if repos == 1 else 'repositories'}, "
    line += f"{tried} {'candidate' if tried == 1 else 'candidates'}"
    return f"{line}: {outcomes}" if outcomes else f"{line}, no verdict"
