"""Whether clean code can be found in a task's image: what is looked for, and where it was."""

import json
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any

from smith_lib import diffs
from smith_lib.types import Instance

CONTEXT = 2
"""Lines around a change that a copy of it has too."""
Ask = Callable[[str, bytes, bytes], bytes]
"""From an image, a program and its input to what it writes, run in a container of the image."""


def chunks(row: Instance) -> list[list[str]]:
    """For each change of the fix, the clean lines that stand together: stripped, blank ones left out."""
    return [lines for diff in diffs.parse(row.patch) for hunk in diff.hunks if (lines := _clean(hunk))]


def _clean(hunk: diffs.Hunk) -> list[str]:
    old, new = hunk.old, hunk.new
    shortest = min(len(old), len(new))
    head = next((n for n in range(shortest) if old[n] != new[n]), shortest)
    tail = next((n for n in range(shortest - head) if old[-1 - n] != new[-1 - n]), shortest - head)
    kept = new[max(0, head - CONTEXT) : len(new) - max(0, tail - CONTEXT)]
    return [line.strip() for line in kept if line.strip()]


def outside(rows: Sequence[Instance], image: str, ask: Ask) -> dict[str, list[str]]:
    """Instance id to files of the repository's image, outside the tree, with the clean code of its fix."""
    numbered = [(row, chunk) for row in rows for chunk in chunks(row)]
    found: dict[str, list[str]] = {}
    for number, path in _asked(rows, [chunk for _, chunk in numbered], image, ask, tree=False):
        hit = [numbered[number][0]] if number >= 0 else rows
        for row in hit:
            found.setdefault(row.instance_id, []).append(path)
    return found


def inside(row: Instance, image: str, ask: Ask) -> list[str]:
    """What in the tree of the task's image tells of the clean code: files, and more history than a commit."""
    return [path for _, path in _asked([row], chunks(row), image, ask, tree=True)]


def _asked(
    rows: Sequence[Instance], looked_for: list[list[str]], image: str, ask: Ask, tree: bool
) -> list[tuple[int, str]]:
    modules = sorted({file.path for row in rows for file in row.oracle_code})
    order: dict[str, Any] = {"chunks": looked_for, "modules": modules, "tree": tree}
    program = (files("smith_lib.export") / "inside" / "copies.py").read_bytes()
    return [(number, path) for number, path in json.loads(ask(image, program, json.dumps(order).encode()))]
