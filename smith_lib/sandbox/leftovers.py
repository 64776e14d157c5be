"""Folders that are removed at the latest by the next process, where the one that made them was killed."""

import contextlib
import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from smith_lib.sandbox import machine


def made(prefix: str, folder: Path | None = None) -> Path:
    """A new folder in that one (that for temporary files where none is named) that bears our mark."""
    return Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-{_machine()}-", dir=folder))


def of_the_dead(prefix: str, folder: Path | None = None) -> Iterator[Path]:
    """The folders that processes of this machine made there and left when they died."""
    ours = re.compile(rf"{prefix}(\d+)-{_machine()}-\w+")
    place = folder or Path(tempfile.gettempdir())
    for found in place.iterdir() if place.is_dir() else ():
        match = ours.fullmatch(found.name)
        if match and not machine.alive(int(match[1])):
            yield found


def sweep(mounts: str, parts: str, shelf: Path) -> None:
    """Remove empty folders that were mounted on, and half-made ones on the shelf, by patterns of prefixes."""
    for found in of_the_dead(mounts):
        with contextlib.suppress(OSError):
            found.rmdir()
    for found in of_the_dead(parts, shelf):
        shutil.rmtree(found, ignore_errors=True)


def _machine() -> str:
    """8 hexadecimal digits of what tells this machine from others that share the folder."""
    return hashlib.sha256(machine.identity().encode()).hexdigest()[:8]
