"""A base image made from Debian's packages, for machines that cannot pull one."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from smith_lib.errors import EngineError, InputError, SandboxUnavailable
from smith_lib.sandbox import certificates
from smith_lib.sandbox.docker import DockerSandbox

PACKAGES = ("python3", "python3-venv", "python3-dev", "gcc", "libc6-dev", "git", "make", "ca-certificates")
_EMPTIED = ("var/lib/apt/lists", "var/cache/apt", "var/cache/debconf", "var/log", "usr/share/doc",
            "usr/share/man", "usr/share/info", "usr/share/locale", "tmp")  # fmt: skip
_CHUNK = 1 << 20


def make(
    name: str, suite: str = "bookworm", packages: Sequence[str] = PACKAGES,
    report: Callable[[str], None] = lambda line: None, mirror: str | None = None, seconds: float = 1_800,
    pythons: Sequence[Path] = (),
) -> str:  # fmt: skip
    """The id of a new image `name`: a minimal Debian of this suite with these packages.

    `pythons` are further interpreters, by the folders that they are installed in here. Packages come from
    debootstrap's own default mirror unless one is given. Raises `SandboxUnavailable` where something must be
    installed first, `InputError` where debootstrap or a Python fails, `EngineError` where the engine does.
    """
    if os.geteuid() != 0:
        raise SandboxUnavailable("making a base image takes root: run it with sudo, or pull an image instead")
    if shutil.which("debootstrap") is None:
        raise SandboxUnavailable("no debootstrap on PATH; `apt-get install debootstrap` brings it")
    engine = DockerSandbox(name, slots=1)
    report(engine.check())
    folder = Path(tempfile.mkdtemp(prefix="smith-base-"))
    try:
        root = folder / "root"
        include = f"--include={','.join(packages)}"
        place = [str(root), *([mirror] if mirror else [])]
        _follow(["debootstrap", "--variant=minbase", include, suite, *place], report, seconds)
        _tidy(root)
        if (bundle := certificates.bundle()) is not None:
            _put(root, str(certificates.SYSTEM), bundle)
        for path, data in certificates.configuration().items():
            _put(root, path, data)
        for prefix in pythons:
            report(f"adding {put_python(root, prefix)}")
        if pythons:
            subprocess.run(["chroot", str(root), "/sbin/ldconfig"], check=True, timeout=60)
        for prefix in pythons:
            _try_python(root, prefix)
        report("importing the image into the engine")
        return _imported(engine, root, name)
    finally:
        engine.close()
        shutil.rmtree(folder, ignore_errors=True)


def put_python(root: Path, prefix: Path) -> str:
    """Copy an installed Python (the folder that holds its `bin` and `lib`) into a tree; its command's name.

    `ldconfig` has to be run in the tree afterwards. Raises `InputError` where the folder holds none.
    """
    found = sorted(prefix.glob("lib/python3.*/os.py"))
    name = found[0].parent.name if found else ""
    if not found or not (prefix / "bin" / name).is_file():
        raise InputError(f"{prefix} holds no Python: no bin/python3.X with a lib/python3.X beside it")
    unneeded = shutil.ignore_patterns("__pycache__", "test", "idlelib", "*.a")
    place = root / "usr/local"
    for part in (f"lib/{name}", f"include/{name}"):
        if (prefix / part).is_dir():
            shutil.copytree(prefix / part, place / part, symlinks=True, ignore=unneeded, dirs_exist_ok=True)
    for file in (prefix / "bin" / name, *prefix.glob(f"lib/lib{name}*.so*")):
        copy = place / file.relative_to(prefix)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy, follow_symlinks=False)
    return name


def _try_python(root: Path, prefix: Path) -> None:
    name = sorted(prefix.glob("lib/python3.*/os.py"))[0].parent.name
    tried = subprocess.run(
        ["chroot", str(root), f"/usr/local/bin/{name}", "-c", "import ctypes, ssl, zlib"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if tried.returncode != 0:
        last = (tried.stderr.strip().splitlines() or ["no output"])[-1]
        raise InputError(f"{prefix} does not run on this Debian: {last}")


def _put(root: Path, path: str, data: bytes) -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)


def _follow(command: list[str], report: Callable[[str], None], seconds: float) -> None:
    """Run it and report its lines; its whole process group ends with it, in time or not."""
    environ = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace", start_new_session=True, env=environ,
    )  # fmt: skip
    assert process.stdout
    last: list[str] = []
    try:
        with _alarm(process, seconds):
            for line in process.stdout:
                last = [*last[-9:], line.rstrip()]
                report(line.rstrip().removeprefix("I: "))
        code = process.wait(30)
    finally:
        _end(process)
        process.stdout.close()
    if code != 0:
        raise InputError(f"debootstrap failed (exit code {code}):\n" + "\n".join(last))


@contextlib.contextmanager
def _alarm(process: "subprocess.Popen[str]", seconds: float) -> Iterator[None]:
    timer = threading.Timer(seconds, _end, [process])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end(process: "subprocess.Popen[Any]") -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


def _tidy(root: Path) -> None:
    """Take out what no test needs."""
    for name in _EMPTIED:
        for path in (root / name).glob("*"):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
    (root / "etc/machine-id").write_text("")
    (root / "var/cache/apt/archives/partial").mkdir(parents=True, exist_ok=True)


def _imported(engine: DockerSandbox, root: Path, name: str) -> str:
    """Stream the tree into the engine; the image's id."""
    repository, _, tag = name.rpartition(":") if ":" in name.rpartition("/")[2] else (name, "", "latest")
    pack = ["tar", "-c", "--numeric-owner", "--one-file-system", "--sort=name", "-C", str(root),
            "--exclude=./proc/*", "--exclude=./sys/*", "--exclude=./dev/*", "."]  # fmt: skip
    process = subprocess.Popen(pack, stdout=subprocess.PIPE, start_new_session=True)
    assert process.stdout
    try:
        made = engine.import_archive(_chunks(process.stdout), repository, tag, ["ENV LANG=C.UTF-8"])
        code = process.wait(60)
    finally:
        _end(process)
        process.stdout.close()
    if code != 0:
        raise EngineError(f"packing the base image failed: tar ended with {code}")
    return made


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while data := stream.read(_CHUNK):
        yield data
