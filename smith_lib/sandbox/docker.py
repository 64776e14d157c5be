"""The sandbox in a Docker engine: one fresh container a run, ended by killing, never by waiting."""

import contextlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from smith_lib.errors import EngineError, InputError, SandboxUnavailable
from smith_lib.sandbox import archive, docker_images, docker_registry, machine
from smith_lib.sandbox.docker_attach import Attached, DockerSession
from smith_lib.sandbox.protocol import CLEAN, TESTBED, VENV, Ended, Environment, Job, Limits, Ran, hollowed

REMEDY = "start Docker (scripts/start-engine does), or set DOCKER_HOST"
FIRST_ANSWER = 8
"""Seconds that an engine has to say which version it is."""
_STDIN = "tmp/.smith-stdin"
# Reads an archive of whole records from standard input, then becomes the command with its own input.
_PREPARE = """\
mark=$1; records=$2; clean=$3; cwd=$4; shift 4
fail() { echo "$mark $1" >&2; exit 120; }
[ -z "$clean" ] || cp -a "$clean/." /testbed/ || fail "the tree does not fit into /testbed"
dd bs=10240 count="$records" iflag=fullblock status=none | tar -xf - -C / || fail "files could not be written"
cd "$cwd" || fail "no folder $cwd"
[ ! -e /tmp/.smith-stdin ] || { exec < /tmp/.smith-stdin && rm /tmp/.smith-stdin; } || fail "no input"
exec "$@"
"""


