"""`pypi:name[==version]`: a release's sdist, as one commit of its upload's date."""

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from smith_lib.errors import SourceError
from smith_lib.sources import index, sdist
from smith_lib.sources.objects import commit_id, tree_id
from smith_lib.sources.protocol import Pin, Tree
from smith_lib.sources.store import Made, once

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
NEARBY = 5


@dataclass(frozen=True, slots=True)
class PyPI:
    """Releases on the package index that pip or uv would use."""

    prefix: str = "pypi:"

    def check(self, spec: str) -> None:
        """Nothing where the spec is well formed. Raises `InputError`."""
        parsed(spec)

    def pin(self, spec: str) -> Pin:
        """The newest release that has an sdist and is neither yanked nor a pre-release, or the named one.

        Raises `SourceError` where there is none; the message lists releases that come near.
        """
        name, version = parsed(spec)
        chosen = choose(index.project(name), version)
        name = canonicalize_name(name)
        return Pin(f"pypi:{name}=={chosen.version}", f"pypi/{name}")

    def fetch(self, pin: Pin, cache: Path) -> Tree:
        """The sdist's files, never run; the commit's id is the same wherever it is fetched."""
        name, version = parsed(pin.source)

        def lay_out(target: Path) -> Made:
            chosen = choose(index.project(name), version)
            with tempfile.TemporaryDirectory() as folder:
                archive = Path(folder) / Path(chosen.filename).name
                index.download(chosen, archive)
                newest = sdist.unpack(archive, target)
            when = chosen.uploaded or newest
            commit = commit_id(tree_id(target), when, f"{canonicalize_name(name)} {chosen.version}")
            return Made(commit, when, version=str(chosen.version))

        return once(cache, pin, lay_out)


def parsed(spec: str) -> tuple[str, Version | None]:
    """Name and version of a `pypi:` spec. Raises `SourceError` where it is malformed."""
    name, equals, version = spec.removeprefix("pypi:").partition("==")
    if not NAME.fullmatch(name):
        raise SourceError(f"{spec!r} names no project; wanted pypi:name or pypi:name==version")
    try:
        return name, Version(version) if equals else None
    except InvalidVersion as error:
        raise SourceError(f"{spec!r}: {version!r} is no version; wanted pypi:name==version") from error


def choose(project: index.Project, version: Version | None) -> index.Sdist:
    """The sdist of that release, or of the newest one; a `.tar.gz` before a `.zip`. Raises `SourceError`."""
    if not project.sdists:
        count = len(project.versions)
        has = f"has {count} releases, all without an sdist" if count else "has no release"
        raise SourceError(f"project {project.name!r} {has}; name its repository instead (git+URL)")
    if version is None:
        able = [s for s in project.sdists if not s.yanked and not s.version.is_prerelease]
        if not able:
            known = ", ".join(map(str, sorted({s.version for s in project.sdists})[-NEARBY:]))
            why = f"every sdist of {project.name!r} is yanked or a pre-release"
            raise SourceError(f"{why}; name one of them with pypi:{project.name}==VERSION: {known}")
        version = max(s.version for s in able)
    found = sorted((s for s in project.sdists if s.version == version), key=lambda s: (s.yanked, s.filename))
    if found:
        return next((s for s in found if s.filename.endswith(".tar.gz")), found[0])
    near = ", ".join(map(str, nearby(version, project)))
    if version in project.versions:
        raise SourceError(f"release {version} of {project.name!r} has no sdist; near it, these have: {near}")
    raise SourceError(f"no release {version} of {project.name!r}; near it: {near}")


def nearby(version: Version, project: index.Project) -> list[Version]:
    """Up to five releases with an sdist, around where the version would be, oldest first."""
    known = sorted({s.version for s in project.sdists})
    at = sum(v < version for v in known)
    start = max(0, min(at - NEARBY // 2, len(known) - NEARBY))
    return known[start : start + NEARBY]
