"""What a linter of common settings would say at once of changed code: such bugs are not realistic."""

import builtins
from typing import TYPE_CHECKING

from smith_lib.inject.reading import Reading

if TYPE_CHECKING:
    from smith_lib.inject.program import Program

BUILTINS = frozenset(dir(builtins)) | {"__file__", "__path__", "__class__", "__module__", "__qualname__"}
IMPLICIT = frozenset({"self", "cls", "_", "mcs", "__class__"})


def objection(clean: Reading, gone: Reading, come: Reading, program: "Program") -> str:
    """The first thing that a linter says of the buggy code and not of the clean; empty where it is silent.

    The buggy code is the clean code where what `gone` tells of is replaced with what `come` tells of.
    """
    for oddity in sorted(come.oddities):
        if come.oddities[oddity] > gone.oddities[oddity]:
            return oddity

    def still_read(name: str) -> bool:
        return clean.loads[name] - gone.loads[name] + come.loads[name] > 0

    for name in sorted({*come.loads, *gone.bound}):
        if clean.bound[name] - gone.bound[name] + come.bound[name] > 0 or not still_read(name):
            continue
        if clean.bound[name]:
            return "a name that no longer exists"
        if not (clean.loads[name] or name in program.names or name in BUILTINS):
            return "an unknown name"
    lost = [name for name in sorted(gone.loads) if not still_read(name) and name not in IMPLICIT]
    for name in lost:
        stored = clean.stores[name] and clean.stores[name] - gone.stores[name] + come.stores[name] > 0
        if stored or clean.arguments[name]:
            return "a name that is no longer used"
    for name in sorted(come.stores):
        if not clean.bound[name] and not still_read(name):
            return "a name that is never used"
    for name in sorted(gone.loads):
        uses = program.imports.get(name)
        if uses and uses <= gone.loads[name] - come.loads[name]:
            return "an import that is no longer used"
    return ""
