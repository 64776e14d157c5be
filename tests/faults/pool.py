"""Several workers of one pool, each as on a machine of its own, against one Prefect server."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from smith_lib.cli.interrupt import descendants
from tests.servers.ports import free_port

PREFECT = (sys.executable, "-m", "prefect", "--no-prompt")
SMITH = (sys.executable, "-c", "from smith_lib.cli import main; main()")
FINAL = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
Process = subprocess.Popen[bytes]


@dataclass
class Pool:
    """A Prefect server and its workers, by name."""

    folder: Path
    variables: Mapping[str, str]
    """What all of them see."""
    port: int = field(default_factory=free_port)
    processes: dict[str, Process] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The server's."""
        return f"http://127.0.0.1:{self.port}/api"

    def environ(self, name: str, **more: str) -> dict[str, str]:
        """The variables of a machine of that name: home, cache and temporary files are its own."""
        place = self.folder / name
        own = {"PREFECT_HOME": "prefect", "XDG_CACHE_HOME": "cache", "TMPDIR": "tmp"}
        for part in own.values():
            (place / part).mkdir(parents=True, exist_ok=True)
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
        return {
            **kept, **{key: str(place / part) for key, part in own.items()}, **self.variables, **more,
            "PREFECT_API_URL": self.url, "PREFECT_WORKER_QUERY_SECONDS": "1", "PYTHONUNBUFFERED": "1",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "GX_ANALYTICS_ENABLED": "false",
        }  # fmt: skip

    def start(self, name: str, *command: str, **more: str) -> Process:
        """A process of that machine, in a session of its own; what it says goes to a file."""
        environ = self.environ(name, **more)
        with (self.folder / f"{name}.log").open("ab") as log:
            made = subprocess.Popen(
                command, env=environ, cwd=self.folder / name, stdout=log, stderr=log, start_new_session=True
            )
        self.processes[name] = made
        return made

    def serve(self, **more: str) -> None:
        """Start the server and wait until it answers."""
        self.start("server", *PREFECT, "server", "start", "--port", str(self.port), "--no-ui", **more)
        until(lambda: self.get("health") is True, 240, lambda: self.log("server"))

    def work(self, name: str, limit: int = 2, **more: str) -> Process:
        """Start a worker of that name."""
        return self.start(name, *SMITH, "worker", "--limit", str(limit), "--name", name, **more)

    def smith(self, *words: str, machine: str = "person", code: int | None = 0, **more: str) -> Any:
        """What a command of Smith's printed as JSON; any exit code will do where `code` is None."""
        command = [*SMITH, *words, "--json"]
        environ = self.environ(machine, **more)
        done = subprocess.run(
            command, env=environ, cwd=self.folder / machine, capture_output=True, text=True, timeout=900,
            check=False,
        )  # fmt: skip
        assert code in (None, done.returncode), done.stdout + done.stderr
        return json.loads(done.stdout)

    def get(self, path: str) -> Any:
        """The server's answer, or None where it gives none."""
        try:
            return requests.get(f"{self.url}/{path}", timeout=30).json()
        except (requests.RequestException, ValueError):
            return None

    def ask(self, path: str, **body: Any) -> Any:
        """The server's answer to a question with a body, asked again while it is away."""
        for _ in range(60):
            with suppress(requests.RequestException):
                answer = requests.post(f"{self.url}/{path}", json=body, timeout=60)
                if answer.status_code < 500:
                    answer.raise_for_status()
                    return answer.json()
            time.sleep(1)
        raise AssertionError(f"the server does not answer: {self.log('server')}")

    def begin(self, deployment: str, parameters: Mapping[str, Any]) -> str:
        """The id of a flow run of that deployment that any worker may take up."""
        found = self.get(f"deployments/name/{deployment}")
        made = self.ask(f"deployments/{found['id']}/create_flow_run", parameters=dict(parameters))
        return str(made["id"])

    def state(self, run: str) -> dict[str, Any]:
        """The state of a flow run; that of one that is not known is empty."""
        found = self.get(f"flow_runs/{run}")
        return dict((found or {}).get("state") or {})

    def wait(self, run: str, seconds: float = 1_800) -> dict[str, Any]:
        """The state in which a flow run ended."""
        until(lambda: self.state(run).get("type") in FINAL, seconds, self.logs)
        return self.state(run)

    def flow_runs(self, flow: str) -> list[dict[str, Any]]:
        """Those of that flow, with their states."""
        return list(self.ask("flow_runs/filter", flows={"name": {"any_": [flow]}}, limit=200))

    def below(self, name: str) -> list[int]:
        """Process ids of the flow runs that a worker has started."""
        return descendants(self.processes[name].pid)

    def kill(self, name: str) -> None:
        """End a machine of a sudden: its process and all below it."""
        for pid in [self.processes[name].pid, *self.below(name)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.processes.pop(name).wait()

    def log(self, name: str) -> str:
        """The end of what a machine said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")[-4000:]

    def logs(self) -> str:
        """The ends of what all of them said."""
        return "\n".join(f"== {file.stem}\n{self.log(file.stem)}" for file in self.folder.glob("*.log"))

    def stop(self, name: str) -> None:
        """End a machine in good order."""
        process = self.processes.pop(name)
        children = descendants(process.pid)
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@contextmanager
def pool(folder: Path, variables: Mapping[str, str], **server: str) -> Iterator[Pool]:
    """A pool whose server has the deployments; no worker yet."""
    folder.mkdir()
    made = Pool(folder, variables)
    try:
        made.serve(**server)
        made.smith("deploy", "--cron", "none", "--lost-after", "60")
        yield made
    finally:
        for name in reversed(list(made.processes)):  # a worker whose server has gone waits for it
            made.stop(name)


def until(holds: Callable[[], bool], seconds: float, told: Callable[[], str]) -> None:
    """Come back once it holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, told()
        time.sleep(0.5)