class DockerSandbox:
    """Containers of one engine, at most `slots` at the same time."""

    name = "docker"

    def __init__(self, base_image: str, slots: int, timeout: int = 120, registry: str = "") -> None:
        """For the engine that `DOCKER_HOST` names, or the local one; nothing is contacted yet."""
        self._base_image, self._registry = base_image, registry
        self._slots = threading.BoundedSemaphore(slots)
        self._timeout = timeout
        self._labels = {"smith": "1", "smith.run": f"{os.getpid()}-{secrets.token_hex(8)}",
                        "smith.machine": machine.identity()}
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._building = threading.Lock()
        self._client: Any = None
        self._tools = ""

    def check(self) -> str:
        """`Docker 20.10.24`. Raises `SandboxUnavailable` where no engine answers."""
        import docker.errors
        import requests

        try:
            _knock()
            found = self._api().version()
        except (docker.errors.DockerException, requests.RequestException, OSError) as error:
            problem = f"no Docker engine answers at {_where()} ({_why(error)})"
            raise SandboxUnavailable(f"{problem}; {REMEDY}") from error
        self.sweep()
        return f"Docker {found['Version']}"

    def base(self) -> str:
        """The image that trials run on and environments are built on: the base with our tools on it."""
        with self._building, self._engine("making the base ready"):
            if not self._tools:
                self._tools = docker_images.tools(self._api(), self._base_image, self._image_labels())
            return self._tools

    def trial(self, tree: Path, job: Job, limits: Limits) -> Ran:
        """Run a command on the base, with the host's network and a copy of `tree` at `/testbed`."""
        parts = [*archive.tree_members(tree, TESTBED), *archive.members(job.files)]
        return self._contain(self.base(), "", parts, job, limits, network="host")

    def build(self, environment: Environment, tree: Path, limits: Limits) -> str:
        """Pull the environment's image, or build it, unless it is there. Returns the log."""
        if self.has(environment):
            return ""
        with self._building, self._engine(f"pulling {environment.image!r}"):
            if self._registry and docker_registry.pulled(self._api(), environment, self._registry):
                return f"pulled from {self._registry}\n"
        base = self.base()
        with self._building, self._engine(f"building {environment.image!r}"):
            if self.has(environment):
                return ""
            labels = self._image_labels() | {"smith.repo": environment.repo_id}
            text = docker_images.environment_image(self._api(), environment, base, tree, labels, limits)
            if self._registry:
                docker_registry.pushed(self._api(), environment, self._registry)
            return text

    def has(self, environment: Environment) -> bool:
        """Whether the image is there and was made from the same digest."""
        with self._engine("looking for an image"):
            image = docker_images.running(environment)
            return docker_images.label(self._api(), image, "smith.digest") == environment.digest

    def without(self, environment: Environment, paths: Sequence[str]) -> Environment:
        """The environment without those files, as an image with one more layer."""
        hollow = hollowed(environment, paths)
        if not self.has(hollow):
            with self._building, self._engine(f"taking files out of {environment.image!r}"):
                docker_images.image_without(self._api(), environment, hollow, paths, self._image_labels())
        return hollow

    def run(self, environment: Environment, job: Job, limits: Limits) -> Ran:
        """Run a command in a fresh container of the environment, without network."""
        merged = Job(job.command, job.files, job.stdin, {**dict(environment.environ), **job.environ}, job.cwd)
        parts = list(archive.members(job.files))
        image = docker_images.running(environment)
        return self._contain(image, CLEAN, parts, merged, limits, network="none")

    def open(self, environment: Environment, job: Job, limits: Limits) -> DockerSession:
        """A command in a fresh container of the environment that goes on until it is closed."""
        merged = Job(job.command, job.files, b"", {**dict(environment.environ), **job.environ}, job.cwd)
        image = docker_images.running(environment)
        packed = archive.pack(iter(list(archive.members(job.files))))
        with self._engine(f"starting a session in {image!r}"):
            container, mark = self._created(image, CLEAN, packed, merged, limits, "none")
            streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            try:
                wire = self._api().attach_socket(container, params=streams)
                session = DockerSession(wire, packed, mark, lambda: self._ended(container))
                self._api().start(container)
            except BaseException:
                _force_remove(self._api(), container)
                raise
        return session

    def turn(self) -> threading.BoundedSemaphore:
        """Held while something runs."""
        return self._slots

    def _ended(self, container: str) -> None:
        with contextlib.suppress(EngineError, SandboxUnavailable), self._engine("ending a session"):
            _force_remove(self._api(), container)

    def _created(
        self, image: str, clean: str, packed: bytes, job: Job, limits: Limits, network: str
    ) -> tuple[str, str]:
        """A container that is not started, and the mark of what its preparation says."""
        mark = f"smith-{secrets.token_hex(8)}"
        prepare = ["/bin/sh", "-c", _PREPARE, "sh", mark, str(len(packed) // archive.RECORD), clean, job.cwd]
        if self._closed.is_set():
            raise SandboxUnavailable("the sandbox is closed")
        api = self._api()
        made = api.create_container(
            image, list(job.command), entrypoint=prepare, labels=self._labels, stdin_open=True,
            hostname="sandbox", user=f"{archive.UID}:{archive.UID}", working_dir="/",
            environment=_environ(job.environ, network),
            host_config=_host_config(api, limits, network, trial=not clean),
        )  # fmt: skip
        return str(made["Id"]), mark

    def close(self) -> None:
        """Kill and remove every container of this object; later runs raise `SandboxUnavailable`."""
        self._closed.set()
        if self._client is None:
            return
        with contextlib.suppress(EngineError, SandboxUnavailable), self._engine("ending containers"):
            _remove(self._api(), {"label": f"smith.run={self._labels['smith.run']}"})
        self._client.close()

    def import_archive(self, data: Iterator[bytes], repository: str, tag: str, changes: list[str]) -> str:
        """The id of a new image with the files of a tar archive."""
        with self._engine(f"importing {repository}:{tag}"):
            return docker_images.imported(self._api(), data, repository, tag, changes)

    def sweep(self) -> None:
        """Remove the containers that processes of this machine left when they died."""
        with self._engine("looking for containers left behind"):
            for found in self._api().containers(all=True, filters={"label": "smith.run"}):
                labels = found["Labels"]
                pid = labels["smith.run"].partition("-")[0]
                ours = labels.get("smith.machine") == self._labels["smith.machine"]
                if ours and pid.isdigit() and not machine.alive(int(pid)):
                    _force_remove(self._api(), found["Id"])

    def _contain(
        self, image: str, clean: str, parts: list[Any], job: Job, limits: Limits, network: str
    ) -> Ran:
        parts.append(archive.member(_STDIN, job.stdin, 0o600))
        packed = archive.pack(iter(parts))
        with self._slots, self._engine(f"running in {image!r}"):
            started = time.monotonic()
            container, mark = self._created(image, clean, packed, job, limits, network)
            api = self._api()
            try:
                ran = self._attached(api, container, packed, limits, started)
            finally:
                _force_remove(api, container)
        if self._closed.is_set():
            raise SandboxUnavailable("the sandbox was closed while a command ran in it")
        if ran.stderr.startswith(mark.encode()) or (ran.exit_code == 120 and mark.encode() in ran.stderr):
            raise EngineError(f"a container of {image!r} was not made ready: {_text(ran.stderr)}")
        return ran

    def _attached(self, api: Any, container: str, packed: bytes, limits: Limits, started: float) -> Ran:
        streams = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        wire = Attached(api.attach_socket(container, params=streams), packed, limits.output_kb * 1024)
        try:
            api.start(container)
            if self._closed.is_set():
                raise SandboxUnavailable("the sandbox is closed")
            begun = time.monotonic()
            in_time = wire.pump(begun + limits.seconds)
            if in_time:  # streams can be closed by a command that goes on
                in_time = _exited(api, container, begun + limits.seconds)
            if not in_time:
                _kill(api, container)
                wire.pump(time.monotonic() + 5)
                return Ran(Ended.TIMEOUT, -1, wire.stdout, wire.stderr, time.monotonic() - started)
            seconds = time.monotonic() - started
            state = api.inspect_container(container)["State"]
            killed = state["ExitCode"] == 137 or state["ExitCode"] < 0
            if killed:
                return Ran(Ended.KILLED, -1, wire.stdout, wire.stderr, seconds)
            return Ran(Ended.EXITED, int(state["ExitCode"]), wire.stdout, wire.stderr, seconds)
        finally:
            wire.close()

    def _image_labels(self) -> dict[str, str]:
        return {"smith": "1"}

    def _api(self) -> Any:
        with self._lock:
            if self._client is None:
                import docker

                # An engine that takes the call and says nothing is none; one that has answered may take long.
                made = docker.from_env(timeout=min(FIRST_ANSWER, self._timeout), max_pool_size=64).api
                made.timeout = self._timeout
                self._client = made
            return self._client

    @contextlib.contextmanager
    def _engine(self, doing: str) -> Iterator[None]:
        """Turns what the engine or the way to it throws into an `EngineError` that says what was done."""
        import docker.errors
        import requests

        try:
            yield
        except docker.errors.ImageNotFound as error:
            raise InputError(f"{doing}: no such image; was its environment built? ({_why(error)})") from error
        except (docker.errors.DockerException, requests.RequestException, OSError) as error:
            if self._closed.is_set():
                raise SandboxUnavailable("the sandbox was closed while a command ran in it") from error
            raise EngineError(f"the Docker engine failed while {doing}: {_why(error)}") from error


def _where() -> str:
    return os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def _knock() -> None:
    """Raises `OSError` where a local engine's socket is not answered (docker's client would leak one)."""
    if _where().startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(_where().removeprefix("unix://"))


def _environ(extra: Any, network: str) -> dict[str, str]:
    values = {"HOME": "/home/smith", "USER": "smith", "LANG": "C.UTF-8", "VIRTUAL_ENV": VENV,
              "PATH": f"{VENV}/bin:/usr/local/bin:/usr/bin:/bin"}
    if network != "none":
        values |= {name: value for name in docker_images.PROXIES if (value := os.environ.get(name))}
    return values | dict(extra)


def _host_config(api: Any, limits: Limits, network: str, trial: bool) -> Any:
    from docker.types import LogConfig, Ulimit

    memory = limits.memory_mb << 20
    disk = f"rw,exec,nosuid,nodev,uid={archive.UID},gid={archive.UID},size={limits.disk_mb << 20}"
    small = disk.replace(f"size={limits.disk_mb << 20}", f"size={min(limits.disk_mb, 256) << 20}")
    mounts = {TESTBED: f"{disk},mode=0755", "/tmp": f"{disk},mode=1777", "/home/smith": f"{small},mode=0755"}
    if trial:  # what is installed and downloaded counts as disk, not as the command's memory
        mounts |= {VENV: f"{disk},mode=0755", "/home/smith": f"{disk},mode=0755"}
        memory += limits.disk_mb << 20
    return api.create_host_config(
        network_mode=network, cap_drop=["ALL"], security_opt=["no-new-privileges"], read_only=True,
        mem_limit=memory, memswap_limit=memory, mem_swappiness=None, pids_limit=limits.processes,
        nano_cpus=1_000_000_000, tmpfs=mounts, log_config=LogConfig(type="none"), ipc_mode="private",
        extra_hosts={"sandbox": "127.0.0.1"},
        ulimits=[Ulimit(name="core", soft=0, hard=0), Ulimit(name="nofile", soft=4096, hard=4096)],
    )


def _exited(api: Any, container: str, deadline: float) -> bool:
    import requests

    try:
        api.wait(container, timeout=max(1, round(deadline - time.monotonic())))
    except requests.RequestException:
        if time.monotonic() < deadline:
            raise
        return False
    return True


def _kill(api: Any, container: str) -> None:
    import docker.errors

    with contextlib.suppress(docker.errors.APIError):  # it may have ended by itself just now
        api.kill(container)


def _force_remove(api: Any, container: str) -> None:
    import docker.errors

    try:
        api.remove_container(container, v=True, force=True)
    except docker.errors.NotFound:
        return
    except docker.errors.APIError as error:
        if error.status_code != 409:  # 409: its removal is under way
            raise


def _remove(api: Any, filters: dict[str, str]) -> None:
    for found in api.containers(all=True, quiet=True, filters=filters):
        _force_remove(api, found["Id"])


def _text(data: bytes) -> str:
    return data.decode(errors="replace").strip()[-500:]


def _why(error: BaseException) -> str:
    return " ".join(str(getattr(error, "explanation", None) or error).split())[:300]
