"""Sdists and git repositories, made for a test."""

import gzip
import io
import os
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

PACKAGE = {
    "PKG-INFO": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.2\nLicense-Expression: MIT\n\n",
    "tiny/__init__.py": "def one():\n    return 1\n",
    "tests/test_tiny.py": "from tiny import one\n\n\ndef test_one():\n    assert one() == 1\n",
}


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    """A tar member without bytes."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode, info.mtime = kind, link, mode, 1_600_000_000
    return info


def tarball(
    files: Mapping[str, str | bytes], top: str = "tiny-1.2/", extra: Iterable[tarfile.TarInfo] = ()
) -> bytes:
    """A `.tar.gz` of the files below `top`, then the extra members as they are."""
    out = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=out, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            info = member(top + name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for info in extra:
            tar.addfile(info)
    return out.getvalue()


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """The folder with the files in it."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def git(folder: Path, *args: str) -> str:
    """The output of a git command that sees no one's configuration."""
    person = {"NAME": "T", "EMAIL": "t@example.org", "DATE": "2024-05-06T07:08:09+02:00"}
    persons = {f"GIT_{who}_{key}": person[key] for who in ("AUTHOR", "COMMITTER") for key in person}
    alone = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "PATH": os.environ["PATH"]}
    command = ["git", "-C", folder, "-c", "protocol.file.allow=always", *args]
    env = {**alone, **persons}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True)
    return ran.stdout.strip()


def repository(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """A git repository with one commit of the files on its branch `main`."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    return commit(folder, files)


def commit(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """The repository with one more commit."""
    write(folder, files)
    git(folder, "add", "-f", "-A")
    git(folder, "commit", "-q", "-m", "files", "--allow-empty")
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the folder and its bytes; links are left out."""
    found = (p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())
    return {str(p.relative_to(folder)): p.read_bytes() for p in found}
