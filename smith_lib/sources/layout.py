"""Files of strangers, written below one folder and nowhere else.

Regular files first, links last, so that nothing is ever written through a link; modes are normalised, so
that a tree is the same under every umask; everything is bounded.
"""

import logging
import os
from pathlib import Path
from typing import BinaryIO

from smith_lib.errors import SourceError

log = logging.getLogger(__name__)

MAX_FILES = 50_000
MAX_FILE_BYTES = 128 << 20
MAX_BYTES = 512 << 20
CHUNK = 1 << 20


class Layout:
    """A tree that is being written: `file` and `link` for each member, then `close`."""

    def __init__(self, target: Path, origin: str, *, drop_leaving_links: bool) -> None:
        """Start a tree in the folder `target`, which must not exist yet; `origin` is named in errors.

        A link that leaves the tree is an error, or is left out with a warning if `drop_leaving_links`.
        """
        self.target = target
        self.origin = origin
        self.drop_leaving_links = drop_leaving_links
        self._links: dict[tuple[str, ...], str] = {}
        self._files = 0
        self._bytes = 0
        target.mkdir(parents=True)

    def refused(self, name: str, why: str) -> SourceError:
        """The error that names origin and member."""
        return SourceError(f"{self.origin}: member {name!r} {why}")

    def _parts(self, name: str) -> tuple[str, ...] | None:
        if not name or "\0" in name:
            raise self.refused(name, "has no usable name")
        if name.startswith("/"):
            raise self.refused(name, "has an absolute path")
        parts = tuple(part for part in name.split("/") if part not in ("", "."))
        if ".." in parts:
            raise self.refused(name, "leaves the tree")
        if not parts or any(part.casefold() == ".git" for part in parts):
            log.warning("%s: %r is left out", self.origin, name)
            return None
        self._files += 1
        if self._files > MAX_FILES:
            raise SourceError(f"{self.origin}: more than {MAX_FILES:,} files")
        return parts

    def file(self, name: str, data: BinaryIO, size: int, *, executable: bool) -> None:
        """Write a regular file of `size` bytes; one of the same name before it is replaced.

        Raises `SourceError` where the name leaves the tree or a bound is passed.
        """
        if (parts := self._parts(name)) is None:
            return
        self._bytes += size
        if size > MAX_FILE_BYTES or self._bytes > MAX_BYTES:
            bound = MAX_FILE_BYTES if size > MAX_FILE_BYTES else MAX_BYTES
            raise self.refused(name, f"of {size:,} bytes is too much: at most {bound >> 20} MiB are taken")
        path = self.target.joinpath(*parts)
        self._links.pop(parts, None)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            with path.open("xb") as out:
                left = size
                while left and (chunk := data.read(min(CHUNK, left))):
                    out.write(chunk)
                    left -= len(chunk)
            path.chmod(0o755 if executable else 0o644)
        except (FileExistsError, NotADirectoryError, IsADirectoryError) as error:
            raise self.refused(name, "is a file and a folder at once") from error
        except OSError as error:
            if error.errno in (36, 84):  # ENAMETOOLONG, EILSEQ
                raise self.refused(name[:80], f"cannot be written: {error.strerror}") from error
            raise
        if left:
            raise self.refused(name, f"is cut short: {left:,} bytes are missing")

    def link(self, name: str, to: str) -> None:
        """Remember a symbolic link; it is made by `close`."""
        if (parts := self._parts(name)) is not None:
            self._links[parts] = to

    def close(self) -> None:
        """Make the links and normalise the folders' modes.

        Raises `SourceError` for a link that leaves the tree, unless such links are dropped.
        """
        made: list[tuple[Path, str]] = []
        for parts, to in self._links.items():
            name, path = "/".join(parts), self.target.joinpath(*parts)
            if not to or to.startswith("/") or "\0" in to:
                self._drop(name, to)
                continue
            if any(parts[:depth] in self._links for depth in range(1, len(parts))):
                raise self.refused(name, "lies below a link")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                if path.is_file() and not path.is_symlink():
                    path.unlink()
                path.symlink_to(to)
            except OSError as error:
                raise self.refused(name[:80], f"cannot be made a link: {error.strerror}") from error
            made.append((path, to))
        root = os.path.realpath(self.target)
        for path, to in made:  # only now: a link may lead out through others
            real = os.path.realpath(path)
            if real != root and not real.startswith(root + "/"):
                path.unlink()
                self._drop(str(path.relative_to(self.target)), to)
        for folder, _, _ in os.walk(self.target):
            Path(folder).chmod(0o755)

    def _drop(self, name: str, to: str) -> None:
        if not self.drop_leaving_links:
            raise self.refused(name, f"is a link that leaves the tree (to {to!r})")
        log.warning("%s: the link %r to %r leaves the tree and is left out", self.origin, name, to)
