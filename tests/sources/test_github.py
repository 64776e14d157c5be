import time
from pathlib import Path

import pytest
from github import Github
from pydantic import ValidationError

from smith_lib.errors import NetworkError, SourceError
from smith_lib.settings import SearchSettings, SelectSettings
from smith_lib.sources.github import GitHub as Source
from smith_lib.sources.github import search
from smith_lib.sources.hub import client
from smith_lib.sources.protocol import Pin
from smith_lib.sources.table import fetch, pin
from tests.servers.github import GitHub, Repository
from tests.servers.web import as_json
from tests.sources.made import PACKAGE, commit, contents, git, repository


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return repository(tmp_path / "repo", PACKAGE)


def settings(hub: GitHub) -> SelectSettings:
    return SelectSettings(github_url=hub.api)


def test_a_repository_is_pinned_by_the_api_and_fetched_by_git(hub: GitHub, repo: Path, tmp_path: Path):
    hub.add(Repository("Owner/name.py", repo))
    first = git(repo, "rev-parse", "HEAD")
    git(repo, "branch", "feature/x")
    commit(repo, {"PKG-INFO": "Name: tiny\n", "more.py": "x = 1\n"})
    head = git(repo, "rev-parse", "HEAD")
    pinned = pin("github:Owner/name.py", settings(hub))
    assert pinned == Pin(f"github:Owner/name.py@{head}", "Owner/name.py")
    assert pin("github:Owner/name.py@feature/x", settings(hub)).source.endswith(first)
    tree = fetch(pinned, tmp_path / "cache", settings(hub))
    assert contents(tree.path).keys() == {*PACKAGE, "more.py"}
    assert tree.repo_id == f"Owner__name.py.{head[:8]}"
    assert tree.license == "MIT"  # the files say nothing, GitHub does
    seen = len(hub.seen)
    assert fetch(pinned, tmp_path / "cache", settings(hub)) == tree
    assert len(hub.seen) == seen


def test_a_private_repository_needs_the_token_and_git_gets_it_too(
    hub: GitHub, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    hub.add(Repository("o/secret", repo, private=True))
    with pytest.raises(SourceError, match=r"no repository o/secret on GitHub: .*put one in GITHUB_TOKEN"):
        pin("github:o/secret", settings(hub))
    monkeypatch.setenv("GITHUB_TOKEN", "wrong")
    with pytest.raises(SourceError, match="refuses the token in GITHUB_TOKEN"):
        pin("github:o/secret", settings(hub))
    monkeypatch.delenv("GITHUB_TOKEN")
    monkeypatch.setenv("GH_TOKEN", hub.token)
    tree = fetch(pin("github:o/secret", settings(hub)), tmp_path / "cache", settings(hub))
    assert contents(tree.path).keys() == PACKAGE.keys()


def test_the_token_goes_to_no_other_host(
    hub: GitHub, repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    hub.add(Repository("o/name", repo))
    monkeypatch.setenv("GITHUB_TOKEN", hub.token)
    hub.clone_url = hub.url.replace("127.0.0.1", "localhost")
    fetch(pin("github:o/name", settings(hub)), tmp_path / "cache", settings(hub))
    to_git = [r for r in hub.seen if r.path.startswith("/git/")]
    assert to_git
    assert not any("authorization" in r.headers for r in to_git)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ("github:o/absent", "no repository o/absent on GitHub"),
        ("github:o/name@absent", "GitHub knows no ref 'absent' of o/name"),
        ("github:name", "names no repository"),
        ("github:o/name/x", "names no repository"),
        ("github:o/name@-x", "names no repository"),
        ("github:", "names no repository"),
    ],
)
def test_what_is_not_there_is_named(hub: GitHub, repo: Path, spec: str, says: str):
    hub.add(Repository("o/name", repo))
    with pytest.raises(SourceError) as caught:
        pin(spec, settings(hub))
    assert says in str(caught.value)


def test_rate_limits_are_waited_out(hub: GitHub, repo: Path):
    hub.add(Repository("o/name", repo))
    slept: list[float] = []
    hub.rate_limited(reset=time.time() + 120)
    hub.secondary_limited(retry_after=7)
    hub.secondary_limited(retry_after=None)
    Source(hub.api, slept.append).pin("github:o/name")
    assert slept[0] == pytest.approx(121, abs=2)
    assert slept[1:] == [7.0, 60.0]


