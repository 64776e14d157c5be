"""The ids that git would give, worked out from the bytes alone: no git, no configuration, no attributes."""

import hashlib
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

PERSON = "Smith <smith@localhost>"


def _id(kind: str, body: bytes) -> bytes:
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(body)) + body, usedforsecurity=False).digest()


def _tree(folder: Path) -> bytes | None:
    entries: list[tuple[bytes, bytes, bytes]] = []
    for entry in os.scandir(folder):
        path, name = Path(entry.path), os.fsencode(entry.name)
        if entry.is_symlink():
            entries.append((name, b"120000", _id("blob", os.fsencode(path.readlink()))))
        elif entry.is_dir():
            if (below := _tree(path)) is not None:
                entries.append((name + b"/", b"40000", below))
        else:
            mode = b"100755" if entry.stat().st_mode & stat.S_IXUSR else b"100644"
            entries.append((name, mode, _id("blob", path.read_bytes())))
    if not entries:
        return None
    lines = (b"%s %s\0" % (mode, name.rstrip(b"/")) + sha for name, mode, sha in sorted(entries))
    return _id("tree", b"".join(lines))


def tree_id(folder: Path) -> str:
    """40 hexadecimal digits: the git tree of everything in the folder, empty folders aside."""
    return (_tree(folder) or _id("tree", b"")).hex()


def commit_id(tree: str, when: datetime, message: str) -> str:
    """40 hexadecimal digits: the commit without parents of that tree, by Smith's own author, at that time.

    `git commit-tree` gives the same for the same author, committer, date (in UTC) and message.
    """
    person = f"{PERSON} {int(when.timestamp())} +0000"
    return _id("commit", f"tree {tree}\nauthor {person}\ncommitter {person}\n\n{message}\n".encode()).hex()


def utc(when: datetime) -> str:
    """ISO 8601 in UTC, whole seconds: `2025-04-24T03:35:25Z`."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
