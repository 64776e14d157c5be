"""What `smith doctor` looks at: each check tells a status, what was found, and the remedy."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from smith_lib.errors import SmithError
from smith_lib.paths import folder_to_be
from smith_lib.settings import Settings

PACKAGES = ("prefect", "docker", "PyGithub", "pandas", "pyarrow", "libcst", "litellm", "great-expectations")
TOKENS = {
    "GITHUB_TOKEN": "GitHub sources are then limited to 60 requests an hour",
    "OPENAI_API_KEY": "only strategies that ask a model need one",
    "ANTHROPIC_API_KEY": "only strategies that ask a model need one",
}
DISK_GB = 10
MEMORY_SPARE_MB = 1_024


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at."""

    name: str
    status: str
    """ok, unset (fine where it is not needed), warn (something will not work or be slow) or missing."""
    found: str
    remedy: str = ""


def checks(settings: Settings) -> Iterator[Check]:
    """Every check, in the order they are shown."""
    yield from sandboxes(settings)
    yield python()
    yield git()
    yield from disk(settings)
    yield memory(settings)
    yield from tokens()
    yield prefect_api()
    yield from packages()
    yield index()


def sandboxes(settings: Settings) -> Iterator[Check]:
    """Every backend: does it answer, and is its base there?"""
    from smith_lib.sandbox.backends import BACKENDS
    from smith_lib.sources.table import cache_folder

    for kind, make in BACKENDS.items():
        sandbox = make(settings.environments, settings.sandbox, cache_folder(settings), 1)
        try:
            yield Check(kind, "ok", sandbox.check())
        except SmithError as error:
            yield Check(kind, "missing", *_told(error))
            continue
        try:
            yield Check(f"{kind}: base", "ok", sandbox.base())
        except SmithError as error:
            yield Check(f"{kind}: base", "missing", *_told(error))
        finally:
            sandbox.close()


def _told(error: SmithError) -> tuple[str, str]:
    """What is wrong, and what to do, where the message has the two with a semicolon between."""
    found, _, remedy = str(error).partition("; ")
    return found, remedy


def python() -> Check:
    """This interpreter."""
    return Check("python", "ok", f"{platform.python_version()} at {sys.executable}")


def git() -> Check:
    """git, which fetches sources."""
    remedy = "install git (Debian: apt-get install git)"
    try:
        ran = subprocess.run(["git", "--version"], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        return Check("git", "missing", str(error), remedy)
    return Check("git", "ok", ran.stdout.strip().removeprefix("git version "))


def disk(settings: Settings) -> Iterator[Check]:
    """Room where the output, the cache and temporary files go."""
    from smith_lib.sources.table import cache_folder

    places = {"disk: cache": cache_folder(settings), "disk: temporary": Path(tempfile.gettempdir())}
    if "://" not in settings.out:
        places = {"disk: out": folder_to_be(settings.out, "a root")} | places
    for name, place in places.items():
        there = place.absolute()
        while not there.exists():
            there = there.parent
        free = shutil.disk_usage(there).free / 1e9
        found = f"{free:.0f} GB free at {there}"
        if not os.access(there, os.W_OK):
            yield Check(
                name,
                "missing",
                f"{there} cannot be written to",
                "choose another place, or its owner's rights",
            )
        elif free < DISK_GB:
            yield Check(
                name, "warn", found, f"free some: {DISK_GB} GB and more are wanted for images and trees"
            )
        else:
            yield Check(name, "ok", found)


def memory(settings: Settings) -> Check:
    """Memory for as many sandboxes as the settings ask for."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = next(int(line.split()[1]) // 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return Check("memory", "warn", "cannot be told here")
    wanted = settings.workers * settings.sandbox.memory_mb + MEMORY_SPARE_MB
    found = f"{free:,} MiB free, {os.cpu_count()} processors"
    if free >= wanted:
        return Check("memory", "ok", found)
    most = f"{settings.workers} workers may take {wanted:,} MiB"
    return Check("memory", "warn", found, f"{most}: lower --workers or sandbox.memory_mb")


def tokens() -> Iterator[Check]:
    """Which secrets the environment holds; their values are never shown."""
    for name, without in TOKENS.items():
        present = bool(os.environ.get(name)) or (name == "GITHUB_TOKEN" and bool(os.environ.get("GH_TOKEN")))
        yield Check(name, "ok", "set") if present else Check(name, "unset", f"not set: {without}")


def prefect_api() -> Check:
    """The Prefect server that flows would report to."""
    import requests

    url = os.environ.get("PREFECT_API_URL")
    if not url:
        return Check("Prefect API", "ok", "PREFECT_API_URL is not set: each run starts a server of its own")
    try:
        answer = requests.get(f"{url.rstrip('/')}/health", timeout=5)
        answer.raise_for_status()
    except requests.RequestException as error:
        remedy = "start it (`smith deploy` or `prefect server start`), or unset PREFECT_API_URL"
        return Check("Prefect API", "missing", f"{url} does not answer: {type(error).__name__}", remedy)
    return Check("Prefect API", "ok", f"{url} answers")


def packages() -> Iterator[Check]:
    """The packages that the work rests on."""
    for name in PACKAGES:
        try:
            yield Check(f"package: {name}", "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            yield Check(f"package: {name}", "missing", "not installed", "install Smith again: `make setup`")


def index() -> Check:
    """Whether the package index that this machine is set up for answers."""
    import uv

    command = [uv.find_uv_bin(), "pip", "compile", "-q", "--no-deps", "--no-cache", "--no-header", "-"]
    remedy = (
        "check the network, UV_INDEX_URL and the proxy; only what is in the cache can be selected without it"
    )
    try:
        ran = subprocess.run(
            command, input="packaging", capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Check("package index", "warn", type(error).__name__, remedy)
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ["no answer"])[-1].strip()
        return Check("package index", "warn", last, remedy)
    return Check("package index", "ok", "answers")
