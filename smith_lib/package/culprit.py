"""Which of the package's callables an issue names."""

import re
from collections.abc import Collection, Sequence

from smith_lib.package import api
from smith_lib.package.api import Called, Read
from smith_lib.types import Frame

CHECKS = re.compile(r"(raises|assert[A-Z_]\w*|expect_\w+|check_raises)$")
"""Callables that only look at what others do: a library's own means for tests."""
PASSES_ON = ("__call__", "__get__", "__enter__", "__exit__", "wrapper", "wrapped", "inner", "curry")
"""Last names of callables that mostly hand a call on."""


def checks(function: str) -> bool:
    """Whether the function, by its name, waits for an exception or asserts something."""
    return CHECKS.match(function.rpartition(".")[2]) is not None


def is_public(dotted: str) -> bool:
    """Whether no part of the name is private."""
    return not any(part.startswith("_") and not part.startswith("__") for part in dotted.split("."))


def of(
    frames: Sequence[Frame], written: Called | None, changed: Collection[str], read: Read
) -> Called | None:
    """The public callable that the failure is about, or none.

    `frames` are those inside the package, the outermost first; `written` is what the snippet's last statement
    calls; `changed` are the functions with the bug in them, as `file::qualname`. The outermost public frame
    is taken; one that hands calls on, or checks, only for want of another, or where the bug is in it.
    """
    passing: list[Called] = []
    for frame in frames:
        called = api.at(frame.file, frame.line, frame.function, read)
        if called is None or not is_public(called.name) or checks(called.name):
            continue
        hands_on = called.name.rpartition(".")[2] in PASSES_ON
        if hands_on and f"{frame.file}::{frame.function}" not in changed:
            passing.append(called)
            continue
        return called
    if written is not None and is_public(written.name) and not checks(written.name):
        return written
    return passing[0] if passing else None
