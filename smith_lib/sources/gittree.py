"""A commit's files out of a git object store: raw blobs, so that no attribute or filter changes a byte."""

import io
import logging
import re
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from smith_lib.errors import SourceError
from smith_lib.sources.gitrun import failed, git
from smith_lib.sources.layout import MAX_BYTES, MAX_FILES, Layout

log = logging.getLogger(__name__)

COMMIT = re.compile(r"[0-9a-f]{40}")
ALL = "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"


def commit_date(store: Path, commit: str) -> datetime:
    """When it was committed. Raises `SourceError` where the store has no such commit."""
    ran = git(["-C", store, "cat-file", "commit", commit])
    found = re.search(rb"^committer .*> (\d+) [+-]\d{4}$", ran.out.partition(b"\n\n")[0], re.M)
    if ran.code or found is None:
        raise SourceError(f"no commit {commit} in {store.name}: {ran.err[:200]}")
    return datetime.fromtimestamp(min(int(found[1]), 4_102_444_800), UTC)


def lay_out(store: Path, commit: str, target: Path, origin: str) -> datetime:
    """Write the commit's files to `target` and return its date.

    Links that leave the tree and submodules are left out with a warning. Raises `SourceError`.
    """
    when = commit_date(store, commit)
    listed = git(["-C", store, "ls-tree", "-r", "-l", "-z", "--full-tree", commit])
    if listed.code:
        raise failed(origin, listed)
    layout = Layout(target, origin, drop_leaving_links=True)
    wanted: list[tuple[str, str, str]] = []
    total = 0
    for line in listed.out.split(b"\0")[:-1]:
        about, _, raw = line.partition(b"\t")
        mode, kind, sha, size = about.decode().split()
        name = raw.decode("utf-8", "surrogateescape")
        if kind == "commit":
            log.warning("%s: the submodule %r is left out", origin, name)
            continue
        total += int(size)
        wanted.append((mode, sha, name))
    if len(wanted) > MAX_FILES or total > MAX_BYTES:
        raise SourceError(
            f"{origin}: {len(wanted):,} files of {total >> 20:,} MiB; "
            f"at most {MAX_FILES:,} of {MAX_BYTES >> 20} MiB are taken"
        )
    ids = "".join(f"{sha}\n" for _, sha, _ in wanted).encode()
    blobs = git(["-C", store, "cat-file", "--batch"], stdin=ids)
    if blobs.code:
        raise failed(origin, blobs)
    at = 0
    for mode, sha, name in wanted:
        end = blobs.out.index(b"\n", at)
        head = blobs.out[at:end].split()
        if len(head) != 3 or head[1] != b"blob":
            raise SourceError(f"{origin}: the repository lacks the object {sha} of {name!r}")
        data = blobs.out[end + 1 : end + 1 + int(head[2])]
        at = end + 2 + len(data)
        if mode == "120000":
            layout.link(name, data.decode("utf-8", "surrogateescape"))
        else:
            layout.file(name, io.BytesIO(data), len(data), executable=mode == "100755")
    layout.close()
    return when


def fetch_commit(
    url: str, commit: str, target: Path, origin: str, env: Mapping[str, str] | None = None
) -> datetime:
    """Write the files of a remote repository's commit to `target` and return its date.

    Only that commit is asked for; where the server does not serve single commits, branches and tags are.
    """
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder)
        if (made := git(["init", "--quiet", "--bare", "--template=", store])).code:
            raise failed(origin, made)
        fetch: list[str | Path] = ["-C", store, "fetch", "--quiet", "--no-tags", "--no-auto-gc"]
        fetch.append("--no-recurse-submodules")
        ran = git([*fetch, "--depth=1", "--", url, commit], env=env)
        if ran.code:
            ran = git([*fetch, "--", url, *ALL], env=env)
            if ran.code:
                raise failed(origin, ran)
            if git(["-C", store, "cat-file", "-e", f"{commit}^{{commit}}"]).code:
                raise SourceError(f"{origin}: no branch or tag leads to the commit {commit}")
        return lay_out(store, commit, target, origin)
