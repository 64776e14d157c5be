"""What a fix was about: its pull request, and the issues that it says it closes."""

import re
from collections.abc import Iterator, Mapping

from smith_lib.inject.mirror_family.history import Commit
from smith_lib.inject.mirror_family.pulls import Board, told_of
from smith_lib.types import Report

PULL = re.compile(r"Merge pull request #(\d{1,9})\b")
SQUASHED = re.compile(r"\(#(\d{1,9})\)\s*$")
CLOSES = re.compile(
    r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|ref(?:erence)?s?|see|issue)\b[\s:]*(?:issues?\s*)?"
    r"(?:https?://[^\s/]+/[\w.-]+/[\w.-]+/(?:issues|pull)/|#|GH-)(\d{1,9})\b"
)
ISSUE = re.compile(r"(?i)\bissue\s?#?(\d{1,9})\b")
CLOSES_ELSEWHERE = re.compile(r"[\w.-]+/[\w.-]+#\d+")


def reports_of(commit: Commit, merges: Mapping[str, Commit], board: Board) -> tuple[Report, ...]:
    """The pull request of a commit, then the issues named by both.

    What GitHub was not asked about is told as far as the history does: the number, and of a pull request
    the title that its merge gives.
    """
    merge = merges.get(commit.sha, commit)
    pull = board.merged.get(commit.sha) or board.merged.get(merge.sha) or _pull_of(commit) or _pull_of(merge)
    found: list[Report] = []
    texts = [f"{commit.title}\n{commit.body}"]
    if pull is not None:
        own = told_of([pull], board)
        found += own or [Report("pull", pull, _title_of(merge, commit), "", "")]
        texts += [f"{report.title}\n{report.body}" for report in own]
    numbers = dict.fromkeys(number for text in texts for number in _closed(text) if number != pull)
    known = {report.number: report for report in told_of(numbers, board)}
    found += [known.get(number) or Report("issue", number, "", "", "") for number in numbers]
    return tuple(found)


def _pull_of(commit: Commit) -> int | None:
    found = PULL.match(commit.title) or SQUASHED.search(commit.title)
    return int(found[1]) if found else None


def _title_of(merge: Commit, commit: Commit) -> str:
    """The pull request's title: GitHub writes it below the first line of a merge."""
    if PULL.match(merge.title):
        return merge.body.partition("\n")[0]
    return SQUASHED.sub("", commit.title).strip()


def _closed(text: str) -> Iterator[int]:
    """The numbers of the issues that the text says it closes or refers to."""
    plain = CLOSES_ELSEWHERE.sub("", text)
    for pattern in (CLOSES, ISSUE):
        yield from (int(match[1]) for match in pattern.finditer(plain))
