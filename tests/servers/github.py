"""GitHub's REST API and git over HTTP, for repositories that lie on this machine.

What is asked of commits is answered by git itself, and clones go through git's own `http-backend`.
"""

import base64
import os
import re
import subprocess
import urllib.parse
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.web import Answer, Request, as_json, serving

API = "/api/v3"
RESET = "x-ratelimit-reset"


@dataclass(frozen=True)
class Repository:
    full_name: str
    path: Path
    """A git repository with a `.git` folder."""
    stars: int = 100
    language: str = "Python"
    license: str | None = "MIT"
    pushed_at: str = "2026-05-01T00:00:00Z"
    private: bool = False
    archived: bool = False
    fork: bool = False
    pulls: tuple[dict[str, Any], ...] = ()
    """As `pull` makes them, newest first."""
    issues: tuple[dict[str, Any], ...] = ()
    """As `issue` makes them, newest first; pull requests are among them in GitHub's own answers, too."""


@dataclass
class GitHub:
    """The server's state: repositories, troubles to come, and every request that came."""

    url: str = ""
    clone_url: str = ""
    """Where clones come from, if not from `url`."""
    token: str = "s3cret"
    repos: dict[str, Repository] = field(default_factory=dict)
    troubles: deque[Answer] = field(default_factory=deque)
    """Answers that the next API requests get instead of their own."""
    seen: list[Request] = field(default_factory=list)
    remaining: int = 5_000

    @property
    def api(self) -> str:
        """The base URL of the REST API."""
        return self.url + API

    def add(self, *repos: Repository) -> None:
        """Put repositories on the server."""
        self.repos |= {repo.full_name: repo for repo in repos}

    def rate_limited(self, reset: float) -> None:
        """Answer the next request as when the hour's requests are used up."""
        headers = {"x-ratelimit-remaining": "0", "x-ratelimit-limit": "60", RESET: str(int(reset))}
        self.troubles.append(as_json({"message": "API rate limit exceeded for 127.0.0.1."}, 403, headers))

    def secondary_limited(self, retry_after: int | None) -> None:
        """Answer the next request as when too many came at once."""
        headers = {} if retry_after is None else {"retry-after": str(retry_after)}
        message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
        self.troubles.append(as_json({"message": message}, 403, headers))

    def broken(self, times: int = 1) -> None:
        """Answer the next requests as a gateway does whose server is down."""
        page = Answer(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"})
        self.troubles.extend([page] * times)

    def paths(self) -> list[str]:
        """The paths asked for, in order."""
        return [request.path.removeprefix(API) for request in self.seen]

    def answer(self, request: Request) -> Answer:
        self.seen.append(request)
        if request.path.startswith("/git/"):
            return self._git(request)
        if not request.path.startswith(API + "/"):
            return as_json({"message": "Not Found"}, 404)
        if self.troubles:
            return self.troubles.popleft()
        authorized = request.headers.get("authorization", "").endswith(self.token)
        if "authorization" in request.headers and not authorized:
            return as_json({"message": "Bad credentials"}, 401)
        return self._api(request, request.path.removeprefix(API), authorized)

    def _api(self, request: Request, path: str, authorized: bool) -> Answer:
        if path == "/rate_limit":
            core = {"limit": 5_000, "remaining": self.remaining, "reset": 4_000_000_000, "used": 0}
            return as_json({"resources": {"core": core, "search": core}, "rate": core})
        if path == "/search/repositories":
            return self._search(dict(urllib.parse.parse_qsl(request.query)), authorized)
        match = re.fullmatch(r"/repos/([^/]+/[^/]+)(?:/(commits|pulls|issues)(?:/(.+))?)?", path)
        repo = self.repos.get(match[1]) if match else None
        if match is None or repo is None or (repo.private and not authorized):
            return as_json({"message": "Not Found"}, 404)
        if match[2] is None:
            return as_json(self._repository(repo))
        if match[2] in ("pulls", "issues"):
            return self._page(request, list(repo.pulls if match[2] == "pulls" else repo.issues))
        return self._commit(repo, urllib.parse.unquote(match[3] or ""))

    def _page(self, request: Request, rows: list[dict[str, Any]]) -> Answer:
        """One page of a list, with the link to the next."""
        query = dict(urllib.parse.parse_qsl(request.query))
        page, size = int(query.get("page", 1)), int(query.get("per_page", 30))
        headers = {}
        if page * size < len(rows):
            following = urllib.parse.urlencode({**query, "page": page + 1})
            headers["Link"] = f'<{self.url}{request.path}?{following}>; rel="next"'
        return as_json(rows[(page - 1) * size : page * size], 200, headers)

    def _repository(self, repo: Repository) -> dict[str, Any]:
        owner, name = repo.full_name.split("/")
        known = repo.license
        return {
            "id": sum(map(ord, repo.full_name)),
            "name": name,
            "full_name": repo.full_name,
            "owner": {"login": owner, "type": "User", "url": f"{self.api}/users/{owner}"},
            "private": repo.private,
            "archived": repo.archived,
            "fork": repo.fork,
            "default_branch": git(repo.path, "symbolic-ref", "--short", "HEAD"),
            "language": repo.language,
            "license": {"key": known.lower(), "name": known, "spdx_id": known} if known else None,
            "stargazers_count": repo.stars,
            "pushed_at": repo.pushed_at,
            "url": f"{self.api}/repos/{repo.full_name}",
            "clone_url": f"{self.clone_url or self.url}/git/{repo.full_name}.git",
        }

    def _commit(self, repo: Repository, ref: str) -> Answer:
        command = ["git", "-C", repo.path, "rev-parse", "--verify", "--quiet", "--end-of-options"]
        ran = subprocess.run(
            [*command, f"{ref}^{{commit}}"], capture_output=True, text=True, timeout=30, check=False
        )  # fmt: skip
        if ran.returncode:
            return as_json({"message": f"No commit found for SHA: {ref}"}, 422)
        sha = ran.stdout.strip()
        date = git(repo.path, "show", "-s", "--format=%cI", sha)
        person = {"name": "A", "email": "a@example.org", "date": date}
        about = {"message": "m", "author": person, "committer": person}
        url = f"{self.api}/repos/{repo.full_name}/commits/{sha}"
        return as_json({"sha": sha, "url": url, "commit": about})

    def _search(self, query: dict[str, str], authorized: bool) -> Answer:
        words = dict(word.split(":", 1) for word in query["q"].split())
        found = [r for r in self.repos.values() if matches(r, words) and (authorized or not r.private)]
        found.sort(key=lambda r: -r.stars)
        page, size = int(query.get("page", 1)), int(query.get("per_page", 30))
        if page * size > 1_000:
            return as_json({"message": "Only the first 1000 search results are available"}, 422)
        headers = {}
        if page * size < len(found):
            following = urllib.parse.urlencode({**query, "page": page + 1})
            headers["Link"] = f'<{self.api}/search/repositories?{following}>; rel="next"'
        items = [self._repository(r) for r in found[(page - 1) * size : page * size]]
        return as_json({"total_count": len(found), "incomplete_results": False, "items": items}, 200, headers)

    def _git(self, request: Request) -> Answer:
        match = re.fullmatch(r"/git/([^/]+/[^/]+)\.git(/.*)", request.path)
        repo = self.repos.get(match[1]) if match else None
        secret = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        if match is None or repo is None:
            return Answer(404)
        if repo.private and request.headers.get("authorization") != f"Basic {secret}":
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="git"'})
        return http_backend(repo.path / ".git", match[2], request)


def issue(number: int, title: str, body: str | None = None, name: str = "o/name") -> dict[str, Any]:
    """An issue as the API tells it in a list."""
    return {
        "id": 10_000 + number,
        "node_id": f"I_{number}",
        "number": number,
        "title": title,
        "body": body,
        "state": "closed",
        "state_reason": "completed",
        "locked": False,
        "comments": 2,
        "user": {"login": "reporter", "id": 7, "type": "User", "url": "https://api.github.com/users/reporter"},
        "labels": [],
        "assignees": [],
        "milestone": None,
        "url": f"https://api.github.com/repos/{name}/issues/{number}",
        "html_url": f"https://github.com/{name}/issues/{number}",
        "created_at": "2025-01-02T03:04:05Z",
        "updated_at": "2025-01-03T03:04:05Z",
        "closed_at": "2025-01-03T03:04:05Z",
        "author_association": "NONE",
    }


def pull(
    number: int, title: str, body: str | None = None, merged_as: str | None = None, name: str = "o/name"
) -> dict[str, Any]:
    """A closed pull request as the API tells it in a list; not merged where it was merged as nothing."""
    url = f"https://api.github.com/repos/{name}/pulls/{number}"
    html = f"https://github.com/{name}/pull/{number}"
    merged_at = "2025-01-03T03:04:05Z" if merged_as else None
    side = {"label": "someone:topic", "ref": "topic", "sha": "f" * 40, "user": None, "repo": None}
    return issue(number, title, body, name) | {
        "url": url,
        "html_url": html,
        "draft": False,
        "merged_at": merged_at,
        "merge_commit_sha": merged_as or "e" * 40,
        "head": side,
        "base": {**side, "label": "o:main", "ref": "main"},
        "requested_reviewers": [],
        "diff_url": f"{html}.diff",
        "patch_url": f"{html}.patch",
    }


def matches(repo: Repository, words: dict[str, str]) -> bool:
    """Whether the repository meets the search's words."""
    tests = {
        "language": lambda v: repo.language.lower() == v.lower(),
        "license": lambda v: (repo.license or "").lower() == v,
        "stars": lambda v: repo.stars >= int(v.removeprefix(">=")),
        "pushed": lambda v: repo.pushed_at >= v.removeprefix(">="),
        "archived": lambda v: repo.archived == (v == "true"),
    }
    return all(tests[word](value) for word, value in words.items()) and not repo.fork


def http_backend(git_dir: Path, path: str, request: Request) -> Answer:
    """What git's own CGI program answers."""
    environment = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(git_dir),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": path,
        "QUERY_STRING": request.query,
        "REQUEST_METHOD": request.method,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "HTTP_CONTENT_ENCODING": request.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": request.headers.get("git-protocol", ""),
    }
    ran = subprocess.run(
        ["git", "-c", "safe.directory=*", "http-backend"], input=request.body, env=environment,
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    head, _, body = ran.stdout.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    return Answer(int(headers.pop("Status", "200").split()[0]), body, headers)


def git(path: Path, *args: str) -> str:
    """The output of a git command in the repository."""
    ran = subprocess.run(["git", "-C", path, *args], capture_output=True, text=True, timeout=30, check=True)
    return ran.stdout.strip()


@contextmanager
def github() -> Iterator[GitHub]:
    """A server without repositories."""
    hub = GitHub()
    with serving(hub.answer) as hub.url:
        yield hub
