"""What must hold of functions."""

from expectations.rules import (
    Derived,
    Given,
    Rule,
    between,
    matches,
    told,
)
from smith_lib.types import Function

ROW = Function
KEY = "qualname"
DERIVED: Derived = {}


def rules(given: Given) -> list[Rule]:
    """The rules, in the order in which they are told."""
    return [
        matches("the file is told", "file", r"[^/\s]"),
        told("the name is told", "qualname"),
        between("lines count from one", "line", 1),
    ]
