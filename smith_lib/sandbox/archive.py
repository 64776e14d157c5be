"""Tar archives that are the same bytes for the same files, whoever packs them and when."""

import io
import os
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

UID = 10_001
"""The user that everything runs as in a sandbox."""
MTIME = 946_684_800
"""2000-01-01: a fixed date that zip files can also hold."""
PUT = MTIME + 2
"""The date of files that are put over a tree, which bytecode of what lay there does not fit."""
RECORD = 10_240
"""Archives are a multiple of this many bytes long."""


def pack(parts: Iterator[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """The archive of the members, in their order."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for info, data in parts:
            tar.addfile(info, io.BytesIO(data) if info.isreg() else None)
    return out.getvalue()


def member(
    name: str, data: bytes, mode: int = 0o644, owner: int = UID, date: int = MTIME
) -> tuple[tarfile.TarInfo, bytes]:
    """A file in an archive."""
    info = tarfile.TarInfo(name.lstrip("/"))
    info.size, info.mode, info.mtime, info.uid, info.gid = len(data), mode, date, owner, owner
    return info, data


def members(files: Mapping[str, bytes]) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    """Files to put over a tree, by path, in order of path."""
    for path in sorted(files):
        yield member(path, files[path], date=PUT)


def tree_members(tree: Path, prefix: str) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    """Everything below a folder: folders, files, and symbolic links as links; anything else is left out."""
    yield _folder(prefix), b""
    for parent, folders, files in os.walk(tree):
        folders.sort()
        inner = os.path.relpath(parent, tree)
        at = prefix if inner == "." else f"{prefix}/{inner}"
        for name in sorted([*folders, *files]):
            path = Path(parent, name)
            if path.is_symlink():
                info = _folder(f"{at}/{name}")
                info.type, info.linkname, info.mode = tarfile.SYMTYPE, str(path.readlink()), 0o777
                yield info, b""
            elif path.is_dir():
                yield _folder(f"{at}/{name}"), b""
            elif path.is_file():
                executable = path.stat().st_mode & 0o100
                yield member(f"{at}/{name}", path.read_bytes(), 0o755 if executable else 0o644)


def _folder(name: str) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name.lstrip("/"))
    info.type, info.mode, info.mtime, info.uid, info.gid = tarfile.DIRTYPE, 0o755, MTIME, UID, UID
    return info
