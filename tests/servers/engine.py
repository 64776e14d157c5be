"""A Docker engine of its own: its data, socket and containers apart from those of the machine's engine."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

BASE = "smith-base:bookworm"


@dataclass
class Engine:
    """One that may be stopped and started again."""

    folder: Path
    """Below a short path: a socket's is limited to 107 characters."""
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def host(self) -> str:
        """What `DOCKER_HOST` is for it."""
        return f"unix://{self.folder}/docker.sock"

    def start(self) -> None:
        """Start it and wait until it answers."""
        (self.folder / "docker.pid").unlink(missing_ok=True)
        options = {"data-root": "data", "exec-root": "run", "pidfile": "docker.pid"}
        words = [f"--{name}={self.folder / place}" for name, place in options.items()]
        words += [f"--host={self.host}", "--bridge=none", "--iptables=false", "--ip-forward=false"]
        with (self.folder / "dockerd.log").open("ab") as log:
            given = {"stdout": log, "stderr": log, "start_new_session": True}
            self.process = subprocess.Popen(["dockerd", *words], **given)
        deadline = time.monotonic() + 60
        while self.docker("version", check=False).returncode:
            assert self.process.poll() is None and time.monotonic() < deadline, self.log()
            time.sleep(0.2)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it and its containers."""
        if self.process is not None:
            self.process.send_signal(how)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
            if how == signal.SIGKILL:  # what it had started is left behind
                with suppress(ProcessLookupError):
                    os.killpg(self.process.pid, signal.SIGKILL)
            self.process = None

    def docker(self, *words: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """A command of Docker's own client."""
        command = ["docker", "--host", self.host, *words]
        return subprocess.run(command, capture_output=True, text=True, check=check, timeout=120)

    def log(self) -> str:
        """The end of what it said."""
        return (self.folder / "dockerd.log").read_text(errors="replace")[-3000:]


@contextmanager
def engine() -> Iterator[Engine]:
    """A running one with the base image of the machine's engine."""
    folder = Path(tempfile.mkdtemp(prefix="smith-engine-"))
    made = Engine(folder)
    try:
        made.start()
        load = ["docker", "--host", made.host, "load"]
        with subprocess.Popen(["docker", "save", BASE], stdout=subprocess.PIPE) as save:
            subprocess.run(load, stdin=save.stdout, check=True, capture_output=True, timeout=300)
        assert save.returncode == 0
        yield made
    finally:
        made.stop()
        for place in sorted(folder.glob("data/overlay2/*/merged")):
            subprocess.run(["umount", "-l", place], check=False, capture_output=True)
        shutil.rmtree(folder, ignore_errors=True)
