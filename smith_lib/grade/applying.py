"""Patches applied by git, in a folder that holds nothing but the files they name."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from smith_lib.errors import MachineryError
from smith_lib.grade.patches import Part
from smith_lib.types import PatchProblem

Read = Callable[[str], bytes | None]
"""The bytes of a file of the task's tree; None where there is none."""
TRIES: tuple[tuple[str, ...], ...] = ((), ("--recount",), ("--recount", "-C1"))
"""git's options, one try after the other: as it is, hunks whose counts are wrong, one line of context."""
_SECONDS = 60
_BROKEN = ("corrupt patch", "patch with only garbage", "no valid patches", "patch fragment without header",
           "unrecognized input", "invalid mode", "inconsistent", "lacks filename", "garbage")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Applied:
    """What the patch makes of the files, or why it does not apply."""

    problem: PatchProblem
    reason: str
    files: Mapping[str, str] = field(default_factory=dict)
    """Path to new text of what it changes or adds; bytes that are no UTF-8 are surrogates in it."""
    gone: tuple[str, ...] = ()
    """Files that it deletes, sorted."""


def applied(parts: Sequence[Part], read: Read) -> Applied:
    """The parts applied to the files that `read` gives. Raises `MachineryError` where there is no git."""
    before = {path: data for part in parts for path in part.paths if (data := read(path)) is not None}
    text = "".join(part.text for part in parts).encode()
    said: list[str] = []
    for options in TRIES:
        with tempfile.TemporaryDirectory(prefix="smith-grade-") as folder:
            try:
                _laid_out(Path(folder), before)
            except (OSError, ValueError) as error:
                return Applied(PatchProblem.DOES_NOT_APPLY, f"a path cannot be a file: {error}"[:300])
            if (why := _git(text, Path(folder), options)) is None:
                return _seen(Path(folder), before)
            said.append(why)
    malformed = any(word in said[0] for word in _BROKEN)
    problem = PatchProblem.MALFORMED if malformed else PatchProblem.DOES_NOT_APPLY
    return Applied(problem, said[0])


def _laid_out(folder: Path, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def _git(patch: bytes, folder: Path, options: Sequence[str]) -> str | None:
    """What git says against the patch; None where it took it."""
    # Inside some repository, git would silently leave out paths that are not its own.
    environ = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "GIT_CONFIG_NOSYSTEM": "1",
               "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CEILING_DIRECTORIES": str(folder.parent)}  # fmt: skip
    command = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", *options, "-"]
    try:
        ran = subprocess.run(
            command, input=patch, cwd=folder, env=environ, capture_output=True, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return f"git did not apply it within {_SECONDS} s"
    except OSError as error:
        raise MachineryError(f"git cannot be run: {error}") from error
    said = ran.stderr.decode(errors="replace").strip().splitlines()
    return None if ran.returncode == 0 else (said or ["git refused it"])[0].removeprefix("error: ")[:300]


def _seen(folder: Path, before: Mapping[str, bytes]) -> Applied:
    """What really changed, whatever the patch's headers say."""
    after: dict[str, bytes] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            return Applied(PatchProblem.LINK, f"{name} is a link")
        if path.is_file():
            after[name] = path.read_bytes()
    files = {
        name: data.decode("utf-8", "surrogateescape")
        for name, data in after.items()
        if before.get(name) != data
    }
    gone = tuple(sorted(set(before) - set(after)))
    if not files and not gone:
        return Applied(PatchProblem.EMPTY, "the patch changes nothing")
    return Applied(PatchProblem.NONE, "", files, gone)
