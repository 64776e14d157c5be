"""The service as it runs: where it may listen, and its thread."""

import importlib.util
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from smith_lib.errors import InputError

TOKEN = "SMITH_SERVE_TOKEN"
"""The environment variable that holds the token."""
NEEDS = ("fastapi", "uvicorn")
GRACE = 5
"""Seconds for answers that are under way when it ends."""


def check_installed(command: str = "smith serve") -> None:
    """Nothing. Raises `InputError` with the remedy where the packages of the extra `serve` are missing."""
    if missing := [name for name in NEEDS if not _there(name)]:
        raise InputError(f"`{command}` needs {' and '.join(missing)}: pip install 'smith[serve]'")


def _there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def check_host(host: str, token: str) -> None:
    """Nothing. Raises `InputError` where others could ask without a token, or the token is no use."""
    if any(not "!" <= letter <= "~" for letter in token):
        raise InputError(f"{TOKEN} holds white space or letters that no header can: use ASCII alone")
    if not token and not is_loopback(host):
        raise InputError(
            f"cannot listen at {host!r} without a token: set {TOKEN}, or leave --host at 127.0.0.1"
        )


def is_loopback(host: str) -> bool:
    """Whether that address is reached from this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def listening(host: str, port: int) -> Iterator[tuple[socket.socket, str]]:
    """A socket that listens, and its URL; port 0 takes a free one. Raises `InputError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        found = socket.create_server((host, port), family=family, backlog=256)
    except (OSError, UnicodeError) as error:
        raise InputError(f"cannot listen at {host}:{port}: {getattr(error, 'strerror', error)}") from error
    with found:
        name = f"[{host}]" if family == socket.AF_INET6 else host
        yield found, f"http://{name}:{found.getsockname()[1]}"


@contextmanager
def served(app: Any, where: socket.socket, most: int) -> Iterator[Callable[[], None]]:
    """The application answers there while the block runs, at most `most` connections at once; what it gives
    waits until the server ends by itself. Needs uvicorn."""
    import uvicorn

    config = uvicorn.Config(
        app, log_config=None, access_log=False, lifespan="off", limit_concurrency=most, server_header=False,
        timeout_graceful_shutdown=GRACE, h11_max_incomplete_event_size=64 * 1024, proxy_headers=False,
        ws="none",
    )  # fmt: skip
    server = uvicorn.Server(config)
    # In a thread of its own uvicorn leaves the signals to the command line.
    thread = threading.Thread(target=server.run, args=([where],), name="server", daemon=True)
    thread.start()

    def wait() -> None:
        while thread.is_alive():
            thread.join(1)  # in pieces, so that a signal is heard

    try:
        yield wait
    finally:
        server.should_exit = True
        thread.join(GRACE + 2)
