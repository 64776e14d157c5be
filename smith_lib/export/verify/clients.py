"""The clients' environments: one each, made when it is wanted, from a lock with hashes."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from smith_lib.errors import InputError, NetworkError
from smith_lib.sources.index import index_url

LEAST = (3, 12)
"""The oldest Python that all clients run on."""
DONE = ".complete"
SECONDS = 1_800


def lock_of(client: str) -> Path:
    """The client's lock. Raises `InputError` where the checkout, or the package, lacks it."""
    here = Path(__file__).resolve()
    for place in (here.parents[1] / "requirements", here.parents[3] / "requirements"):
        if (found := place / f"{client}.lock").is_file():
            return found
    raise InputError(f"no requirements/{client}.lock beside Smith; `make lock` in a checkout makes it")


def client_in(cache: Path, client: str) -> Path:
    """The folder of the client's environment in the cache, made where it is not there.

    Raises `InputError` where there is no Python for it, `NetworkError` where its packages cannot be had.
    """
    lock = lock_of(client)
    key = hashlib.sha256(lock.read_bytes()).hexdigest()[:12]
    place = cache / "clients" / f"{client}-{key}"
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.with_suffix(".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (place / DONE).is_file():
            shutil.rmtree(place, ignore_errors=True)
            _install(place, lock, interpreter())
            (place / DONE).touch()
    return place


def interpreter() -> str:
    """A Python that is new enough for every client. Raises `InputError` where there is none."""
    for python in _interpreters():
        try:
            words = [python, "-I", "-c", f"import sys; sys.exit(sys.version_info < {LEAST})"]
            ran = subprocess.run(words, capture_output=True, timeout=30, check=False)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if ran.returncode == 0:
            return python
    wanted = ".".join(map(str, LEAST))
    raise InputError(f"the client needs Python {wanted} or newer, and PATH has none: install python{wanted}")


def _interpreters() -> Iterator[str]:
    yield sys.executable
    names = [f"python3.{minor}" for minor in range(14, LEAST[1] - 1, -1)]
    yield from (found for name in names if (found := shutil.which(name)))
    root = os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv"
    yield from map(str, sorted(Path(root).glob("versions/3.*/bin/python"), reverse=True))


def _install(place: Path, lock: Path, python: str) -> None:
    import uv

    here = {"UV_CONSTRAINT": "", "VIRTUAL_ENV": str(place), "UV_DEFAULT_INDEX": index_url()}
    for words in (
        ["venv", "--quiet", "--no-project", "--python", python, str(place)],
        ["pip", "sync", "--quiet", "--require-hashes", str(lock)],
    ):
        ran = subprocess.run(
            [uv.find_uv_bin(), *words], env={**os.environ, **here}, capture_output=True, text=True,
            timeout=SECONDS, check=False,
        )  # fmt: skip
        if ran.returncode:
            last = "\n".join(ran.stderr.strip().splitlines()[-5:])
            raise NetworkError(f"the environment of {lock.stem!r} cannot be made in {place}: {last}")