def test_waiting_has_an_end_and_says_how_to_get_more(hub: GitHub, repo: Path):
    hub.add(Repository("o/name", repo))
    slept: list[float] = []
    hub.rate_limited(reset=time.time() + 3_000)
    hub.rate_limited(reset=time.time() + 3_000)
    with pytest.raises(NetworkError, match=r"rate limit holds for another 3,00\d s; a token in GITHUB_TOKEN"):
        Source(hub.api, slept.append).pin("github:o/name")
    assert len(slept) == 1


def test_a_server_that_fails_is_asked_again(hub: GitHub, repo: Path):
    hub.add(Repository("o/name", repo))
    slept: list[float] = []
    hub.broken()
    Source(hub.api, slept.append).pin("github:o/name")
    assert slept == [1.0]
    hub.broken(times=4)
    with pytest.raises(NetworkError, match="answers 502 for repository o/name, 4 times"):
        Source(hub.api, slept.append).pin("github:o/name")
    assert slept == [1.0, 1.0, 2.0, 4.0]
    with pytest.raises(NetworkError, match="does not answer"):
        Source("http://127.0.0.1:9/api/v3", slept.append).pin("github:o/name")


def test_a_refusal_that_is_no_limit_is_not_waited_for(hub: GitHub, repo: Path):
    hub.add(Repository("o/name", repo))
    hub.troubles.append(as_json({"message": "Resource not accessible by personal access token"}, 403))
    with pytest.raises(SourceError, match=r"refuses repository o/name with 403 \(Resource not accessible"):
        Source(hub.api, pytest.fail).pin("github:o/name")


def test_search_finds_by_stars_language_licence_and_push_date(hub: GitHub, repo: Path):
    hub.add(
        Repository("a/most", repo, stars=900),
        Repository("a/old", repo, stars=800, pushed_at="2020-01-01T00:00:00Z"),
        Repository("a/c", repo, stars=700, language="C"),
        Repository("a/gpl", repo, stars=600, license="GPL-3.0"),
        Repository("a/apache", repo, stars=500, license="Apache-2.0"),
        Repository("a/archived", repo, stars=400, archived=True),
        Repository("a/fork", repo, stars=300, fork=True),
        Repository("a/few", repo, stars=5),
        Repository("a/private", repo, stars=999, private=True),
    )
    wanted = SearchSettings(min_stars=10, licenses=("mit", "apache-2.0"), pushed_after="2026-01-01")
    assert search(wanted, settings(hub)) == ["github:a/most", "github:a/apache"]
    every = SearchSettings(min_stars=0, limit=3)
    assert search(every, settings(hub)) == ["github:a/most", "github:a/old", "github:a/gpl"]
    assert search(SearchSettings(min_stars=10_000), settings(hub)) == []


def test_search_goes_through_pages_limits_and_failures(hub: GitHub, repo: Path):
    hub.add(*(Repository(f"a/r{n:03}", repo, stars=1_000 - n) for n in range(250)))
    slept: list[float] = []
    hub.broken()
    hub.secondary_limited(retry_after=3)
    found = search(SearchSettings(limit=220), settings(hub), slept.append)
    assert found == [f"github:a/r{n:03}" for n in range(220)]
    assert slept == [1.0, 3.0]
    assert len(hub.seen) == 5
    assert len(search(SearchSettings(limit=50), settings(hub))) == 50
    assert len(hub.seen) == 6  # no page more than is wanted


def test_the_server_speaks_the_rest_of_what_pygithub_asks(hub: GitHub, repo: Path):
    pull = {"number": 7, "title": "Fix it", "state": "closed", "merged_at": "2026-01-01T00:00:00Z"}
    hub.add(Repository("o/name", repo, pulls=(pull,)))
    asked: Github = client(hub.api)
    assert asked.get_rate_limit().resources.core.remaining == 5_000
    [found] = asked.get_repo("o/name").get_pulls(state="closed")
    assert (found.number, found.title) == (7, "Fix it")


def test_a_url_that_is_none_is_refused():
    with pytest.raises(SourceError, match="github_url 'example'"):
        Source("example").pin("github:o/name")


def test_what_is_no_date_is_refused_before_anything_is_asked() -> None:
    with pytest.raises(ValidationError, match="pushed_after"):
        SearchSettings(pushed_after="yesterday")
