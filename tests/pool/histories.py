"""Small histories whose fixes are collected, without anything that runs."""

from pathlib import Path
from typing import Any, cast

from smith_lib.sandbox.protocol import Sandbox
from smith_lib.settings import load
from smith_lib.stages import Desk, of_history
from smith_lib.storage import Root
from tests.inject.test_mirror_family import SHAPES, TEST, say, started

SKIPS = SHAPES.replace("if side > best:", "if side is not None and side > best:")
CHECKS = SKIPS.replace("    if factor <= 0:\n", "    if factor < 0:\n")
METRES = CHECKS.replace('("kilometre", "km", 1000.0)', '("kilometre", "km", 1000.5)')


def history(folder: Path) -> Path:
    """A repository with three fixes: of a method, of a function, and of a table."""
    made = started(folder)
    say(made, "Say nothing", {"README": "Shapes.\n"})
    test = {"tests/test_pkg.py": TEST.format("longest")}
    say(made, "Skip missing sides (#9)\n\nThe longest side of a shape failed for None.",
        {"pkg/shapes.py": SKIPS, **test})  # fmt: skip
    say(made, "Allow a factor of zero", {"pkg/shapes.py": CHECKS, "tests/test_pkg.py": TEST.format("scaled")})
    say(made, "Tell kilometres exactly", {"pkg/shapes.py": METRES, "tests/test_pkg.py": TEST.format("UNITS")})
    return made


def desk_of(out: Path, **changes: Any) -> Desk:
    """A desk whose sandbox nothing may ask."""
    settings = of_history(load(None, {"out": str(out), **changes}))
    root, no_sandbox = Root.at(str(out)), cast("Sandbox", None)
    return Desk("run", settings, root, no_sandbox, out / "cache", lambda table, rows: None)
