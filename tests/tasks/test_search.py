"""A night's list of repositories: those named, and those that GitHub finds."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smith_lib.errors import InputError
from smith_lib.settings import SearchSettings, SelectSettings, Settings
from smith_lib.sources.table import pin
from tasks.search import search_repos
from tests.servers.github import GitHub, Repository, github
from tests.sources.made import PACKAGE, commit, repository


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with github() as found:
        yield found


def test_a_night_over_a_search_takes_up_new_commits_only(hub: GitHub, tmp_path: Path) -> None:
    busy, quiet, small = (repository(tmp_path / name, PACKAGE) for name in ("busy", "quiet", "small"))
    hub.add(
        Repository("o/quiet", quiet, stars=900),
        Repository("o/busy", busy, stars=700),
        Repository("o/small", small, stars=20),
    )
    settings = Settings(select=SelectSettings(github_url=hub.api))
    wanted = SearchSettings(min_stars=500)

    def night() -> dict[str, str]:
        found = search_repos.fn(["github:o/quiet"], wanted, settings)
        return {source: pin(source, settings.select).source for source in found}

    first = night()
    assert list(first) == ["github:o/quiet", "github:o/busy"]
    assert night() == first
    commit(busy, {"more.py": "x = 1\n"})
    again = night()
    # What a stage makes is kept by the pin: the same pin costs nothing.
    assert [source for source in first if again[source] != first[source]] == ["github:o/busy"]


def test_a_night_that_finds_nothing_is_bad_input(hub: GitHub) -> None:
    settings = Settings(select=SelectSettings(github_url=hub.api))
    with pytest.raises(InputError, match="no repository to run"):
        search_repos.fn([], SearchSettings(), settings)
