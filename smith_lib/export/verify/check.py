"""What was seen of an export, and how a client's command is run."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from smith_lib.errors import EngineError

QUIET = {
    "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1",
    "HARBOR_TELEMETRY": "off", "NO_COLOR": "1",
}  # fmt: skip
"""Clients look nothing up and report nothing."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must hold of an export."""

    what: str
    holds: bool
    seen: str
    """In words, e.g. `3 of 3 resolved`."""


def run(
    command: Sequence[str | Path], folder: Path, seconds: float, environ: Mapping[str, str] | None = None
) -> str:
    """The command's output and errors. Raises `EngineError` with the last lines where it fails or is late."""
    words = [str(word) for word in command]
    try:
        ran = subprocess.run(
            words, cwd=folder, env={**os.environ, **QUIET, **(environ or {})}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise EngineError(f"{' '.join(words[:3])} ... did not end in {seconds:.0f} s") from error
    text = ran.stdout.decode(errors="replace")
    if ran.returncode:
        tail = "\n".join(text.splitlines()[-20:])
        raise EngineError(f"{' '.join(words[:3])} ... failed (exit code {ran.returncode}):\n{tail}")
    return text
