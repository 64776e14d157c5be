"""Sandboxes and the tiny repository, for the tests of several rooms.

A test that needs a sandbox or a browser which this machine lacks is skipped and says why; under CI it fails.
"""

import functools
import gc
import os
import shutil
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smith_lib.errors import SandboxUnavailable
from smith_lib.sandbox.backends import open_sandbox
from smith_lib.sandbox.protocol import Sandbox
from smith_lib.settings import EnvironmentSettings, SandboxSettings
from tests import browser

collect_ignore = ["data"]
TINY = Path(__file__).parent / "data" / "tiny"
NEEDS = {"engine": "docker", "namespaces": "namespaces"}
"""Marker to the sandbox that it stands for."""
SLOW = (*NEEDS, "network", "server", "browser")
"""Markers of tests that take long."""


def pytest_configure(config: pytest.Config) -> None:
    """What a test starts sees the same variables whether one process runs the tests or two do."""
    if hasattr(config, "workerinput"):
        for name in [name for name in os.environ if name.startswith("PYTEST_XDIST_")]:
            del os.environ[name]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Whole runs with faults only where `-m` asks for them.

    Where processes share the tests, the files with many slow ones come first, so that all end together.
    """
    if "faults" not in config.option.markexpr and (left_out := [i for i in items if _of_whole_runs(i)]):
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not _of_whole_runs(item)]
    if hasattr(config, "workerinput"):
        slow = Counter(i.path for i in items if any(map(i.get_closest_marker, SLOW)))
        items.sort(key=lambda item: (not starts_servers(item.path), -slow[item.path]))


def _of_whole_runs(item: pytest.Item) -> bool:
    return item.get_closest_marker("faults") is not None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """By file, but one process has all that start servers of Prefect's: two at once may choose one port."""
    from xdist.scheduler import LoadFileScheduling

    class Files(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return "servers" if starts_servers(config.rootpath / file) else file

    return Files(config, log)


@functools.cache
def starts_servers(file: Path) -> bool:
    """Whether tests in that file are marked so."""
    return "mark.server" in file.read_text(encoding="utf-8")


@functools.cache
def lacking(kind: str) -> str:
    """Why that sandbox cannot run here; empty where it can."""
    reason = ""
    with tempfile.TemporaryDirectory() as cache, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # docker's client leaves a socket open
        try:
            open_sandbox(kind, EnvironmentSettings(), SandboxSettings(), Path(cache), 1).close()
        except SandboxUnavailable as error:
            reason = str(error)
        gc.collect()
    return reason


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or under CI fail, what needs a sandbox or a browser that is not to be had."""
    needs = {marker: functools.partial(lacking, kind) for marker, kind in NEEDS.items()}
    for marker, why in {**needs, "browser": browser.lacking}.items():
        if item.get_closest_marker(marker) and (reason := why()):
            if os.environ.get("CI"):
                pytest.fail(f"{marker} tests must run under CI: {reason}", pytrace=False)
            pytest.skip(reason)


@pytest.fixture(scope="session")
def docker_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The Docker sandbox, its base made ready; mark the test `engine`."""
    yield from _opened("docker", tmp_path_factory)


@pytest.fixture(scope="session")
def namespaces_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox of Linux namespaces; mark the test `namespaces`."""
    yield from _opened("namespaces", tmp_path_factory)


def _opened(kind: str, folders: pytest.TempPathFactory) -> Iterator[Sandbox]:
    cache = folders.mktemp(kind)
    sandbox = open_sandbox(kind, EnvironmentSettings(), SandboxSettings(), cache, slots=2)
    sandbox.base()
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="session")
def tiny_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean copy of the tiny repository."""
    tree = tmp_path_factory.mktemp("tiny") / "tree"
    shutil.copytree(TINY, tree, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache", "*.egg-info"))
    return tree
