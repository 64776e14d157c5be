"""What should hold of a night's figures beside those before: alarms, which let the rows through."""

from expectations.rules import Derived, Given, Rule, between, told, true, unique
from smith_lib.curate.history import FEWEST, Drift

ROW = Drift
KEY = "measure"
DERIVED: Derived = {
    "usual": lambda d, given: d.low <= d.tonight <= d.high,
}


def rules(given: Given) -> list[Rule]:
    """The rules, in the order in which they are told."""
    return [
        unique("a figure is there once", "measure"),
        told("the figure is told", "measure"),
        between("it was compared with enough nights", "nights", FEWEST),
        true("the figure is as in the nights before", "usual", severity="warn"),
    ]
