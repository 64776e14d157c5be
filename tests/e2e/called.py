"""`smith` in a process of its own, and what such a process leaves behind."""

import json
import os
import subprocess
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import lacking


@dataclass(frozen=True)
class Called:
    """A call that has ended."""

    pid: int
    code: int
    document: dict[str, Any]
    """What `--json` printed."""
    errors: str


@dataclass(frozen=True)
class Place:
    """Where calls work: Prefect's home, caches and temporary files are below one folder."""

    folder: Path

    def start(self, *words: str | Path) -> "subprocess.Popen[str]":
        """A call that has begun."""
        own = {"PREFECT_HOME": "prefect", "XDG_CACHE_HOME": "cache", "TMPDIR": "tmp"}
        environ = {k: v for k, v in os.environ.items() if k != "PREFECT_API_URL"}
        for name, folder in own.items():
            (self.folder / folder).mkdir(exist_ok=True)
            environ[name] = str(self.folder / folder)
        command = [sys.executable, "-c", "from smith_lib.cli import main; main()", *map(str, words), "--json"]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=self.folder, env=environ)

    def call(self, *words: str | Path, seconds: float = 500) -> Called:
        """A call waited for."""
        return ended(self.start(*words), seconds)

    def temporary(self) -> list[str]:
        """What calls left among the temporary files."""
        return [path.name for path in (self.folder / "tmp").iterdir() if path.name.startswith("smith")]


def ended(process: "subprocess.Popen[str]", seconds: float) -> Called:
    """A call waited for; it is killed where it takes longer."""
    try:
        out, errors = process.communicate(timeout=seconds)
    finally:
        process.kill()
    return Called(process.pid, process.returncode, json.loads(out), errors)


def running(pid: int, marks: Sequence[str] = ()) -> list[str]:
    """Containers of that process, and processes in its control groups or with a mark for an argument."""
    found = [] if lacking("docker") else _containers(pid)
    for place in Path("/proc").glob("[0-9]*"):
        try:
            words = (place / "cmdline").read_bytes().decode(errors="replace").split("\0")
            groups = (place / "cgroup").read_text()
        except OSError:  # it ended meanwhile
            continue
        if f"smith-{pid}-" in groups or any(mark in words for mark in marks):
            found.append(" ".join(words))
    return found


def _containers(pid: int) -> list[str]:
    import docker

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # docker's client leaves a socket open
        client = docker.from_env()
        try:
            all_of_smith = client.api.containers(all=True, filters={"label": "smith=1"})
        finally:
            client.close()
    ours = [c for c in all_of_smith if c["Labels"].get("smith.run", "").startswith(f"{pid}-")]
    return [f"container {c['Id'][:12]}: {c['Status']}" for c in ours]


def published(document: Mapping[str, Any]) -> dict[str, bytes]:
    """The data files of the version that a run published."""
    files = sorted(Path(document["path"], "data").glob("*.parquet"))
    return {file.name: file.read_bytes() for file in files}
