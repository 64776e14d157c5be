"""What people wrote on GitHub: the issues and merged pull requests of a repository, read once and kept."""

import json
import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import requests

from smith_lib.errors import NetworkError
from smith_lib.inject.mirror_family.history import MOST_TEXT
from smith_lib.settings import SelectSettings
from smith_lib.sources.hub import PAGE, Sleep, asked, client
from smith_lib.storage import digest
from smith_lib.types import Report

log = logging.getLogger(__name__)

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds that are waited in all for GitHub's limits and failures: nothing depends on what it says."""


@dataclass(frozen=True, slots=True)
class Board:
    """A repository's issues and pull requests."""

    reports: dict[int, Report] = field(default_factory=dict)
    merged: dict[str, int] = field(default_factory=dict)
    """The number of the pull request by the commit that it was merged as."""

    @property
    def digest(self) -> str:
        """What identifies it."""
        reports = [asdict(report) for _, report in sorted(self.reports.items())]
        return digest(reports, sorted(self.merged.items()))


def board(
    name: str, head: str, most: int, cache: Path, settings: SelectSettings, sleep: Sleep = time.sleep
) -> Board:
    """Up to `most` issues and `most` pull requests, newest first; from the cache where they are for `head`.

    Raises `NetworkError` and `SourceError` where GitHub does not answer, or says no.
    """
    place = cache / "github" / f"{digest(name, head, most, settings.github_url or '')[:16]}.json"
    kept = _kept(place)
    if kept is not None:
        return kept
    found = _asked(name, most, settings, _Patient(sleep))
    place.parent.mkdir(parents=True, exist_ok=True)
    partial_file = place.with_suffix(f".{os.getpid()}.{time.monotonic_ns()}")
    told = {"reports": [asdict(r) for r in found.reports.values()], "merged": found.merged}
    partial_file.write_text(json.dumps(told), encoding="utf-8")
    partial_file.replace(place)
    return found


def _kept(place: Path) -> Board | None:
    try:
        told = json.loads(place.read_text(encoding="utf-8"))
        reports = [Report(**row) for row in told["reports"]]
        return Board({report.number: report for report in reports}, dict(told["merged"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


class _Patient:
    """Waits, but not longer than it may."""

    def __init__(self, sleep: Sleep) -> None:
        self.left, self._sleep = PATIENCE, sleep

    def __call__(self, seconds: float) -> None:
        self.left -= seconds
        if self.left < 0:
            limit = f"{PATIENCE:.0f} s in all are waited"
            raise NetworkError(f"GitHub wants {seconds:,.0f} s more of waiting, {limit}")
        self._sleep(seconds)


def _asked(name: str, most: int, settings: SelectSettings, sleep: Sleep) -> Board:
    hub = client(settings.github_url)
    repo = asked(lambda: hub.get_repo(name), f"repository {name}", sleep)
    found = Board()
    issues = repo.get_issues(state="all", sort="created", direction="desc")
    for number, title, body, url, is_pull in _rows(issues, most, _issue, f"issues of {name}", sleep):
        found.reports[number] = Report("pull" if is_pull else "issue", number, title, body, url)
    pulls = repo.get_pulls(state="closed", sort="created", direction="desc")
    for number, title, body, url, commit in _rows(pulls, most, _pull, f"pull requests of {name}", sleep):
        found.reports[number] = Report("pull", number, title, body, url)
        if commit:
            found.merged[commit] = number
    return found


def _rows(
    answers: Any, most: int, read: Callable[[Any], T], what: str, sleep: Sleep
) -> Iterator[T]:
    """What is read of the rows, page by page."""
    left = most
    page = 0
    while left > 0:
        rows = asked(partial(_page, answers, page, read), what, sleep)
        yield from rows[:left]
        left, page = left - len(rows), page + 1
        if len(rows) < PAGE:
            return


def _page(answers: Any, page: int, read: Callable[[Any], T]) -> list[T]:
    from github import BadAttributeException

    try:
        return [read(row) for row in answers.get_page(page)]
    except (AssertionError, AttributeError, KeyError, TypeError, ValueError, BadAttributeException) as error:
        # What PyGithub raises where an answer was cut off, or is of another form.
        raise requests.ConnectionError(f"an answer that cannot be read: {type(error).__name__}") from error


def _issue(row: Any) -> tuple[int, str, str, str, bool]:
    # An issue that is none has no `pull_request`, and PyGithub would ask for the row again to find one.
    return int(row.number), *_texts(row), "/pull/" in str(row.html_url)


def _pull(row: Any) -> tuple[int, str, str, str, str]:
    return int(row.number), *_texts(row), str(row.merge_commit_sha or "") if row.merged_at else ""


def _texts(row: Any) -> tuple[str, str, str]:
    return _text(row.title), _text(row.body), _text(row.html_url)


def _text(told: object) -> str:
    """The text, cut to what is kept; half of a pair of surrogates, which JSON may hold, becomes a `?`."""
    return str(told or "")[:MOST_TEXT].encode("utf-8", "replace").decode()


def told_of(numbers: Iterable[int], found: Board) -> Sequence[Report]:
    """The reports of those numbers that are there."""
    return [found.reports[number] for number in dict.fromkeys(numbers) if number in found.reports]
