from collections.abc import Iterator

import pytest

from tests.servers.github import GitHub, github
from tests.servers.index import Index, index
from tests.sources.made import PACKAGE, tarball


@pytest.fixture
def packages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """An index of this test's own, with `tiny` 1.2 on it."""
    with index() as served:
        monkeypatch.setenv("PIP_INDEX_URL", served.url + "/simple")
        served.add("tiny", "tiny-1.2.tar.gz", tarball(PACKAGE))
        yield served


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """A GitHub of this test's own; no token is set."""
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with github() as served:
        yield served
