"""A control group for one run, where this machine lets us make one: version 2, or version 1's controllers."""

import contextlib
import os
import secrets
import time
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


def make(memory_mb: int, processes: int, root: Path = ROOT) -> list[Path]:
    """New groups with these limits, joined by writing to their `cgroup.procs`; empty where not allowed."""
    name = f"smith-{os.getpid()}-{secrets.token_hex(6)}"
    memory = str(memory_mb << 20)
    if (root / "cgroup.controllers").exists():
        return _made(root / name, {"memory.max": memory, "memory.swap.max": "0", "pids.max": str(processes)})
    limits = {"memory.limit_in_bytes": memory, "memory.memsw.limit_in_bytes": memory}
    found = _made(root / "memory" / name, limits) if (root / "memory").is_dir() else []
    if found and (root / "pids" / "tasks").exists():
        found += _made(root / "pids" / name, {"pids.max": str(processes)})
    return found


def _made(group: Path, limits: dict[str, str]) -> list[Path]:
    try:
        group.mkdir()
        for file, value in limits.items():
            swap = file in ("memory.memsw.limit_in_bytes", "memory.swap.max")
            if not swap or (group / file).exists():  # not every kernel accounts for swap
                (group / file).write_text(value)
    except OSError:
        with contextlib.suppress(OSError):
            group.rmdir()
        return []
    return [group]


def remove(groups: list[Path], seconds: float = 2.0) -> None:
    """Remove them once what ran in them is gone; what does not go in time is left for the next sweep."""
    deadline = time.monotonic() + seconds
    for group in groups:
        while True:
            try:
                group.rmdir()
            except FileNotFoundError:
                break
            except OSError:
                if time.monotonic() > deadline:
                    break
                time.sleep(0.005)
            else:
                break


def sweep(root: Path = ROOT) -> None:
    """Remove the empty groups of processes that are gone."""
    for place in (root, root / "memory", root / "pids"):
        for group in place.glob("smith-*-*") if place.is_dir() else ():
            pid = group.name.split("-")[1]
            if pid.isdigit() and not Path("/proc", pid).exists():
                with contextlib.suppress(OSError):
                    group.rmdir()
