from collections.abc import Iterator

import pytest

from tests.servers.github import GitHub, github


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHub]:
    """A GitHub of this test's own; no token is set."""
    for name in ("GITHUB_TOKEN", "GH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with github() as served:
        yield served
