"""The Prefect server that the flows are deployed to: where it is, whether it answers, one started here."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_HOME,
    PREFECT_SERVER_API_HOST,
    PREFECT_SERVER_API_PORT,
    temporary_settings,
)

from smith_lib.errors import MachineryError, NetworkError

HERE = ("127.0.0.1", "localhost", "::1", "0.0.0.0")
"""Hosts at which a server can be started by this machine."""
STARTING = 180.0
"""Seconds that a server may take to answer: 10 s of processor time, and more where much else runs."""


def api() -> str:
    """The URL that Prefect's settings name, else that at which `prefect server start` listens."""
    here = f"http://{PREFECT_SERVER_API_HOST.value()}:{PREFECT_SERVER_API_PORT.value()}/api"
    return str(PREFECT_API_URL.value() or here).rstrip("/")


@contextmanager
def client(url: str) -> Iterator[SyncPrefectClient]:
    """A client of the server at that URL, with what else Prefect's settings say (keys, headers)."""
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as found:
        yield found


def answers(url: str) -> bool:
    """Whether a Prefect server answers there."""
    try:
        return httpx.get(f"{url}/health", timeout=10).json() is True
    except (httpx.HTTPError, ValueError):
        return False


def needed(url: str) -> None:
    """Nothing where the server answers. Raises `NetworkError` with what starts one."""
    if not answers(url):
        raise NetworkError(
            f"no Prefect server answers at {url}: `smith deploy` starts one on this machine; PREFECT_API_URL "
            "names one elsewhere"
        )


def started(url: str) -> bool:
    """Whether a server had to be started; one that answers is used.

    Raises `NetworkError` where it would be another machine's to start, `MachineryError` where none comes up.
    """
    if answers(url):
        return False
    place = urlsplit(url)
    if place.scheme != "http" or place.hostname not in HERE:
        raise NetworkError(
            f"no Prefect server answers at {url}, and it is not this machine's to start: start it there, or "
            "unset PREFECT_API_URL (`prefect config unset PREFECT_API_URL` for a profile's) to have one here"
        )
    _forget_the_dead()
    prefect(url, "server", "start", "--background", "--host", place.hostname, "--port", str(place.port or 80))
    deadline = time.monotonic() + STARTING
    while not answers(url):
        if time.monotonic() > deadline:
            raise MachineryError(
                f"the Prefect server that was started did not answer at {url} within {STARTING:.0f} s: "
                "`prefect server stop`, then `prefect server start` shows why"
            )
        time.sleep(0.5)
    return True


def _forget_the_dead() -> None:
    """Remove the note of a background server that ended without it, e.g. by a reboot: it bars the next."""
    note = Path(PREFECT_HOME.value(), "server.pid")
    with suppress(OSError, ValueError):
        command = Path("/proc", str(int(note.read_text())), "cmdline")
        if Path("/proc/self").exists() and not (command.exists() and b"prefect" in command.read_bytes()):
            note.unlink()


def environ(url: str) -> dict[str, str]:
    """This process's environment, for programs that are to talk to that server."""
    return {**os.environ, "PREFECT_API_URL": url}


def command(*arguments: str) -> Sequence[str]:
    """Prefect's own command line, of this Python."""
    return (sys.executable, "-m", "prefect", "--no-prompt", *arguments)


def prefect(url: str, *arguments: str, cwd: Path | None = None) -> str:
    """What a command of Prefect's printed. Raises `MachineryError` with its last lines where it failed.

    In a session of its own: Ctrl-C is not meant for a server that it starts.
    """
    done = subprocess.run(
        command(*arguments), env=environ(url), cwd=cwd, capture_output=True, text=True, timeout=600,
        check=False, stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    if done.returncode:
        said = " ".join((done.stdout + done.stderr).split())[-600:]
        raise MachineryError(f"`prefect {' '.join(arguments)}` failed: {said}")
    return done.stdout
