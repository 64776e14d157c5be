"""What clean code showed of a repository that patches are graded on, kept, so that it is found out once."""

import base64
import contextlib
import json
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from smith_lib.grade.canaries import Host
from smith_lib.grade.ground import Ground
from smith_lib.grade.stubs import Hole, Holed
from smith_lib.grade.warm import Warm
from smith_lib.storage import digest
from smith_lib.storage.schema import from_plain
from smith_lib.types import Coverage, Instance, Tier

T = TypeVar("T")
VERSION = 4
"""Of what is found out, and how: what another version kept is found out again."""


def key_of(rows: Sequence[Instance], sandbox: str) -> str:
    """64 hexadecimal digits of what it depends on: the environment and the tasks that share it."""
    tasks = sorted((row.instance_id, digest([asdict(file) for file in row.buggy_code], row.FAIL_TO_PASS,
                                            row.PASS_TO_PASS)) for row in rows)  # fmt: skip
    return digest(VERSION, sandbox, rows[0].image_digest, rows[0].test_command, [list(one) for one in tasks])


def read(folder: Path | None, name: str, made: Callable[[Mapping[str, Any]], T]) -> T | None:
    """What was kept under that name; None where nothing was, or it was not written whole."""
    if folder is None:
        return None
    try:
        return made(json.loads(zlib.decompress((folder / name).read_bytes())))
    except (OSError, ValueError, KeyError, TypeError, zlib.error):
        return None


def write(folder: Path | None, name: str, document: Mapping[str, Any]) -> None:
    """Keep it, where there is a folder that can be written to."""
    if folder is None:
        return
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f"{name}.{os.getpid()}.part"
        part.write_bytes(zlib.compress(json.dumps(document).encode(), 1))
        part.replace(folder / name)


def ground_document(ground: Ground) -> dict[str, Any]:
    """The ground as plain data, but for its environments."""
    tree = {p: None if data is None else base64.b64encode(data).decode() for p, data in ground.tree.items()}
    hosts = [[h.path, h.text, h.gaps, h.prefix, sorted(h.names)] for h in ground.hosts]
    return {
        "tree": tree, "changed": sorted(ground.base), "installed": sorted(ground.installed), "hosts": hosts,
        "words": ground.words, "twins": sorted(ground.twins), "usual": sorted(ground.usual),
        "seconds": ground.limits.seconds, "idle": ground.idle_seconds, "cpu": ground.cpu_seconds,
    }  # fmt: skip


def with_document(ground: Ground, kept: Mapping[str, Any]) -> Ground:
    """A ground of which nothing is found out, with what was kept."""
    return replace(
        ground,
        installed=frozenset(kept["installed"]),
        hosts=tuple(Host(p, text, tuple(gaps), prefix, frozenset(names))
                    for p, text, gaps, prefix, names in kept["hosts"]),
        words=tuple(kept["words"]), twins=frozenset(kept["twins"]), usual=frozenset(kept["usual"]),
        limits=replace(ground.limits, seconds=kept["seconds"]), idle_seconds=kept["idle"],
        cpu_seconds=kept["cpu"],
    )  # fmt: skip


def tree_in(kept: Mapping[str, Any]) -> dict[str, bytes | None]:
    """The clean tree's files that were kept."""
    return {path: None if data is None else base64.b64decode(data) for path, data in kept["tree"].items()}


def warm_document(warm: Warm) -> dict[str, Any]:
    """It as plain data."""
    holes = {path: [file.text, [[h.line, h.name, h.body.start, h.body.stop, h.stands] for h in file.holes]]
             for path, file in warm.holes.items()}  # fmt: skip
    return {
        "no_swap": warm.no_swap, "no_fork": warm.no_fork, "modules": warm.modules, "patterns": warm.patterns,
        "coverage": [asdict(row) for row in warm.coverage], "seconds": warm.seconds, "slowest": warm.slowest,
        "together": warm.together, "holes": holes, "codes": warm.codes, "left": warm.left,
        "state": warm.state, "mute": warm.mute,
    }  # fmt: skip


def warm_in(kept: Mapping[str, Any]) -> Warm:
    """It, of plain data."""
    return Warm(
        no_swap=kept["no_swap"], no_fork=kept["no_fork"], modules=tuple(kept["modules"]),
        patterns=tuple(kept["patterns"]),
        coverage=tuple(from_plain(Coverage, row) for row in kept["coverage"]), seconds=kept["seconds"],
        slowest={test: Tier(tier) for test, tier in kept["slowest"].items()},
        together=tuple(kept["together"]),
        holes={
            path: Holed(text, tuple(Hole(line, name, range(first, stop), stands)
                                    for line, name, first, stop, stands in holes))
            for path, (text, holes) in kept["holes"].items()
        },
        codes={path: tuple(map(tuple, some)) for path, some in kept["codes"].items()},
        left=tuple(kept["left"]), state=tuple(map(tuple, kept["state"])), mute=tuple(kept["mute"]),
    )  # fmt: skip
