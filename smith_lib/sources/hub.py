"""Questions to GitHub's REST API: who asks, and what is done when it does not answer."""

import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import requests

from smith_lib.errors import NetworkError, SourceError

if TYPE_CHECKING:
    from github import Github, GithubException

log = logging.getLogger(__name__)

T = TypeVar("T")
Sleep = Callable[[float], None]

TOKENS = ("GITHUB_TOKEN", "GH_TOKEN")
TRIES = 4
"""Requests that a server's failure may cost."""
LONGEST_WAIT = 3_900.0
"""Seconds that one question may wait for rate limits; GitHub's own window is an hour."""
PAGE = 100
"""Rows in one answer, the most that GitHub gives."""


def token() -> str | None:
    """The token in the environment."""
    return next((value for name in TOKENS if (value := os.environ.get(name, "").strip())), None)


def client(url: str | None) -> "Github":
    """PyGithub, with the environment's token; waiting and trying again are `asked`'s."""
    from github import Auth, Consts, Github

    told = token()
    auth = Auth.Token(told) if told else None
    base = (url or Consts.DEFAULT_BASE_URL).rstrip("/")
    if urlsplit(base).scheme not in ("http", "https"):
        raise SourceError(f"github_url {url!r} is no URL of a REST API; wanted https://HOST/api/v3")
    return Github(
        base_url=base, auth=auth, retry=None, timeout=30, per_page=PAGE, seconds_between_requests=0.0
    )


def asked(call: Callable[[], T], what: str, sleep: Sleep) -> T:
    """What the call gives, once rate limits are waited out and a server's failures tried again.

    Raises `SourceError` where the answer is no, `NetworkError` where there is none within `TRIES`
    requests or `LONGEST_WAIT` seconds of limits.
    """
    from github import GithubException

    waited, failures = 0.0, 0
    while True:
        try:
            return call()
        except GithubException as error:
            limit = _limit(error, time.time())
            if limit is None and (error.status or 0) < 500:
                raise _refused(error, what) from error
            why = f"GitHub answers {error.status} for {what}"
            cause: Exception = error
        except requests.RequestException as error:
            limit, cause = None, error
            why = f"GitHub does not answer for {what}: {type(error).__name__}"
        if limit is None:
            failures += 1
            if failures >= TRIES:
                raise NetworkError(f"{why}, {failures} times") from cause
            sleep(2.0 ** (failures - 1))
            continue
        waited += limit
        if waited > LONGEST_WAIT:
            more = "" if token() else f"; a token in {TOKENS[0]} raises it"
            raise NetworkError(f"GitHub's rate limit holds for another {limit:,.0f} s{more}") from cause
        log.warning("GitHub's rate limit: waiting %.0f s for %s", limit, what)
        sleep(limit)


def _limit(error: "GithubException", now: float) -> float | None:
    """Seconds to wait where the answer is about a rate limit, primary or secondary; else none."""
    from github import RateLimitExceededException

    told = {key.lower(): value for key, value in (error.headers or {}).items()}
    limited = isinstance(error, RateLimitExceededException) or error.status == 429
    if error.status not in (403, 429):
        return None
    if "retry-after" in told and told["retry-after"].isdecimal():
        return max(1.0, float(told["retry-after"]))
    if told.get("x-ratelimit-remaining") == "0" and told.get("x-ratelimit-reset", "").isdecimal():
        return max(1.0, float(told["x-ratelimit-reset"]) - now + 1)
    return 60.0 if limited else None  # what GitHub asks for where it names no time


def _refused(error: "GithubException", what: str) -> SourceError:
    said = error.data.get("message", "") if isinstance(error.data, dict) else ""
    if error.status == 401:
        return SourceError(f"GitHub refuses the token in {' or '.join(TOKENS)}; set a valid one, or none")
    if error.status == 404 and what.startswith("repository"):
        seen = "the token cannot see it" if token() else f"no token is set; put one in {TOKENS[0]}"
        return SourceError(f"no {what} on GitHub: it does not exist, or it is private and {seen}")
    if error.status in (404, 409, 422):
        return SourceError(f"GitHub knows no {what}" + (f" ({said})" if said else ""))
    return SourceError(f"GitHub refuses {what} with {error.status}" + (f" ({said})" if said else ""))
