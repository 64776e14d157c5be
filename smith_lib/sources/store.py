"""Clean trees in the cache folder: each is made once, whole or not at all, whoever else wants it too."""

import fcntl
import hashlib
import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from smith_lib.errors import StorageError
from smith_lib.sources.facts import facts
from smith_lib.sources.objects import tree_id, utc
from smith_lib.sources.protocol import Pin, Tree

log = logging.getLogger(__name__)

FORMAT = 2
"""Raise it when the same pin gives other files, or another id, than before."""
LONGEST = 100
"""Characters of a repository's name in its id; file names are made of it."""


@dataclass(frozen=True, slots=True)
class Made:
    """What is known of a tree that was just laid out."""

    commit: str
    when: datetime
    version: str = ""
    """Where the source itself tells it; else the tree is asked."""
    license: str = "unknown"
    """What the source says; taken where the tree says nothing."""


def repo_id(repo: str, commit: str) -> str:
    """`owner__name.commit8`; a name of other characters or of many is made plain, and unique by a digest."""
    whole = repo.replace("/", "__")
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", whole)[:LONGEST]
    if plain != whole:
        plain += "-" + hashlib.sha256(repo.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{plain}.{commit[:8]}"


def _read(folder: Path, pin: Pin) -> Tree | None:
    try:
        meta = json.loads((folder / "tree.json").read_text(encoding="utf-8"))
        if meta.pop("tree") != tree_id(folder / "files"):
            log.warning("%s was changed since it was fetched; it is fetched again", folder)
            return None
        os.utime(folder)  # used today
        return Tree(path=folder / "files", pin=pin, **meta)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s is damaged (%s); it is fetched again", folder, error)
        return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def once(cache: Path, pin: Pin, lay_out: Callable[[Path], Made]) -> Tree:
    """The pin's tree: the one in the cache, or what `lay_out` writes into the folder it is given.

    Threads and processes that want the same pin wait for the first. Raises what `lay_out` raises, and
    `StorageError` where the cache cannot be written.
    """
    slug = re.sub(r"[^A-Za-z0-9_.-]", "_", pin.repo.replace("/", "__"))[:60]
    what = f"{FORMAT} {pin.repo} {pin.source}".encode(errors="surrogatepass")
    key = f"{slug}-{hashlib.sha256(what).hexdigest()[:16]}"
    shelf = cache / "trees"
    folder = shelf / key
    if (found := _read(folder, pin)) is not None:
        return found
    try:
        shelf.mkdir(parents=True, exist_ok=True)
        with _locked(shelf / f".{key}.lock"):
            if (found := _read(folder, pin)) is not None:
                return found
            for left in shelf.glob(f".{key}.*/"):  # by someone who was killed: nobody else holds the lock
                shutil.rmtree(left, ignore_errors=True)
            work = Path(tempfile.mkdtemp(prefix=f".{key}.", dir=shelf))
            try:
                return _make(work, folder, pin, lay_out)
            finally:
                shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise StorageError(f"cannot keep {pin.source} in {shelf}: {error}") from error


def _make(work: Path, folder: Path, pin: Pin, lay_out: Callable[[Path], Made]) -> Tree:
    new = work / "new"
    new.mkdir(mode=0o755)
    made = lay_out(new / "files")
    known = facts(new / "files")
    meta = {
        "repo_id": repo_id(pin.repo, made.commit),
        "commit": made.commit,
        "created_at": utc(made.when),
        "version": made.version or known.version,
        "license": made.license if known.license == "unknown" else known.license,
    }
    record = meta | {"tree": tree_id(new / "files")}
    (new / "tree.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    if folder.exists():
        folder.rename(work / "old")
    new.rename(folder)
    return Tree(path=folder / "files", pin=pin, **meta)
