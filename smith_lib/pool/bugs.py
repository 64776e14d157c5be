"""What is compared of a bug, whoever made it: size, spread, kind, and its fix as edits of the syntax tree."""

import re
from dataclasses import dataclass

from smith_lib import diffs
from smith_lib.pool.edits import TEXT, edits_of
from smith_lib.types import Category, Complexity, Instance, PastFix

_BEGINS = re.compile(r"(?m)^(?=[^\s#)\]}])")
"""Where a line begins a statement of the module."""


@dataclass(frozen=True, slots=True)
class Bug:
    """What is compared."""

    category: Category
    complexity: Complexity
    fix_lines: int
    files: int
    functions: int
    edits: tuple[str, ...]
    """Of its fix; empty where they were not looked at."""


def of_fix(fix: PastFix) -> Bug:
    """A real one."""
    size = fix.fix_lines
    return Bug(fix.category, fix.complexity, size, len(fix.files), len(fix.functions), fix.edits)


def of_instance(row: Instance, parsed: bool) -> Bug:
    """A published one; its trees are compared where it is to be parsed."""
    edits: tuple[str, ...] = ()
    if parsed:
        buggy = {file.path: file.text for file in row.buggy_code}
        for file in row.oracle_code:
            if file.path in buggy:
                edits += edits_between(buggy[file.path], file.text)
    return Bug(row.category, row.complexity, row.fix_lines, row.files_changed, len(row.functions), edits)


def edits_between(buggy: str, fixed: str) -> tuple[str, ...]:
    """The edits between two files; only blocks that differ are parsed, where they parse alone."""
    old, new = _blocks(buggy), _blocks(fixed)
    found: tuple[str, ...] = ()
    for start, end, begin, stop in diffs.runs(old, new):
        some = edits_of("".join(old[start:end]), "".join(new[begin:stop]))
        if TEXT in some:
            return edits_of(buggy, fixed)
        found += some
    return found


def _blocks(text: str) -> list[str]:
    """The text cut before each line that begins something at the margin."""
    return _BEGINS.split(text)
