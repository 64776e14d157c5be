"""An sdist's files, unpacked without trusting a byte of it and without running any."""

import bz2
import gzip
import lzma
import math
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

from smith_lib.errors import SourceError
from smith_lib.sources.layout import CHUNK, MAX_BYTES, MAX_FILES, Layout

BROKEN = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile)


def unpack(archive: Path, target: Path) -> datetime:
    """The newest member's date, once the files are laid out in `target` without their one top folder.

    Raises `SourceError` that names the archive, and the member where it is one member's fault.
    """
    layout = Layout(target, archive.name, drop_leaving_links=False)
    try:
        if zipfile.is_zipfile(archive) and archive.suffix == ".zip":
            newest = _unzip(archive, layout)
        else:
            newest = _untar(archive, layout)
        layout.close()
    except BROKEN as error:
        raise SourceError(f"{archive.name} is damaged: {error}") from error
    return newest


def _decompressed(archive: Path, out: BinaryIO) -> None:
    with archive.open("rb") as raw:
        magic = raw.read(6)
        raw.seek(0)
        if magic.startswith(b"\x1f\x8b"):
            stream: BinaryIO = cast(BinaryIO, gzip.GzipFile(fileobj=raw))
        elif magic.startswith(b"BZh"):
            stream = cast(BinaryIO, bz2.BZ2File(raw))
        elif magic.startswith(b"\xfd7zXZ\x00"):
            stream = cast(BinaryIO, lzma.LZMAFile(raw))  # noqa: SIM115
        else:
            stream = raw
        try:
            size = 0
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > 2 * MAX_BYTES:
                    raise SourceError(f"{archive.name} unpacks to more than {2 * MAX_BYTES >> 20} MiB")
                out.write(chunk)
        except OSError as error:
            if error.errno is not None:
                raise
            raise SourceError(f"{archive.name} is damaged: {error}") from error
    out.seek(0)


def _members(tar: tarfile.TarFile, origin: str) -> Iterator[tarfile.TarInfo]:
    for count, member in enumerate(tar):
        if count > 2 * MAX_FILES:
            raise SourceError(f"{origin}: more than {2 * MAX_FILES:,} members")
        yield member


def _untar(archive: Path, layout: Layout) -> datetime:
    newest = 0.0
    with tempfile.TemporaryFile() as plain:
        _decompressed(archive, plain)
        with tarfile.open(fileobj=plain, mode="r:", errors="surrogateescape", encoding="utf-8") as tar:
            members = list(_members(tar, archive.name))
            top = _top([m.name for m in members if not m.isdir()])
            for member in members:
                newest = max(newest, member.mtime if math.isfinite(member.mtime) else 0)
                name = _below(top, member.name)
                if member.isdir():
                    if ".." in member.name.split("/") or member.name.startswith("/"):
                        raise layout.refused(member.name, "leaves the tree")
                elif member.issym():
                    layout.link(name, member.linkname)
                elif member.isreg() or member.islnk():
                    _add(tar, member, name, layout)
                else:
                    raise layout.refused(member.name, "is a device or a pipe")
    return _date(newest)


def _add(tar: tarfile.TarFile, member: tarfile.TarInfo, name: str, layout: Layout) -> None:
    of = member
    for _ in range(40):
        if not of.islnk():
            break
        try:
            of = tar.getmember(of.linkname)
        except KeyError as error:
            why = f"is a hard link to {member.linkname!r}, which is not there"
            raise layout.refused(member.name, why) from error
    if not of.isreg():
        raise layout.refused(member.name, f"is a hard link to {member.linkname!r}, which is no file")
    data = tar.extractfile(of)
    if data is None:
        raise layout.refused(member.name, "has no bytes")
    with data:
        layout.file(name, cast(BinaryIO, data), of.size, executable=bool(of.mode & stat.S_IXUSR))


def _unzip(archive: Path, layout: Layout) -> datetime:
    newest = datetime(1980, 1, 1, tzinfo=UTC)
    with zipfile.ZipFile(archive) as bundle:
        members = [m for m in bundle.infolist() if not m.is_dir()]
        top = _top([m.filename for m in members])
        for member in members:
            mode = member.external_attr >> 16
            name = _below(top, member.filename)
            try:
                newest = max(newest, datetime(*member.date_time, tzinfo=UTC))
                with bundle.open(member) as data:
                    if stat.S_ISLNK(mode):
                        layout.link(name, data.read(4096).decode("utf-8", "surrogateescape"))
                    else:
                        executable = bool(mode & 0o100)
                        layout.file(name, cast(BinaryIO, data), member.file_size, executable=executable)
            except (RuntimeError, NotImplementedError, ValueError) as error:
                raise layout.refused(member.filename, f"cannot be read: {error}") from error
    return newest


def _top(names: list[str]) -> str:
    tops = {name.removeprefix("./").split("/")[0] for name in names}
    nested = all("/" in name.removeprefix("./") for name in names)
    return tops.pop() + "/" if len(tops) == 1 and nested and not tops & {"", ".."} else ""


def _below(top: str, name: str) -> str:
    return name.removeprefix("./").removeprefix(top)


def _date(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(max(seconds, 0), 4_102_444_800), UTC)

