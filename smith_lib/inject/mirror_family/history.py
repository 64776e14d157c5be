"""The commits of a git history: what each says, and which files it changes."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from smith_lib.errors import NetworkError, SourceError
from smith_lib.sources.gitrun import git

OFFLINE: Mapping[str, str] = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
"""A partial clone must not fetch what it lacks; git before 2.44 knows only the second."""
LATEST = 4_102_444_800
"""Seconds since 1970 of the latest date that is believed."""
FORMAT = "%H%x1f%P%x1f%ct%x1f%B"
MOST_TEXT = 20_000
"""Characters of a text that are kept."""
FILE = ("100644", "100755")


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit does to one file."""

    status: str
    """`A` added, `M` modified, `D` deleted, `R` renamed, `C` copied, `T` made something else."""
    old_path: str
    path: str
    old: str
    """The blob before, 40 hexadecimal digits."""
    new: str
    in_place: bool
    """Whether it was a plain file before and after."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit against its first parent."""

    sha: str
    parents: tuple[str, ...]
    date: str
    """When it was committed, ISO 8601 in UTC."""
    title: str
    body: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class History:
    """The ancestors of a commit in a repository on this machine."""

    store: Path
    head: str
    origin: str
    """How it is told to people."""

    @property
    def digest(self) -> str:
        """What identifies its commits: a shallow clone has others than a whole one."""
        told = asked(self, ["rev-list", "--parents", "--end-of-options", self.head])
        return hashlib.sha256(told).hexdigest()


def asked(history: History, args: Sequence[str], stdin: bytes = b"") -> bytes:
    """What git tells of a history. Raises `SourceError` whatever goes wrong: another try would not help."""
    try:
        ran = git(["-C", history.store, *args], stdin=stdin, env=OFFLINE)
    except NetworkError as error:
        raise SourceError(f"{history.origin}: {error}") from error
    if ran.code:
        why = ran.err[:200] or f"git ended with {ran.code}"
        raise SourceError(f"{history.origin}: its history cannot be read: {why}")
    return ran.out


def listed(history: History, most: int) -> list[Commit]:
    """Up to `most` commits, newest first.

    A merge on the main line brought a branch in, and is compared with its first parent. Other merges, roots
    and the cuts of a shallow clone have no changes. Raises `SourceError` where there is no such history.
    """
    args = ["-c", "log.showSignature=false", "log", "-z", "--topo-order"]
    args += [f"--max-count={most}", f"--format={FORMAT}", "--end-of-options"]
    said = asked(history, [*args, history.head]).decode("utf-8", "replace")
    commits = [_commit(record) for record in said.split("\0") if record.strip()]
    main = main_line(commits)
    pairs = [(c.sha, c.parents[0]) for c in commits if len(c.parents) == 1 or (c.parents and c.sha in main)]
    changes = _changes(history, pairs)
    return [replace(commit, changes=tuple(changes.get(commit.sha, ()))) for commit in commits]


def _commit(record: str) -> Commit:
    sha, parents, seconds, message = (record.lstrip("\n").split("\x1f", 3) + [""] * 3)[:4]
    at = min(int(seconds), LATEST) if seconds.isdecimal() else 0
    title, _, body = message.strip().partition("\n")
    date = datetime.fromtimestamp(at, UTC).isoformat()
    return Commit(sha, tuple(parents.split()), date, title.strip()[:MOST_TEXT], body.strip()[:MOST_TEXT], ())


def _changes(history: History, pairs: Sequence[tuple[str, str]]) -> dict[str, list[Change]]:
    """By commit, the files that change from its first parent to it."""
    if not pairs:
        return {}
    lines = [f"{sha} {parent}\n" for sha, parent in pairs]
    args = ["diff-tree", "--stdin", "-r", "-M", "-l1000", "-z", "--raw", "--no-abbrev", "--no-ext-diff"]
    told = asked(history, [*args, "--ignore-submodules=all"], "".join(lines).encode())
    found: dict[str, list[Change]] = {}
    tokens = iter(told.split(b"\0"))
    into: list[Change] = []
    for token in tokens:
        if token.startswith(b":"):
            into += _change(token.decode("ascii", "replace"), tokens)
        elif token.strip():
            into = found.setdefault(token.decode("ascii", "replace").strip(), [])
    return found


def _change(about: str, tokens: Iterator[bytes]) -> Iterator[Change]:
    """The change that a raw line tells of; none where a path is not UTF-8."""
    old_mode, mode, old, new, status = about[1:].split()
    paths = [next(tokens, b"")]
    if status[0] in "RC":
        paths.append(next(tokens, b""))
    try:
        old_path, path = paths[0].decode(), paths[-1].decode()
    except UnicodeDecodeError:
        return
    yield Change(status[0], old_path, path, old, new, old_mode in FILE and mode in FILE)


def main_line(commits: Sequence[Commit]) -> set[str]:
    """The commits that first parents lead to, from the newest on."""
    known = {commit.sha: commit for commit in commits}
    main: set[str] = set()
    at = commits[0] if commits else None
    while at is not None:
        main.add(at.sha)
        at = known.get(at.parents[0]) if at.parents else None
    return main


def branches(commits: Sequence[Commit]) -> dict[str, Commit]:
    """By commit of a branch, the merge that brought it in."""
    known = {commit.sha: commit for commit in commits}
    main = main_line(commits)
    found: dict[str, Commit] = {}
    for merge in reversed(commits):  # the oldest merge first: it brought what is in later branches, too
        if merge.sha not in main:
            continue
        waiting = list(merge.parents[1:])
        while waiting:
            sha = waiting.pop()
            if sha in known and sha not in main and sha not in found:
                found[sha] = merge
                waiting += known[sha].parents
    return found
