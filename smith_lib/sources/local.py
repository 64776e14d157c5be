"""A path: the commit at the head of a git checkout, or a plain folder as one commit."""

import logging
import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from smith_lib.errors import SourceError
from smith_lib.paths import expanded, there
from smith_lib.sources.git import repo_of
from smith_lib.sources.gitrun import git
from smith_lib.sources.gittree import COMMIT, lay_out
from smith_lib.sources.layout import Layout
from smith_lib.sources.objects import commit_id, tree_id
from smith_lib.sources.protocol import Pin, Tree
from smith_lib.sources.store import Made, once

log = logging.getLogger(__name__)

FIXED = datetime(2020, 1, 1, tzinfo=UTC)
"""The date of a folder that has none of its own."""
JUNK = frozenset(
    (".git", ".hg", ".svn", "__pycache__", ".tox", ".nox", ".venv", ".mypy_cache", ".pytest_cache",
     ".ruff_cache", ".hypothesis", "node_modules")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Local:
    """Folders of this machine."""

    prefix: str = ""

    def check(self, spec: str) -> None:
        """Nothing where the spec is well formed. Raises `InputError`."""
        parsed(spec)

    def pin(self, spec: str) -> Pin:
        """The commit at `HEAD`, or at `path@ref`; for a folder without git, the commit that it would be.

        What is not committed does not take part; a warning says so.
        """
        path, ref = parsed(spec)
        if not is_checkout(path):
            if ref is not None and not COMMIT.fullmatch(ref):
                raise SourceError(f"{str(path)!r} is no git checkout, so it has no ref {ref!r}")
            return Pin(f"{path}@{ref or folder_commit(path)}", f"local/{path.name}")
        wanted = f"{ref or 'HEAD'}^{{commit}}"
        ran = git(["-C", path, "rev-parse", "--verify", "--quiet", "--end-of-options", wanted])
        commit = ran.out.decode().strip()
        if "dubious ownership" in ran.err:
            raise SourceError(
                f"{str(path)!r} belongs to another user, so git does not read it; "
                f"`git config --global --add safe.directory {shlex.quote(str(path))}` allows it"
            )
        if ran.code or not COMMIT.fullmatch(commit):
            why = ran.err.splitlines()[0][:200] if ran.err else "no such commit"
            raise SourceError(f"no ref {ref or 'HEAD'!r} in {str(path)!r}: {why}")
        if ref is None and (changed := _changed(path)):
            text = "%s: %d files differ from the commit %s, which is what is taken"
            log.warning(text, path, changed, commit[:8])
        return Pin(f"{path}@{commit}", _repo(path))

    def fetch(self, pin: Pin, cache: Path) -> Tree:
        """The commit's files, or the folder's where it has not changed since it was pinned."""
        text, _, commit = pin.source.rpartition("@")
        path = Path(text)

        def make(target: Path) -> Made:
            if is_checkout(path):
                return Made(commit, lay_out(path, commit, target, str(path)))
            copy(path, target)
            now = commit_id(tree_id(target), FIXED, path.name)
            if now != commit:
                was = f"{commit[:8]}, now {now[:8]}"
                raise SourceError(f"{str(path)!r} has changed since it was pinned ({was})")
            return Made(commit, FIXED)

        return once(cache, pin, make)


def parsed(spec: str) -> tuple[Path, str | None]:
    """Absolute path and ref. Raises `InputError`, often a `SourceError`, where there is no such folder."""
    try:
        spec.encode()
    except UnicodeEncodeError as error:
        raise SourceError(f"path {spec!r} is not UTF-8, and a row can hold no other") from error
    path, ref = expanded(spec), None
    if not there(path) and "@" in spec:
        text, _, ref = spec.rpartition("@")
        path = expanded(text)
    if not there(path):
        raise SourceError(f"path {spec!r} does not exist")
    if not path.is_dir():
        raise SourceError(f"{spec!r} is no folder")
    return path.resolve(), ref


def is_checkout(path: Path) -> bool:
    """Whether the folder itself is a git checkout or a bare repository; one inside a checkout is not."""
    return (path / ".git").exists() or all((path / part).exists() for part in ("HEAD", "objects", "refs"))


def folder_commit(path: Path) -> str:
    """The commit that a plain folder makes. Reads it whole; nothing is kept."""
    with tempfile.TemporaryDirectory() as folder:
        copy(path, Path(folder) / "files")
        return commit_id(tree_id(Path(folder) / "files"), FIXED, path.name)


def copy(path: Path, target: Path) -> None:
    """Copy the folder's files but caches and virtual environments. Raises `SourceError` where too large."""
    layout = Layout(target, str(path), drop_leaving_links=True)
    for file in _walk(path):
        name = str(file.relative_to(path))
        if file.is_symlink():
            layout.link(name, str(file.readlink()))
        elif file.is_file():
            stat = file.stat()
            with file.open("rb") as data:
                layout.file(name, data, stat.st_size, executable=bool(stat.st_mode & 0o100))
        else:
            log.warning("%s: %r is no file and is left out", path, name)
    layout.close()


def _walk(path: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(path):
        here = Path(folder)
        folders[:] = sorted(f for f in folders if f not in JUNK and not (here / f / "pyvenv.cfg").exists())
        yield from (here / f for f in folders if (here / f).is_symlink())
        yield from (here / n for n in sorted(names) if not n.endswith((".pyc", ".pyo")) and n not in JUNK)


def _changed(path: Path) -> int:
    ran = git(["-C", path, "status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=all"])
    return len(ran.out.splitlines()) if not ran.code else 0


def _repo(path: Path) -> str:
    ran = git(["-C", path, "config", "--get", "remote.origin.url"])
    url = ran.out.decode("utf-8", "replace").strip()
    remote = not ran.code and re.match(r"(https?|ssh|git)://|[^/]+:(?!//)", url)
    return repo_of(url) if remote else f"local/{path.name}"
