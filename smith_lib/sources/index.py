"""The package index: which releases a project has, and their files."""

import configparser
import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename
from packaging.version import InvalidVersion, Version
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from smith_lib.errors import NetworkError, SourceError

JSON = "application/vnd.pypi.simple.v1+json"
TIMEOUT = (15, 60)
"""Seconds to connect, and between two reads."""
MAX_DOWNLOAD = 256 << 20


@dataclass(frozen=True, slots=True)
class Sdist:
    """A source distribution on the index."""

    filename: str
    url: str
    sha256: str
    """64 hexadecimal digits, or an empty string where the index tells none."""
    version: Version
    uploaded: datetime | None
    yanked: bool


@dataclass(frozen=True, slots=True)
class Project:
    """What the index has of a project."""

    name: str
    sdists: tuple[Sdist, ...]
    versions: tuple[Version, ...]
    """Every release, also those that have no sdist."""


def index_url() -> str:
    """The simple index's URL with a slash at its end: the environment's as pip and uv read it, then that of
    pip's configuration files, then uv's own default."""
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if url := os.environ.get(name, "").strip():
            return re.sub(r"^[A-Za-z0-9_-]+=", "", url).rstrip("/") + "/"
    return (_from_pip() or _from_uv()).rstrip("/") + "/"


def _from_pip() -> str | None:
    home = Path.home()
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    named = os.environ.get("PIP_CONFIG_FILE")
    places = [Path("/etc/pip.conf"), home / ".pip/pip.conf", config / "pip/pip.conf"]
    places.append(Path(sys.prefix) / "pip.conf")
    parser = configparser.RawConfigParser()
    try:
        parser.read([*places, *([named] if named else [])], encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return None
    return parser.get("global", "index-url", fallback="").strip() or None


def _from_uv() -> str:
    import uv

    command = [uv.find_uv_bin(), "pip", "compile", "--quiet", "--offline", "--no-header", "--emit-index-url"]
    try:
        with tempfile.TemporaryDirectory() as empty:  # no project's own configuration
            told = subprocess.run(
                [*command, "--python", sys.executable, "-"],
                cwd=empty, input="", capture_output=True, text=True, timeout=60, check=False,
            )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceError(f"uv does not tell its package index ({error}); set PIP_INDEX_URL") from error
    if (found := re.search(r"^--index-url\s+(\S+)", told.stdout, re.M)) is None:
        raise SourceError(f"no package index is known ({told.stderr.strip()[:200]}); set PIP_INDEX_URL")
    return found[1]


def shown(url: str) -> str:
    """The URL without the user and password that it may hold."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


@contextmanager
def _get(url: str, accept: str) -> Iterator[requests.Response]:
    if urlsplit(url).scheme not in ("http", "https"):
        raise SourceError(f"the package index {shown(url)!r} is not http or https; set PIP_INDEX_URL")
    retry = Retry(
        total=3, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503, 504),
        raise_on_status=False, respect_retry_after_header=False,
    )
    try:
        with requests.Session() as session:
            session.mount("http://", HTTPAdapter(max_retries=retry))
            session.mount("https://", HTTPAdapter(max_retries=retry))
            with session.get(url, headers={"Accept": accept}, timeout=TIMEOUT, stream=True) as answer:
                if answer.status_code >= 500 or answer.status_code == 429:
                    raise NetworkError(f"{shown(url)} answers {answer.status_code}")
                yield answer
    except requests.RequestException as error:
        raise NetworkError(f"{shown(url)} does not answer: {type(error).__name__}: {error}") from error


def project(name: str) -> Project:
    """What the index has of the project.

    Raises `SourceError` where it does not know the name, `NetworkError` where it does not answer.
    """
    base = index_url()
    url = urljoin(base, f"{canonicalize_name(name)}/")
    with _get(url, JSON) as answer:
        if answer.status_code == 404:
            raise SourceError(f"no project {name!r} on the package index {shown(base)}")
        if answer.status_code != 200:
            raise SourceError(f"the package index answers {answer.status_code} for {name!r} ({shown(url)})")
        try:
            page = answer.json()
            files = [(file["filename"], file) for file in page["files"]]
        except (requests.JSONDecodeError, KeyError, TypeError) as error:
            why = f"the package index {shown(base)} gives no JSON (PEP 691) for {name!r}"
            raise SourceError(why) from error
    sdists = [s for filename, file in files if (s := _sdist(name, url, filename, file)) is not None]
    versions = {s.version for s in sdists}
    wheels = (f.split("-")[1] for f, _ in files if f.endswith(".whl") and "-" in f)
    for text in page.get("versions") or wheels:
        try:
            versions.add(Version(text))
        except InvalidVersion:
            continue
    return Project(name, tuple(sdists), tuple(sorted(versions)))


def _sdist(name: str, url: str, filename: str, file: dict[str, Any]) -> Sdist | None:
    try:
        stem = re.sub(r"\.(tgz|tar\.bz2|tar\.xz)$", ".tar.gz", filename)
        own_name, version = parse_sdist_filename(stem)
        if own_name != canonicalize_name(name):
            return None
        told = file.get("upload-time")
        uploaded = datetime.fromisoformat(told) if told else None
        sha256 = str((file.get("hashes") or {}).get("sha256", ""))
        return Sdist(filename, urljoin(url, file["url"]), sha256, version, uploaded, bool(file.get("yanked")))
    except (InvalidSdistFilename, InvalidVersion, ValueError, KeyError):
        return None  # an index may hold any file; what is no sdist is not ours to judge


def download(sdist: Sdist, target: Path) -> None:
    """Write the file to `target`. Raises `SourceError` where its sha256 is not the index's."""
    seen = hashlib.sha256()
    size = 0
    with _get(sdist.url, "*/*") as answer, target.open("wb") as out:
        if answer.status_code != 200:
            raise SourceError(f"{shown(sdist.url)} answers {answer.status_code}")
        for chunk in answer.iter_content(1 << 16):
            size += len(chunk)
            if size > MAX_DOWNLOAD:
                raise SourceError(f"{sdist.filename} is larger than {MAX_DOWNLOAD >> 20} MiB")
            seen.update(chunk)
            out.write(chunk)
    if sdist.sha256 and seen.hexdigest() != sdist.sha256:
        raise SourceError(f"{sdist.filename} has sha256 {seen.hexdigest()}, the index says {sdist.sha256}")
