"""A real Prefect server with a worker, for the tests of the deployments."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import requests

from tests.conftest import lacking
from tests.servers.ports import free_port

PREFECT = (sys.executable, "-m", "prefect", "--no-prompt")
SMITH = (sys.executable, "-c", "from smith_lib.cli import main; main()")


@dataclass(frozen=True)
class PrefectServer:
    """A running server and the variables that make it this process's own."""

    url: str
    environ: dict[str, str]


def smith(environ: dict[str, str], *arguments: str, code: int = 0) -> str:
    """What a command of Smith's printed to both streams, called outside of the checkout."""
    given = {"env": environ, "cwd": environ["PREFECT_HOME"], "text": True, "timeout": 400}
    done = subprocess.run([*SMITH, *arguments], capture_output=True, check=False, **given)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """A server, its work pool `smith`, every deployment of `prefect.yaml`, and a worker."""
    home, port = tmp_path_factory.mktemp("prefect"), free_port()
    url = f"http://127.0.0.1:{port}/api"
    environ = {
        **os.environ,
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": url,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "GX_ANALYTICS_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }
    started: list[subprocess.Popen[bytes]] = []

    def start(name: str, *command: str) -> None:
        log = (home / f"{name}.log").open("wb")
        with log:
            given = {"env": environ, "cwd": home, "stdout": log, "stderr": log}
            started.append(subprocess.Popen(command, start_new_session=True, **given))

    try:
        start("server", *PREFECT, "server", "start", "--port", str(port))
        deadline = time.monotonic() + 180
        while True:
            try:
                if requests.get(f"{url}/health", timeout=5).ok:
                    break
            except requests.RequestException:
                assert time.monotonic() < deadline, (home / "server.log").read_text()
                time.sleep(0.5)
        smith(environ, "deploy")
        start("worker", *SMITH, "worker", "--limit", "2")
        yield PrefectServer(url, environ)
    finally:
        for process in reversed(started):  # a worker whose server has gone waits for it
            os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.fixture(scope="session")
def sandbox_kind() -> str:
    """The sandbox that the deployments' runs use: docker where an engine answers."""
    return "namespaces" if lacking("docker") else "docker"
