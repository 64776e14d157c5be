"""The sandbox of Linux namespaces: nothing to install but util-linux, the environment a virtual environment.

As root or as an ordinary user, what runs inside is an unprivileged user in a user namespace of its own, sees
the system's programs and libraries read-only, and shares no process, network, mount or IPC with the host.
"""

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path

from smith_lib.errors import EngineError, InputError, SandboxUnavailable
from smith_lib.sandbox import archive, cgroups, leftovers, rootfs, spawn
from smith_lib.sandbox.protocol import CLEAN, TESTBED, VENV, Ended, Environment, Job, Limits, Ran, hollowed
from smith_lib.sandbox.spawn import NamespacesSession

MOUNT = "smith-"
"""How the names of folders begin that are mounted on."""
_BUILD = """\
set -e
uv venv -q --no-cache --python "$1" --allow-existing /opt/venv
uv pip install --python /opt/venv --no-cache --no-deps -r /home/smith/requirements.txt
shift
[ $# = 0 ] || uv pip install --python /opt/venv --no-cache "$@"
/opt/venv/bin/python -m compileall -q /opt/venv/lib > /dev/null 2>&1 || true
"""


class NamespacesSandbox:
    """Processes in namespaces of their own, at most `slots` at the same time."""

    name = "namespaces"

    def __init__(self, cache: Path, slots: int) -> None:
        """With built environments below `cache`; nothing is written yet."""
        self._cache = cache / "environments"
        self._slots = threading.BoundedSemaphore(slots)
        self._closed = threading.Event()
        self._lock = threading.Lock()
        self._building = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()

    def check(self) -> str:
        """`util-linux 2.38.1, Linux 6.1`. Raises `SandboxUnavailable` where namespaces cannot be made."""
        unshare = shutil.which("unshare")
        if sys.platform != "linux" or unshare is None:
            raise SandboxUnavailable("no `unshare` on PATH; install util-linux (Linux only)")
        try:
            ran = self._spawn(rootfs.plan(), Job(("/bin/true",), cwd="/"), Limits(30, memory_mb=256))
        except EngineError as error:
            raise SandboxUnavailable(f"{error}{rootfs.remedy()}") from error
        if ran.exit_code != 0:
            said = ran.stderr.decode(errors="replace").strip()[-300:]
            raise SandboxUnavailable(f"namespaces cannot be made: {said}{rootfs.remedy()}")
        asked = [unshare, "--version"]
        version = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=False)
        cgroups.sweep()
        leftovers.sweep(MOUNT, r"\.[0-9a-f]{12}-", self._cache)
        return f"util-linux {version.stdout.split()[-1]}, Linux {os.uname().release}"

    def base(self) -> str:
        """The interpreter that environments are made from; raises `SandboxUnavailable` where none serves."""
        return rootfs.interpreter()

    def trial(self, tree: Path, job: Job, limits: Limits) -> Ran:
        """Run a command with the host's network, `uv`, an empty `/opt/venv` and a copy of `tree`."""
        memory = [(VENV, limits.disk_mb << 20, 0o755)]
        plan = rootfs.plan(network=True, memory=memory, binds=[(tree, CLEAN, False)], limits=limits)
        return self._limited(plan, job, limits)

    def build(self, environment: Environment, tree: Path, limits: Limits) -> str:
        """Make the virtual environment and the installed tree, unless they are there. Returns the log."""
        place = self._place(environment)
        with self._building:
            if place.is_dir():
                return ""
            place.parent.mkdir(parents=True, exist_ok=True)
            part = leftovers.made(f".{place.name[:12]}-", place.parent)
            try:
                log = self._install(environment, tree, part, limits)
                with contextlib.suppress(FileExistsError, OSError):  # another process was faster
                    part.rename(place)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        return log

    def has(self, environment: Environment) -> bool:
        """Whether it was built."""
        place = self._place(environment)
        with contextlib.suppress(OSError):
            os.utime(place)  # used today
        return place.is_dir()

    def without(self, environment: Environment, paths: Sequence[str]) -> Environment:
        """The environment without those files: a copy of its tree, its virtual environment linked."""
        hollow = hollowed(environment, paths)
        place, whole = self._place(hollow), self._place(environment)
        if not whole.is_dir():
            raise InputError(f"the environment {environment.image!r} was not built here")
        with self._building:
            if not place.is_dir():
                part = leftovers.made(f".{place.name[:12]}-", place.parent)
                part.chmod(0o755)
                try:
                    shutil.copytree(whole / "tree", part / "tree", symlinks=True)
                    for path in paths:
                        (part / "tree" / path).unlink(missing_ok=True)
                    (part / "venv").symlink_to(whole / "venv")
                    with contextlib.suppress(OSError):  # another process was faster
                        part.rename(place)
                finally:
                    shutil.rmtree(part, ignore_errors=True)
        return hollow

    def run(self, environment: Environment, job: Job, limits: Limits) -> Ran:
        """Run a command in a fresh copy of the environment, without network."""
        plan, merged = self._plan(environment, job, limits)
        return self._limited(plan, merged, limits)

    def _plan(self, environment: Environment, job: Job, limits: Limits) -> tuple[rootfs.Plan, Job]:
        place = self._place(environment)
        if not place.is_dir():
            raise InputError(f"the environment {environment.image!r} was not built here")
        merged = Job(job.command, job.files, job.stdin, {**dict(environment.environ), **job.environ}, job.cwd)
        binds = [(place / "venv", VENV, False), (place / "tree", CLEAN, False)]
        return rootfs.plan(binds=binds, limits=limits), merged

    def open(self, environment: Environment, job: Job, limits: Limits) -> NamespacesSession:
        """A command in a fresh copy of the environment that goes on until it is closed."""
        plan, merged = self._plan(environment, job, limits)
        mark = f"smith-{secrets.token_hex(8)}"
        packed = archive.pack(archive.members(job.files))
        with contextlib.ExitStack() as stack:
            mount_at = stack.enter_context(_mount_point())
            groups = stack.enter_context(_groups(limits))
            order = rootfs.order(plan, merged, limits, mount_at, len(packed), bool(groups), goes_on=True)
            head = json.dumps(order).encode()
            process = self._started(_command(plan, mark, groups))
            stack.callback(self._forget, process)
            stack.callback(spawn.kill, process)
            session = NamespacesSession(process, mark, stack.pop_all().close)
        try:
            session.send(b"%012d" % len(head) + head + packed)
        except BaseException:
            session.close()
            raise
        return session

    def turn(self) -> threading.BoundedSemaphore:
        """Held while something runs."""
        return self._slots

    def _forget(self, process: "subprocess.Popen[bytes]") -> None:
        with self._lock:
            self._running.discard(process)

    def close(self) -> None:
        """Kill everything of this object; later runs raise `SandboxUnavailable`."""
        self._closed.set()
        with self._lock:
            for process in self._running:
                spawn.kill(process)

    def _place(self, environment: Environment) -> Path:
        return self._cache / environment.digest

    def _install(self, environment: Environment, tree: Path, part: Path, limits: Limits) -> str:
        shutil.copytree(tree, part / "tree", symlinks=True)
        (part / "venv").mkdir()
        if os.geteuid() == 0:
            part.chmod(0o755)
            for path in (part / "venv", part / "tree", *(part / "tree").rglob("*")):
                os.chown(path, archive.UID, archive.UID, follow_symlinks=False)
        binds = [(part / "venv", VENV, True), (part / "tree", TESTBED, True)]
        plan = rootfs.plan(network=True, binds=binds, limits=limits)
        files = {"/home/smith/requirements.txt": environment.requirements.encode()}
        python = environment.base if environment.base.startswith("/") else environment.python
        command = ("/bin/sh", "-c", _BUILD, "sh", python, *environment.install)
        ran = self._limited(plan, Job(command, files, environ=dict(environment.environ)), limits, grows=part)
        log = (ran.stdout + ran.stderr).decode(errors="replace")
        if ran.ended is Ended.TIMEOUT:
            raise InputError(f"building {environment.image!r}: not finished after {limits.seconds:.0f} s")
        if ran.exit_code != 0:
            tail = "\n".join(log.splitlines()[-30:])
            how = f"{ran.ended}, exit code {ran.exit_code}"
            raise InputError(f"building {environment.image!r} failed ({how}):\n{tail}")
        return log

    def _limited(self, plan: rootfs.Plan, job: Job, limits: Limits, grows: Path | None = None) -> Ran:
        with self._slots:
            ran = self._spawn(plan, job, limits, grows)
        if self._closed.is_set():
            raise SandboxUnavailable("the sandbox was closed while a command ran in it")
        return ran

    def _spawn(self, plan: rootfs.Plan, job: Job, limits: Limits, grows: Path | None = None) -> Ran:
        mark = f"smith-{secrets.token_hex(8)}"
        packed = archive.pack(archive.members(job.files))
        with _mount_point() as mount_at, _groups(limits) as groups:
            order = rootfs.order(plan, job, limits, mount_at, len(packed), accounted=bool(groups))
            head = json.dumps(order).encode()
            sent = b"%012d" % len(head) + head + packed + job.stdin
            process = self._started(_command(plan, mark, groups))
            started = time.monotonic()

            def over() -> str:
                if not groups and spawn.resident_mb(process.pid) > limits.memory_mb:
                    return "killed: out of memory"
                if grows is not None and _size_mb(grows) > 4 * limits.disk_mb:
                    return "killed: out of disk"
                return ""

            try:
                need = not groups or grows is not None
                ran = spawn.watched(
                    process, sent, limits.seconds, limits.output_kb * 1024, over if need else None
                )
            finally:
                spawn.kill(process)
                self._forget(process)
        if ran.stderr.startswith(mark.encode()):
            said = ran.stderr.decode(errors="replace").partition(" ")[2].strip()
            raise EngineError(f"a sandbox of namespaces was not made ready: {said}")
        return Ran(ran.ended, ran.exit_code, ran.stdout, ran.stderr, time.monotonic() - started)

    def _started(self, command: list[str]) -> "subprocess.Popen[bytes]":
        with self._lock:
            if self._closed.is_set():
                raise SandboxUnavailable("the sandbox is closed")
            pipe, environ = subprocess.PIPE, {"PATH": os.defpath}
            process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=pipe, start_new_session=True, env=environ
            )
            self._running.add(process)
            return process


