"""Where a repository's history lies: in the checkout itself, or fetched into the cache, whole, once."""

import fcntl
import hashlib
from pathlib import Path

from smith_lib.errors import SourceError, StorageError
from smith_lib.inject.mirror_family.history import OFFLINE, History
from smith_lib.settings import InjectSettings, SelectSettings
from smith_lib.sources import git as git_source
from smith_lib.sources import github
from smith_lib.sources.gitrun import failed, git
from smith_lib.sources.gittree import ALL
from smith_lib.sources.table import pin


def pinned_of(source: str, settings: InjectSettings, select: SelectSettings) -> str | None:
    """The history of a pinned source, pinned: its own, or the one that a setting names; none without.

    Raises as `pin` does.
    """
    release = source.startswith("pypi:")
    name = source.partition("==")[0] if release else source.rpartition("@")[0]
    told = settings.histories.get(source) or settings.histories.get(name)
    if told:
        return pin(told, select).source
    return None if release else source


def without(source: str) -> SourceError:
    """What is said of a source that has no history."""
    return SourceError(f"{source} has no git history; inject.histories may name one")


def history_at(source: str, cache: Path, settings: SelectSettings) -> History:
    """The history that ends in the pinned commit, on this machine.

    Raises `SourceError` where there is none, `NetworkError` where it cannot be fetched now.
    """
    where, _, head = source.rpartition("@")
    if not where.startswith(("git+", "github:")):
        return _checked(History(Path(where), head, Path(where).name))
    shelf = cache / "histories"
    store = shelf / hashlib.sha256(f"{where} {settings.github_url or ''}".encode()).hexdigest()[:16]
    history = History(store, head, where)
    try:
        shelf.mkdir(parents=True, exist_ok=True)
        with (shelf / f".{store.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _is_whole(history):
                _fetch(source, history, settings)
    except OSError as error:
        raise StorageError(f"cannot keep the history of {where} in {shelf}: {error}") from error
    return history


def _checked(history: History) -> History:
    ran = git(["-C", history.store, "cat-file", "-e", f"{history.head}^{{commit}}"], env=OFFLINE)
    if ran.code:
        raise SourceError(f"{history.origin} has no git history that leads to {history.head[:8]}")
    return history


def _is_whole(history: History) -> bool:
    """Whether the history was fetched to its end, and is still there."""
    mark = history.store / "smith-whole" / history.head
    return mark.exists() and not git(["-C", history.store, "cat-file", "-e", history.head], env=OFFLINE).code


def _fetch(source: str, history: History, settings: SelectSettings) -> None:
    env: dict[str, str] = {}
    if source.startswith("github:"):
        url, env = github.access(github.parsed(source)[0], settings)
    else:
        url, _ = git_source.parsed(source)
    if (ran := git(["init", "--quiet", "--bare", "--template=", history.store])).code:
        raise failed(history.origin, ran)
    start: list[str | Path] = ["-C", history.store, "fetch", "--quiet", "--no-tags", "--no-auto-gc"]
    start += ["--no-recurse-submodules", "--update-shallow", "--"]
    ran = git([*start, url, f"+{history.head}:refs/smith/{history.head}"], env=env)
    if ran.code and (ran := git([*start, url, *ALL], env=env)).code:
        raise failed(history.origin, ran)
    _checked(history)
    mark = history.store / "smith-whole"
    mark.mkdir(exist_ok=True)
    (mark / history.head).touch()
