"""An engine that does not answer is told within seconds."""

import gc
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from smith_lib.cli import checks
from smith_lib.errors import SandboxUnavailable
from smith_lib.sandbox import docker
from smith_lib.sandbox.backends import open_sandbox
from smith_lib.settings import EnvironmentSettings, SandboxSettings, load

# docker's client leaves the socket that got no answer to the collector.
pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)


@pytest.fixture(params=["tcp", "unix"])
def silent(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """`DOCKER_HOST`: something that takes every call and says nothing."""
    with socket.socket(socket.AF_INET if request.param == "tcp" else socket.AF_UNIX) as listening:
        listening.bind(("127.0.0.1", 0) if request.param == "tcp" else str(tmp_path / "socket"))
        listening.listen(16)
        name = listening.getsockname()
        host = f"tcp://127.0.0.1:{name[1]}" if request.param == "tcp" else f"unix://{name}"
        monkeypatch.setenv("DOCKER_HOST", host)
        assert docker.FIRST_ANSWER < 15
        monkeypatch.setattr(docker, "FIRST_ANSWER", 0.5)
        yield host
        gc.collect()


def test_an_engine_that_says_nothing_is_no_sandbox(silent: str, tmp_path: Path) -> None:
    begun = time.monotonic()
    with pytest.raises(SandboxUnavailable, match=f"no Docker engine answers at {silent}"):
        open_sandbox("docker", EnvironmentSettings(), SandboxSettings(), tmp_path, 1)
    assert time.monotonic() - begun < 15


@pytest.mark.namespaces
def test_auto_goes_on_without_an_engine_that_says_nothing(silent: str, tmp_path: Path) -> None:
    begun = time.monotonic()
    opened = open_sandbox("auto", EnvironmentSettings(), SandboxSettings(), tmp_path, 1)
    opened.close()
    assert opened.name == "namespaces"
    assert time.monotonic() - begun < 30


def test_the_doctor_tells_of_an_engine_that_says_nothing(silent: str, tmp_path: Path) -> None:
    first = next(checks.sandboxes(load(None, {"cache": str(tmp_path)})))
    assert (first.name, first.status) == ("docker", "missing")
    assert f"no Docker engine answers at {silent}" in first.found
    assert "start Docker" in first.remedy
