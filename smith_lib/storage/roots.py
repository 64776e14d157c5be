"""A root: the folder or object-store URL under which everything of a run lies."""

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from pyarrow import fs

from smith_lib.errors import InputError, StorageError, UnknownName
from smith_lib.paths import folder_to_be

SCHEMES = ("file", "gs", "s3")
PATIENCE = 600.0
"""Seconds that a lock is waited for."""


def _with_end_point(url: str) -> str:
    """The URL with the S3 end point and region of the environment in its query, where it names none."""
    parts = urlsplit(url)
    end_point = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
    region = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    options: dict[str, str] = {}
    if end_point:
        scheme, _, host = end_point.rpartition("://")
        options = {"scheme": scheme or "https", "endpoint_override": host.rstrip("/"), "region": "us-east-1"}
    if region:
        options["region"] = region
    query = urlencode(options | dict(parse_qsl(parts.query)))
    return parts._replace(path=quote(parts.path, safe="/%"), query=query).geturl()


@dataclass(frozen=True)
class Root:
    """A place for files, local or in an object store, with whole-file writes only."""

    url: str
    files: fs.FileSystem = field(repr=False, compare=False)
    base: str = field(repr=False, compare=False)

    @classmethod
    def at(cls, place: str | Path) -> "Root":
        """The root at a folder or at a URL that pyarrow's filesystems know (`s3://bucket/prefix`).

        S3's end point and keys come from the environment (`AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, ...).
        Raises `InputError` where the URL is of no known kind or a file is in the folder's way, and
        `StorageError` where the store does not answer.
        """
        text = str(place)
        if not text.strip():
            raise InputError(f"cannot use {text!r} as a root: it names no folder")
        if "://" not in text:
            return cls(text, fs.LocalFileSystem(), str(folder_to_be(text, "a root")))
        if (scheme := text.partition("://")[0]) not in SCHEMES:
            raise UnknownName("kind of root", scheme, SCHEMES)
        try:
            files, base = fs.FileSystem.from_uri(_with_end_point(text) if scheme == "s3" else text)
        except ValueError as error:
            raise InputError(f"cannot use {text!r} as a root: {error}") from error
        except OSError as error:
            raise StorageError(f"cannot reach {text!r}: {error}") from error
        if not base.strip("/"):
            raise InputError(f"cannot use {text!r} as a root: it names no bucket or folder")
        return cls(text, files, base.rstrip("/"))

    @property
    def local(self) -> Path | None:
        """The folder, or None in an object store."""
        return Path(self.base) if isinstance(self.files, fs.LocalFileSystem) else None

    def path(self, name: str) -> str:
        """The filesystem's own path of a file below the root."""
        return f"{self.base}/{name}"

    def exists(self, name: str) -> bool:
        """Whether a finished file has that name."""
        try:
            return bool(self.files.get_file_info(self.path(name)).type == fs.FileType.File)
        except OSError as error:
            raise StorageError(f"cannot look for {name!r} in {self.url}: {error}") from error

    def read_bytes(self, name: str) -> bytes:
        """A file's bytes. Raises `StorageError` where it cannot be read."""
        try:
            with self.files.open_input_stream(self.path(name)) as stream:
                return bytes(stream.read())
        except OSError as error:
            raise StorageError(f"cannot read {name!r} in {self.url}: {error}") from error

    def write_bytes(self, name: str, data: bytes | memoryview) -> None:
        """Write a whole file: under a temporary name, synced, then renamed, so that it is there or not.

        An object store shows an object only once its upload is complete, so there it is one put.
        Raises `StorageError`; what was there before is then untouched.
        """
        try:
            if (local := self.local) is None:
                with self.files.open_output_stream(self.path(name)) as stream:
                    stream.write(data)
                return
            target = local / name
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
            try:
                with part.open("wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                part.replace(target)
                folder = os.open(target.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"cannot write {name!r} in {self.url}: {error}") from error

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Held by one at a time, over all processes; in an object store, which has no locks, by anybody.

        Raises `StorageError` where the lock cannot be had, or is not for ten minutes.
        """
        if (local := self.local) is None:
            yield
            return
        path, deadline = local / name, time.monotonic() + PATIENCE
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("w")
        except OSError as error:
            raise StorageError(f"cannot lock {name!r} in {self.url}: {error}") from error
        with file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() > deadline:
                        held = f"{path} is held by another process for {PATIENCE:.0f} s"
                        raise StorageError(held) from error
                    time.sleep(0.05)
                except OSError as error:
                    raise StorageError(f"cannot lock {name!r} in {self.url}: {error}") from error
            yield

    def names(self, folder: str) -> Iterator[str]:
        """Names (relative to the root) of the finished files in a folder and below it, sorted."""
        return (name for name, _ in self.entries(folder))

    def folders(self, folder: str) -> list[str]:
        """Names of the folders right below a folder, sorted; what lies in them is not looked at."""
        selector = fs.FileSelector(self.path(folder), allow_not_found=True)
        try:
            infos = self.files.get_file_info(selector)
        except OSError as error:
            raise StorageError(f"cannot list {folder!r} in {self.url}: {error}") from error
        found = (info.base_name for info in infos if info.type == fs.FileType.Directory)
        return sorted(name for name in found if not name.startswith("."))

    def entries(self, folder: str) -> Iterator[tuple[str, fs.FileInfo]]:
        """The same names, each with what the file system tells of its file: size, time of change."""
        selector = fs.FileSelector(self.path(folder), allow_not_found=True, recursive=True)
        try:
            infos = self.files.get_file_info(selector)
        except OSError as error:
            raise StorageError(f"cannot list {folder!r} in {self.url}: {error}") from error
        for info in sorted(infos, key=lambda i: i.path):
            name = info.path.removeprefix(self.base + "/")
            if info.type == fs.FileType.File and not any(part.startswith(".") for part in name.split("/")):
                yield name, info
