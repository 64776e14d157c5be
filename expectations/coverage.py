"""What must hold of coverage."""

from expectations.rules import Derived, Given, Rule, joined, none, one_of, out_of_order
from smith_lib.types import Coverage
from smith_lib.validate.coverage import SOURCE

KNOWN = {"process", "order", "unknown"}
ROW = Coverage
KEY = "repo_id"
DERIVED: Derived = {
    "out_of_order": lambda c, given: any(map(out_of_order, (c.tests, [f.path for f in c.files], c.company))),
    "unsorted_lines": lambda c, given: any(list(f.lines) != sorted(set(f.lines)) for f in c.files),
    "unknown_reasons": lambda c, given: joined({why for why in c.why if not why.startswith(SOURCE)} - KNOWN),
}


def rules(given: Given) -> list[Rule]:
    """The rules, in the order in which they are told."""
    return [
        one_of("tests, files and company are sorted and unique", "out_of_order", [False]),
        one_of("lines are sorted and unique", "unsorted_lines", [False]),
        none("what tests depend on is of a known kind", "unknown_reasons"),
    ]
