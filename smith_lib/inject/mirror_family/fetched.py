"""Where a repository's history lies: in the checkout itself, or fetched into the cache, whole, once."""

import fcntl
import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path

from smith_lib.errors import SourceError, StorageError
from smith_lib.inject.mirror_family.history import OFFLINE, History
from smith_lib.settings import InjectSettings, SelectSettings
from smith_lib.sources.git import parsed
from smith_lib.sources.github import access
from smith_lib.sources.github import parsed as named
from smith_lib.sources.gitrun import failed, git
from smith_lib.sources.gittree import ALL
from smith_lib.sources.table import pin

log = logging.getLogger(__name__)


def spec_of(source: str, settings: InjectSettings) -> str | None:
    """The spec of a pinned source's history; none where it has none and no setting names one."""
    told = {key.strip(): value for key, value in settings.histories.items()}
    cut = source.partition("==")[0] if source.startswith("pypi:") else source.rpartition("@")[0]
    for key in (source, cut):
        if key in told:
            return told[key]
    return None if source.startswith("pypi:") else source


def pinned(spec: str, settings: SelectSettings) -> str:
    """The spec fixed to a commit."""
    return pin(spec, settings).source


def history_at(source: str, cache: Path, settings: SelectSettings) -> History:
    """The history that ends in the pinned commit, on this machine.

    Raises `SourceError` where there is none, `NetworkError` where it cannot be fetched now.
    """
    where, _, head = source.rpartition("@")
    url, env = where.removeprefix("git+"), dict[str, str]()
    if where.startswith("git+"):
        url, _ = parsed(source)
    elif where.startswith("github:"):
        url, env = access(named(source)[0], settings)
    else:
        return _checked(History(Path(where), head, Path(where).name))
    return _fetched(url, head, where, cache, env)


def _checked(history: History) -> History:
    ran = git(["-C", history.store, "cat-file", "-e", f"{history.head}^{{commit}}"], env=OFFLINE)
    if ran.code:
        raise SourceError(f"{history.origin}: no git history leads to {history.head[:8]}")
    return history


def _fetched(url: str, head: str, origin: str, cache: Path, env: Mapping[str, str]) -> History:
    shelf = cache / "histories"
    store = shelf / hashlib.sha256(url.encode()).hexdigest()[:16]
    history = History(store, head, origin)
    try:
        shelf.mkdir(parents=True, exist_ok=True)
        with (shelf / f".{store.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if _is_whole(history):
                return history
            if (ran := git(["init", "--quiet", "--bare", "--template=", store])).code:
                raise failed(origin, ran)
            _fetch(url, head, history, env)
    except OSError as error:
        raise StorageError(f"cannot keep the history of {origin} in {shelf}: {error}") from error
    return _checked(history)


def _is_whole(history: History) -> bool:
    mark = history.store / "smith-whole" / history.head
    return mark.exists() and not git(["-C", history.store, "cat-file", "-e", history.head], env=OFFLINE).code


def _fetch(url: str, head: str, history: History, env: Mapping[str, str]) -> None:
    start: list[str | Path] = ["-C", history.store, "fetch", "--quiet", "--no-tags", "--no-auto-gc"]
    start += ["--no-recurse-submodules", "--"]
    ran = git([*start, url, f"+{head}:refs/smith/{head}"], env=env)
    if ran.code and (ran := git([*start, url, *ALL], env=env)).code:
        raise failed(history.origin, ran)
    _checked(history)
    mark = history.store / "smith-whole"
    mark.mkdir(exist_ok=True)
    (mark / history.head).touch()
