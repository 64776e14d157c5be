"""What is killed: processes of flow runs, workers, judges inside containers, and the containers."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from random import Random

WORKING = ("smith_zygote", "keeper.py", "pytest", "smith_run", "runner")
"""What the processes are called that judge inside."""


def containers(pids: Sequence[int], host: str = "") -> list[str]:
    """Ids of the containers that those processes have made, of the engine at that place."""
    found = docker(host, "ps", "--no-trunc", "--format", '{{.ID}} {{.Label "smith.run"}}').split("\n")
    marks = tuple(f"{pid}-" for pid in pids)
    return sorted(line.split()[0] for line in found if line.partition(" ")[2].startswith(marks) and marks)


def judges(box: str, host: str = "") -> list[int]:
    """Process ids, on this machine, of what judges in that container."""
    lines = docker(host, "top", box, "-eo", "pid,args").split("\n")[1:]
    return [int(line.split()[0]) for line in lines if any(word in line for word in WORKING)]


def docker(host: str, *words: str) -> str:
    """What Docker's client printed; nothing where it failed."""
    at = ["--host", host] if host else []
    ran = subprocess.run(["docker", *at, *words], capture_output=True, text=True, check=False, timeout=60)
    return ran.stdout.strip() if ran.returncode == 0 else ""


def inside(random: Random, pids: Sequence[int], host: str = "") -> str:
    """Which of `judge` and `container` was killed; an empty string where there was none."""
    if not (boxes := containers(pids, host)):
        return ""
    box = random.choice(boxes)
    if random.random() < 0.35:
        return "container" if docker(host, "kill", box) else ""
    if not (working := judges(box, host)):
        return ""
    return "judge" if gone(random.choice(working)) else ""


def gone(pid: int) -> bool:
    """Whether that process could be killed just now."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False
