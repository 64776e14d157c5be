"""What tests of several rooms share: sandboxes that run, and the tiny repository they run."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from smith_lib.errors import SandboxUnavailable
from smith_lib.sandbox.backends import open_sandbox
from smith_lib.sandbox.protocol import Sandbox
from smith_lib.settings import EnvironmentSettings, SandboxSettings

collect_ignore = ["data"]
TINY = Path(__file__).parent / "data" / "tiny"


def opened(kind: str, cache: Path) -> Sandbox:
    """A sandbox of this kind; where it cannot run, skips, but fails where CI is true."""
    try:
        sandbox = open_sandbox(kind, EnvironmentSettings(), SandboxSettings(), cache, slots=2)
        sandbox.base()
    except SandboxUnavailable as error:
        if os.environ.get("CI") == "true":
            pytest.fail(f"CI must have this sandbox: {error}")
        pytest.skip(str(error))
    return sandbox


@pytest.fixture(scope="session")
def docker_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The Docker sandbox; mark the test `engine`."""
    sandbox = opened("docker", tmp_path_factory.mktemp("docker"))
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="session")
def namespaces_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox of Linux namespaces; mark the test `namespaces`."""
    sandbox = opened("namespaces", tmp_path_factory.mktemp("namespaces"))
    yield sandbox
    sandbox.close()


@pytest.fixture(scope="session")
def tiny_tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean copy of the tiny repository."""
    tree = tmp_path_factory.mktemp("tiny") / "tree"
    shutil.copytree(TINY, tree, ignore=shutil.ignore_patterns("__pycache__", ".pytest_cache", "*.egg-info"))
    return tree