def _command(plan: rootfs.Plan, mark: str, groups: list[Path]) -> list[str]:
    """Join the control groups, then unshare, then our first process inside."""
    join = 'mark=$1; shift; while [ "$1" != -- ]; do echo $$ > "$1/cgroup.procs" || ' \
           '{ echo "$mark cannot join $1" >&2; exit 120; }; shift; done; shift; exec "$@"'  # fmt: skip
    unshare = [shutil.which("unshare") or "unshare", "--mount", "--pid", "--ipc", "--uts"]
    if os.geteuid() != 0:
        unshare += ["--user", "--map-root-user"]
    if not plan.network:
        unshare.append("--net")
    init = str(files("smith_lib.sandbox") / "inside" / "init.py")
    return ["/bin/sh", "-c", join, "sh", mark, *map(str, groups), "--", *unshare,
            sys.executable, "-I", "-S", "-B", init, mark]  # fmt: skip


@contextlib.contextmanager
def _mount_point() -> Iterator[str]:
    """An empty folder; what is mounted on it is seen only inside."""
    place = leftovers.made(MOUNT)
    try:
        yield str(place)
    finally:
        with contextlib.suppress(OSError):
            place.rmdir()


@contextlib.contextmanager
def _groups(limits: Limits) -> Iterator[list[Path]]:
    made = cgroups.make(limits.memory_mb, limits.processes)
    try:
        yield made
    finally:
        cgroups.remove(made)


def _size_mb(folder: Path) -> int:
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += Path(parent, name).lstat().st_blocks
    return total >> 11

