"""Where the calls of these tests work, and the runs that several tests look at."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import lacking
from tests.e2e import odd
from tests.e2e.called import Called, Place


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """One home of Prefect and one cache for all calls."""
    return Place(tmp_path_factory.mktemp("e2e"))


@pytest.fixture(scope="session")
def kind() -> str:
    """The sandbox of runs that any sandbox serves: docker where an engine answers."""
    return "namespaces" if lacking("docker") else "docker"


@pytest.fixture(scope="session")
def checkout(place: Place, tiny_tree: Path) -> Path:
    """A git checkout of the tiny repository."""
    folder = place.folder / "tiny"
    shutil.copytree(tiny_tree, folder)
    odd.as_git(folder)
    return folder


@pytest.fixture(scope="session")
def wanted(checkout: Path, kind: str) -> list[str]:
    """The words of a small run, but for its place and its workers."""
    return ["run", str(checkout), "--limit", "6", "--seed", "5", "--sandbox", kind]


@pytest.fixture(scope="session")
def undisturbed(place: Place, wanted: list[str]) -> Called:
    """That run with two workers."""
    called = place.call(*wanted, "--workers", "2", "--out", place.folder / "undisturbed")
    assert called.code == 0, (called.document, called.errors)
    return called
