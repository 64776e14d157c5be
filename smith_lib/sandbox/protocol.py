"""What every sandbox can do. The command's failure is a value; the sandbox's own is an `EngineError`.

Inside, whatever the backend: the repository's tree is at `/testbed`, its virtual environment at
`/opt/venv`, `/tmp` is writable and empty, the user is unprivileged, there is no network (but for
builds), and nothing of the host is there but what the run needs.
"""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Protocol

TESTBED = "/testbed"
VENV = "/opt/venv"
CLEAN = "/opt/smith/clean"
"""Where a sandbox keeps the clean tree, read-only, from which each run's `/testbed` is made."""


class Ended(StrEnum):
    """How a command came to its end."""

    EXITED = "exited"
    TIMEOUT = "timeout"
    """Killed for taking too long."""
    KILLED = "killed"
    """Killed by something else, most often the memory limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a command in a sandbox may use."""

    seconds: float
    memory_mb: int = 2_048
    processes: int = 256
    disk_mb: int = 1_024
    output_kb: int = 1_024
    """Of each of standard output and error; the rest is read and dropped."""


@dataclass(frozen=True, slots=True)
class Job:
    """One command in a fresh sandbox."""

    command: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Absolute path to content, written (owned by the sandbox's user) before the command starts."""
    stdin: bytes = b""
    environ: Mapping[str, str] = field(default_factory=dict)
    cwd: str = TESTBED


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of a command."""

    ended: Ended
    exit_code: int
    """-1 unless it exited by itself."""
    stdout: bytes
    stderr: bytes
    seconds: float


@dataclass(frozen=True, slots=True)
class Environment:
    """What an installed repository is made from; everything needed to rebuild it."""

    repo_id: str
    base: str
    """The base image's name, or the interpreter's path for namespaces."""
    python: str
    """Interpreter to make the virtual environment from, as found in the base, e.g. `python3.11`."""
    requirements: str
    """Frozen, one `name==version` a line."""
    install: tuple[str, ...]
    """uv pip arguments that install the project itself without its dependencies, or empty for none."""
    environ: tuple[tuple[str, str], ...]
    """Variables set while installing and running."""
    dockerfile: str
    digest: str
    """sha256 over all of the above and the commit; the same on any machine."""
    image: str
    """`smith/<project>:<digest12>`."""


def hollowed(environment: Environment, paths: Sequence[str]) -> Environment:
    """The name and digest of the environment without those files of its clean tree."""
    made_from = "\0".join((environment.digest, *sorted(set(paths))))
    digest = hashlib.sha256(made_from.encode("utf-8", "surrogateescape")).hexdigest()
    return replace(environment, digest=digest, image=f"{environment.image}-{digest[:12]}")


class Session(Protocol):
    """A command in a sandbox that goes on, and is talked to over its standard input and output."""

    def send(self, data: bytes) -> None:
        """Write to its standard input. Raises `EngineError` where it has ended or takes nothing."""
        ...

    def receive(self, seconds: float) -> bytes:
        """What it wrote since the last time; waits for some. Empty once it has ended.

        Raises `TimeoutError` after so many seconds without any.
        """
        ...

    def close(self) -> None:
        """Kill it and everything that it started. Safe to call twice."""
        ...


class Sandbox(Protocol):
    """A backend."""

    name: str

    def check(self) -> str:
        """The backend's version, in words. Raises `SandboxUnavailable` with the remedy where it can't run."""
        ...

    def base(self) -> str:
        """The base's identity, made ready to run trials in. Raises `SandboxUnavailable` with the remedy."""
        ...

    def trial(self, tree: Path, job: Job, limits: Limits) -> Ran:
        """Run a command in a fresh base with network, `uv`, and a writable copy of `tree` at `/testbed`."""
        ...

    def build(self, environment: Environment, tree: Path, limits: Limits) -> str:
        """Make the environment with the clean `tree` in it, once; later calls find it. Returns the log.

        Raises `EngineError` where the engine failed and `InputError` with the log's last lines where the
        install did.
        """
        ...

    def has(self, environment: Environment) -> bool:
        """Whether the environment is there."""
        ...

    def without(self, environment: Environment, paths: Sequence[str]) -> Environment:
        """The environment with those files of its clean tree, relative, in no place; made once.

        Raises `InputError` where the environment was not built here.
        """
        ...

    def run(self, environment: Environment, job: Job, limits: Limits) -> Ran:
        """Run a command in a fresh copy of the environment, without network."""
        ...

    def open(self, environment: Environment, job: Job, limits: Limits) -> Session:
        """A command in a fresh copy of the environment, without network, that goes on until it is closed.

        `limits.seconds` do not count for it, and `job.stdin` must be empty. It waits for no turn: whoever
        has it at work takes one meanwhile.
        """
        ...

    def turn(self) -> AbstractContextManager[object]:
        """Held while something runs; at most as many at the same time as the sandbox was opened for."""
        ...

    def close(self) -> None:
        """End everything that this object still runs. Safe to call at any time, from any thread."""
        ...
