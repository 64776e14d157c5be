"""`git+URL[@ref]`: any repository that git can reach."""

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from smith_lib.errors import SourceError
from smith_lib.sources.gitrun import failed, git
from smith_lib.sources.gittree import COMMIT, fetch_commit
from smith_lib.sources.index import shown
from smith_lib.sources.protocol import Pin, Tree
from smith_lib.sources.store import Made, once

SCHEMES = ("https", "http", "ssh", "git", "file")
SCP = re.compile(r"([A-Za-z0-9._-]+@)?[A-Za-z0-9][A-Za-z0-9._-]*:(?!:|//)[^-].*")
"""`user@host:path`, as ssh has it."""


@dataclass(frozen=True, slots=True)
class Git:
    """Repositories by their URL."""

    prefix: str = "git+"

    def check(self, spec: str) -> None:
        """Nothing where the spec is well formed. Raises `InputError`."""
        parsed(spec)

    def pin(self, spec: str) -> Pin:
        """The commit that the ref (branch, tag, full commit; the default branch without one) is at now."""
        url, ref = parsed(spec)
        return Pin(f"git+{url}@{resolve(url, ref, shown(url))}", repo_of(url))

    def fetch(self, pin: Pin, cache: Path) -> Tree:
        """The commit's files."""
        url, commit = parsed(pin.source)
        if commit is None or not COMMIT.fullmatch(commit):
            raise SourceError(f"{pin.source!r} is not pinned to a commit")
        return once(cache, pin, lambda target: Made(commit, fetch_commit(url, commit, target, shown(url))))


def parsed(spec: str) -> tuple[str, str | None]:
    """URL and ref of a `git+` spec. Raises `SourceError` for what no repository's URL can be."""
    text = spec.removeprefix("git+")
    if "://" in text:
        scheme, _, rest = text.partition("://")
        host, slash, path = rest.partition("/")
        path, at, ref = path.rpartition("@") if "@" in path else (path, "", "")
        url = f"{scheme}://{host}{slash}{path}"
        if scheme not in SCHEMES:
            raise SourceError(f"{spec!r}: {scheme!r} is no transport for it; known: {', '.join(SCHEMES)}")
        if host.startswith("-") or (not host and scheme != "file") or not path:
            raise SourceError(f"{spec!r} names no repository; wanted git+URL or git+URL@ref")
    else:
        scheme, host = "ssh", ""
        head, colon, path = text.partition(":")
        path, at, ref = path.rpartition("@") if "@" in path else (path, "", "")
        url = f"{head}{colon}{path}"
        if not SCP.fullmatch(url):
            raise SourceError(f"{spec!r} names no repository; wanted git+URL, by {', '.join(SCHEMES)}")
    if scheme in ("http", "https") and "@" in host:
        where = f"git+{scheme}://{host.rpartition('@')[2]}/{path}"
        why = "a user or token in a URL would be published; give it to git's credential helper"
        raise SourceError(f"{where}: {why}")
    if any(c.isspace() or ord(c) < 32 for c in text) or ref.startswith("-") or (at and not ref):
        raise SourceError(f"{spec!r}: {ref!r} is no branch, tag or commit")
    return url, ref or None


def repo_of(url: str) -> str:
    """`owner/name` from the URL's path; `local/name` for a file's."""
    path = urlsplit(url).path if "://" in url else url.partition(":")[2]
    parts = [p for p in path.removesuffix("/").removesuffix(".git").split("/") if p]
    if url.startswith("file:") or len(parts) < 2:
        return f"local/{parts[-1] if parts else 'repository'}"
    return "/".join(parts)


def resolve(url: str, ref: str | None, origin: str, env: Mapping[str, str] | None = None) -> str:
    """The 40 hexadecimal digits of the commit that the ref is at. Raises `SourceError` naming near refs."""
    if ref is not None and COMMIT.fullmatch(ref):
        return ref
    wanted = (f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}", f"refs/heads/{ref}", ref) if ref else ("HEAD",)
    found = _refs(url, ("HEAD",) if ref is None else (ref, f"{ref}^{{}}"), origin, env)
    for name in wanted:
        if name in found:
            return found[name]
    every = _refs(url, ("refs/heads/*", "refs/tags/*"), origin, env)
    names = {name.removesuffix("^{}").split("/", 2)[-1]: sha for name, sha in every.items()}
    if ref is None:
        has = ", ".join(sorted(names)[:5]) or "nothing"
        raise SourceError(f"{origin} has no default branch; name a ref (it has {has})")
    if re.fullmatch(r"[0-9a-f]{7,39}", ref):
        ids = {sha for sha in every.values() if sha.startswith(ref)}
        if len(ids) == 1:
            return ids.pop()
    near = ", ".join(difflib.get_close_matches(ref, names, 5, 0.3) or sorted(names)[:5])
    wanted_kind = "a branch, a tag or 40 hexadecimal digits"
    raise SourceError(f"no ref {ref!r} in {origin}; wanted {wanted_kind} (near: {near})")


def _refs(url: str, patterns: tuple[str, ...], origin: str, env: Mapping[str, str] | None) -> dict[str, str]:
    ran = git(["ls-remote", "--quiet", "--", url, *patterns], env=env, seconds=120)
    if ran.code:
        raise failed(origin, ran)
    found: dict[str, str] = {}
    for line in ran.out.decode("utf-8", "replace").splitlines():
        sha, _, name = line.partition("\t")
        if COMMIT.fullmatch(sha):
            found[name] = sha
    return found
