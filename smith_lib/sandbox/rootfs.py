"""What a sandbox of namespaces sees: the system's programs read-only, and little else of the host."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smith_lib.errors import SandboxUnavailable
from smith_lib.sandbox import archive, certificates
from smith_lib.sandbox.docker_images import PROXIES
from smith_lib.sandbox.protocol import CLEAN, TESTBED, VENV, Job, Limits

UV = "/opt/smith/bin/uv"
_SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32")
_ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "timezone", "mime.types",
        "services", "protocols", "debian_version", "os-release", "ssl", "pki", "ca-certificates",
        "python3", "python3.11", "crypto-policies", "fonts", "magic", "terminfo", "default/locale")
_NETWORK = ("resolv.conf", "hosts", "gai.conf", "host.conf")
_USER = "smith:x:{0}:{0}:smith:/home/smith:/bin/sh\n"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is mounted where."""

    network: bool
    binds: tuple[tuple[Path, str, bool], ...]
    """Host path, path inside, whether it may be written to."""
    memory: tuple[tuple[str, int, int], ...]
    """Path inside, bytes, mode."""


def plan(
    network: bool = False, binds: Sequence[tuple[Path, str, bool]] = (),
    memory: Sequence[tuple[str, int, int]] = (), limits: Limits | None = None,
) -> Plan:  # fmt: skip
    """A plan with `/testbed`, `/tmp` and the home folder in memory, but for what is bound there."""
    disk = (limits.disk_mb if limits else 16) << 20
    home = disk if network else min(disk, 256 << 20)
    usual = [(TESTBED, disk, 0o755), ("/tmp", disk, 0o1777), ("/home/smith", home, 0o755)]
    bound = {inside for _, inside, _ in binds}
    return Plan(network, tuple(binds), tuple(m for m in (*usual, *memory) if m[0] not in bound))


def order(
    plan: Plan, job: Job, limits: Limits, mount_at: str, packed: int, accounted: bool, goes_on: bool = False
) -> dict[str, Any]:
    """The JSON that the sandbox's first process works from."""
    prefix = str(Path(interpreter()).parent.parent)
    binds = [(str(source.resolve()), inside, writable) for source, inside, writable in plan.binds]
    if not prefix.startswith("/usr"):
        binds.append((prefix, prefix, False))
    written = {
        "/etc/passwd": "root:x:0:0:root:/root:/usr/sbin/nologin\n" + _USER.format(archive.UID),
        "/etc/group": f"root:x:0:\nsmith:x:{archive.UID}:\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "/etc/hosts": "127.0.0.1 localhost sandbox\n::1 localhost\n",
        "/etc/hostname": "sandbox\n",
    }
    etc: tuple[str, ...] = _ETC
    if plan.network:
        import uv

        binds.append((uv.find_uv_bin(), UV, False))
        written |= {path: text.decode() for path, text in certificates.configuration().items()}
        etc = (*_ETC, *_NETWORK)
        del written["/etc/hosts"]
    processes = limits.processes + (0 if os.geteuid() == 0 or _counted_apart() else _mine())
    rlimits = [("CORE", 0), ("NOFILE", 4096), ("NPROC", processes), ("FSIZE", limits.disk_mb << 20)]
    if not accounted:  # a single process cannot outrun the watch over all of them by much
        rlimits.append(("AS", limits.memory_mb << 21))
    return {
        "mount_at": mount_at, "root": os.geteuid() == 0, "uid": archive.UID, "network": plan.network,
        "system": [*_SYSTEM, *(f"/etc/{name}" for name in etc)], "written": written,
        "memory": list(plan.memory), "binds": binds, "rlimits": rlimits,
        "copies": [(CLEAN, TESTBED)] if any(b[1] == CLEAN for b in plan.binds) else [],
        "goes_on": goes_on, "packed": packed, "stdin": len(job.stdin),
        "command": list(job.command), "cwd": job.cwd,
        "environ": _environ(job, plan.network, prefix),
    }  # fmt: skip


def _environ(job: Job, network: bool, prefix: str) -> dict[str, str]:
    path = [f"{VENV}/bin", "/usr/local/bin", f"{prefix}/bin", "/usr/bin", "/bin"]
    values = {"HOME": "/home/smith", "USER": "smith", "LANG": "C.UTF-8", "VIRTUAL_ENV": VENV}
    if network:
        path.insert(1, str(Path(UV).parent))
        values |= {name: value for name in PROXIES if (value := os.environ.get(name))}
        if (bundle := os.environ.get("SSL_CERT_FILE")) and bundle.startswith(("/etc/", "/usr/")):
            values["SSL_CERT_FILE"] = bundle
    return {**values, "PATH": ":".join(dict.fromkeys(path)), **job.environ}


def interpreter() -> str:
    """The real path of the interpreter that runs us, outside any virtual environment."""
    found = Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()
    if not found.is_file():
        raise SandboxUnavailable(f"the interpreter {str(found)!r} that Smith runs on is not there any more")
    return str(found)


def remedy() -> str:
    """What may be switched off on this machine, and how it is switched on."""
    off = []
    for name, bad in (("kernel/unprivileged_userns_clone", "0"), ("user/max_user_namespaces", "0"),
                      ("kernel/apparmor_restrict_unprivileged_userns", "1")):  # fmt: skip
        file = Path("/proc/sys", name)
        if file.exists() and file.read_text().strip() == bad:
            off.append(f"{name.replace('/', '.')} = {bad}")
    if not off:
        return ". Enable user namespaces, or use Docker; in a container, run it with --privileged"
    return f". User namespaces are off ({', '.join(off)}): change that with sysctl, or use Docker"


def _counted_apart() -> bool:
    """Since Linux 5.14 a user namespace counts its own processes."""
    release = os.uname().release.split(".")
    return (int(release[0]), int("".join(c for c in release[1] if c.isdigit()) or 0)) >= (5, 14)


def _mine() -> int:
    """How many processes this user runs."""
    return sum(1 for p in Path("/proc").glob("[0-9]*") if p.exists() and p.stat().st_uid == os.getuid())
