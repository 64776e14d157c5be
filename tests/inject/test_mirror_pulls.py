"""What people wrote of a fix, read from GitHub, and the answers that GitHub must not give."""

import time
from pathlib import Path

import pytest

from smith_lib.errors import NetworkError, SourceError
from smith_lib.inject.mirror_family.evidence import reports_of
from smith_lib.inject.mirror_family.history import Commit
from smith_lib.inject.mirror_family.pulls import Board, board
from smith_lib.settings import SelectSettings
from smith_lib.types import Report
from tests.servers.github import GitHub, Repository, issue, pull
from tests.servers.web import Answer, as_json
from tests.sources.made import PACKAGE, repository

HEAD = "a" * 40


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", PACKAGE)


def asked(hub: GitHub, cache: Path, most: int = 1_000, sleep: object = pytest.fail) -> Board:
    return board("o/name", HEAD, most, cache, SelectSettings(github_url=hub.api), sleep)  # type: ignore[arg-type]


def commit(title: str, body: str = "", sha: str = "b" * 40, parents: tuple[str, ...] = ("c" * 40,)) -> Commit:
    return Commit(sha, parents, "2025-01-03T00:00:00+00:00", title, body, ())


def test_issues_and_merged_pull_requests_are_read_once(hub: GitHub, repo: Path, tmp_path: Path) -> None:
    pulls = (pull(9, "Count sides", "Fixes #4.", "b" * 40), pull(8, "Never merged"))
    hub.add(Repository("o/name", repo, pulls=pulls, issues=(issue(4, "Sides are lost", "Steps: ..."),)))
    found = asked(hub, tmp_path)
    assert found.merged == {"b" * 40: 9}
    url = "https://github.com/o/name/issues/4"
    assert found.reports[4] == Report("issue", 4, "Sides are lost", "Steps: ...", url)
    assert {n: report.kind for n, report in found.reports.items()} == {4: "issue", 8: "pull", 9: "pull"}
    seen = len(hub.seen)
    assert seen == 3
    again = asked(hub, tmp_path)
    assert (again, again.digest, len(hub.seen)) == (found, found.digest, seen)
    told = reports_of(commit("Count sides"), {}, found)
    assert [(report.kind, report.number) for report in told] == [("pull", 9), ("issue", 4)]


def test_lists_are_read_page_by_page_up_to_the_most(hub: GitHub, repo: Path, tmp_path: Path) -> None:
    issues = tuple(issue(n, f"Issue {n}") for n in range(250, 0, -1))
    hub.add(Repository("o/name", repo, issues=issues))
    assert len(asked(hub, tmp_path).reports) == 250
    assert min(asked(hub, tmp_path, most=120).reports) == 131


@pytest.mark.parametrize(
    ("title", "body", "numbers"),
    [
        ("Fix it (#9)", "", [("pull", 9), ("issue", 4)]),
        ("Fix it", "closes: #4, resolves https://github.com/o/name/issues/5", [("issue", 4), ("issue", 5)]),
        ("Fix it (fixes issue35)", "", [("issue", 35)]),
        ("Fix it", "see other/project#7 and pytest-dev/pytest#12", []),
        ("Use 3 of #4 shades", "", []),
        ("Fix it", "Fixes GH-4", [("issue", 4)]),
    ],
)
def test_what_a_message_closes_is_found(title: str, body: str, numbers: list[tuple[str, int]]) -> None:
    known = Board({9: Report("pull", 9, "Fix it", "Fixes #4", ""), 4: Report("issue", 4, "Lost", "", "")})
    assert [(r.kind, r.number) for r in reports_of(commit(title, body), {}, known)] == numbers


def test_a_cut_off_answer_is_asked_for_again_and_at_last_given_up(
    hub: GitHub, repo: Path, tmp_path: Path
) -> None:
    hub.add(Repository("o/name", repo, issues=(issue(4, "Lost"),)))
    whole = as_json([issue(4, "Lost")]).body
    slept: list[float] = []

    def cut(times: int) -> None:
        ok = as_json({"id": 1, "full_name": "o/name", "url": f"{hub.api}/repos/o/name"})
        hub.troubles.extend([ok, *[Answer(200, whole[:40], {"Content-Type": "application/json"})] * times])

    cut(1)
    assert list(asked(hub, tmp_path / "a", sleep=slept.append).reports) == [4]
    assert slept == [1.0]
    cut(4)
    with pytest.raises(NetworkError, match="does not answer for issues of o/name"):
        asked(hub, tmp_path / "b", sleep=slept.append)


def test_rows_of_another_form_are_given_up_too(hub: GitHub, repo: Path, tmp_path: Path) -> None:
    hub.add(Repository("o/name", repo, issues=({"number": "four", "title": ["x"]},)))
    with pytest.raises(NetworkError, match="issues of o/name"):
        asked(hub, tmp_path, sleep=lambda _: None)


def test_limits_and_failures_are_not_waited_for_long(hub: GitHub, repo: Path, tmp_path: Path) -> None:
    hub.add(Repository("o/name", repo))
    slept: list[float] = []
    hub.broken()
    hub.secondary_limited(retry_after=7)
    assert asked(hub, tmp_path / "a", sleep=slept.append) == Board()
    assert slept == [1.0, 7.0]
    hub.rate_limited(reset=time.time() + 3_000)
    with pytest.raises(NetworkError, match="60 s in all are waited"):
        asked(hub, tmp_path / "b")
    hub.broken(times=4)
    with pytest.raises(NetworkError, match="502"):
        asked(hub, tmp_path / "c", sleep=slept.append)


def test_a_private_or_deleted_repository_is_named(hub: GitHub, repo: Path, tmp_path: Path) -> None:
    hub.add(Repository("o/name", repo, private=True))
    with pytest.raises(SourceError, match="no repository o/name"):
        asked(hub, tmp_path)
    hub.repos.clear()
    with pytest.raises(SourceError, match="no repository o/name"):
        asked(hub, tmp_path)
    hub.add(Repository("o/name", repo))
    hub.troubles.append(as_json({"message": "Repository access blocked"}, 451))
    with pytest.raises(SourceError, match="451"):
        asked(hub, tmp_path)
