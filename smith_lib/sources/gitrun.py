"""git, run without prompts, without the caller's repository, and never longer than it may."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from smith_lib import closing
from smith_lib.errors import NetworkError, SourceError

SECONDS = 600.0
TRANSPORTS = "https:http:ssh:git:file"
GONE = (
    "not found", "does not exist", "could not read Username", "could not read Password", "dubious ownership",
    "Authentication failed", "does not appear to be a git repository", "Permission denied", "access denied",
    "error: 401", "error: 403", "error: 404", "error: 410", "not allowed", "unable to find",
    "is not a commit", "Host key verification failed", "not a git repository",
    "unsupported protocol", "terminal prompts disabled",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ran:
    """What a git command left."""

    code: int
    out: bytes
    err: str


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The caller's environment without any repository of its own, with prompts and odd transports off."""
    passed = ("GIT_SSL_CAINFO", "GIT_SSH")
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GIT_") or k in passed}
    return kept | {
        "LC_ALL": "C",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
        "GIT_SSH_COMMAND": os.environ.get("GIT_SSH_COMMAND", "ssh -oBatchMode=yes -oConnectTimeout=20"),
        "GIT_ALLOW_PROTOCOL": TRANSPORTS,
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        **(extra or {}),
    }


SAFE = ("-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor=false", "-c", "protocol.ext.allow=never")
"""A checkout's own configuration may name programs to run."""


def git(
    args: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None,
    stdin: bytes = b"", seconds: float = SECONDS,
) -> Ran:  # fmt: skip
    """Exit code, output and error text of a git command.

    Raises `NetworkError` after `seconds`, when its whole process group is ended, and `SourceError` where
    there is no git.
    """
    command = ["git", *SAFE, *map(str, args)]
    try:
        process = subprocess.Popen(
            command, cwd=cwd, env=environment(env), start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise SourceError("git is not installed; install it with the system's package manager") from error
    unregister = closing.register(lambda: _end(process))
    try:
        out, err = process.communicate(stdin, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise NetworkError(f"git {args[0]} took longer than {seconds:.0f} s") from error
    finally:
        unregister()
        if process.poll() is None:
            _end(process)
            process.communicate()
    return Ran(process.returncode, out, err.decode("utf-8", "replace").strip())


def _end(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def failed(what: str, ran: Ran) -> SourceError | NetworkError:
    """The error for a command that failed: `SourceError` where another try will not help."""
    lines = [line for line in ran.err.splitlines() if line.strip()] or [f"git ended with {ran.code}"]
    told = next((line for line in lines if line.startswith(("fatal:", "error:", "remote:"))), lines[0])
    text = f"{what}: {told[:300]}"
    if any(sign.lower() in ran.err.lower() for sign in GONE):
        return SourceError(text)
    return NetworkError(text)
