"""`github:owner/name[@ref]`: PyGithub for what is known of a repository, git for its files; and search."""

import base64
import logging
import re
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from smith_lib.errors import SourceError
from smith_lib.settings import SearchSettings, SelectSettings
from smith_lib.sources.gittree import COMMIT, fetch_commit
from smith_lib.sources.hub import PAGE, Sleep, asked, client, token
from smith_lib.sources.protocol import Pin, Tree
from smith_lib.sources.store import Made, once

if TYPE_CHECKING:
    from github.Repository import Repository

log = logging.getLogger(__name__)

SPEC = re.compile(r"(?:github:)?([A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+)(?:@(\S+))?")
MOST_FOUND = 1_000
"""What GitHub answers to one search."""


@dataclass(frozen=True, slots=True)
class GitHub:
    """Repositories on GitHub, or on a GitHub Enterprise server."""

    url: str | None = None
    """Base URL of the REST API; PyGithub's own default where unset."""
    sleep: Sleep = time.sleep
    prefix: str = "github:"

    def check(self, spec: str) -> None:
        """Nothing where the spec is well formed. Raises `InputError`."""
        parsed(spec)

    def pin(self, spec: str) -> Pin:
        """The commit that the ref is at now; the default branch where the spec has none.

        Raises `SourceError` that says how to get at a repository that cannot be seen.
        """
        name, ref = parsed(spec)
        repo = self._repo(name)
        if repo.archived:
            log.info("%s is archived", name)
        wanted = ref or repo.default_branch
        commit = asked(lambda: repo.get_commit(wanted).sha, f"ref {wanted!r} of {name}", self.sleep)
        return Pin(f"github:{repo.full_name}@{commit}", repo.full_name)

    def fetch(self, pin: Pin, cache: Path) -> Tree:
        """The commit's files, from the clone URL that GitHub tells."""
        name, commit = parsed(pin.source)
        if commit is None or not COMMIT.fullmatch(commit):
            raise SourceError(f"{pin.source!r} is not pinned to a commit")

        def lay_out(target: Path) -> Made:
            repo = self._repo(name)
            env = _access(repo.clone_url, self.url or "")
            when = fetch_commit(repo.clone_url, commit, target, f"github:{name}", env)
            told = repo.license.spdx_id if repo.license else None
            known = told if told and told != "NOASSERTION" else "unknown"
            return Made(commit, when, license=known)

        return once(cache, pin, lay_out)

    def _repo(self, name: str) -> "Repository":
        hub = client(self.url)
        return asked(lambda: hub.get_repo(name), f"repository {name}", self.sleep)


def access(name: str, settings: SelectSettings) -> tuple[str, dict[str, str]]:
    """The URL that git reaches the repository by, and git's environment with the token where it is for it.

    Raises as `GitHub.pin` does.
    """
    url = GitHub(settings.github_url)._repo(name).clone_url
    return url, _access(url, settings.github_url or "")


def parsed(spec: str) -> tuple[str, str | None]:
    """`owner/name` and the ref. Raises `SourceError` where the spec is malformed."""
    match = SPEC.fullmatch(spec)
    if match is None or (match[2] or "").startswith("-"):
        raise SourceError(f"{spec!r} names no repository; wanted github:owner/name or github:owner/name@ref")
    return match[1], match[2]


def search(wanted: SearchSettings, settings: SelectSettings, sleep: Sleep = time.sleep) -> list[str]:
    """Specs of the repositories found, those with the most stars first; forks and archived ones are left out.

    GitHub answers with at most 1,000. Raises `NetworkError` and `SourceError`.
    """
    hub = client(settings.github_url)
    found: dict[str, int] = {}
    for license_key in wanted.licenses or ("",):
        query = query_of(wanted, license_key)
        results = hub.search_repositories(query, sort="stars", order="desc")
        own: dict[str, int] = {}
        for page in range(MOST_FOUND // PAGE):
            rows = asked(partial(results.get_page, page), f"search {query!r}", sleep)
            own |= {row.full_name: row.stargazers_count for row in rows if not (row.archived or row.fork)}
            if len(rows) < PAGE or len(own) >= wanted.limit:
                break
        found |= own
    best = sorted(found, key=lambda name: (-found[name], name.lower()))
    return [f"github:{name}" for name in best[: wanted.limit]]


def query_of(wanted: SearchSettings, license_key: str = "") -> str:
    """The words of GitHub's search language."""
    parts = [f"language:{wanted.language}", f"stars:>={wanted.min_stars}", "archived:false"]
    parts += [f"license:{license_key}"] if license_key else []
    parts += [f"pushed:>={wanted.pushed_after}"] if wanted.pushed_after else []
    return " ".join(parts)


def _access(clone_url: str, api: str) -> dict[str, str]:
    """git's environment with the token for the clone URL's host, where that is the API's own host.

    Not on the command line, where every user of the machine could read it.
    """
    from github import Consts

    told, clone = token(), urlsplit(clone_url)
    host = urlsplit(api or Consts.DEFAULT_BASE_URL).netloc
    if told is None or clone.netloc not in (host, host.removeprefix("api.")):
        return {}
    secret = base64.b64encode(f"x-access-token:{told}".encode()).decode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{clone.scheme}://{clone.netloc}/.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {secret}",
    }
