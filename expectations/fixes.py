"""What must hold of a pool's fixes."""

from expectations.rules import (
    Derived,
    Given,
    Rule,
    between,
    equal,
    matches,
    none,
    one_of,
    out_of_order,
    told,
    true,
    unique,
)
from smith_lib.types import Category, Complexity, PastFix

ROW = PastFix
KEY = "fix_id"
DERIVED: Derived = {
    "size": lambda f, given: Complexity.of(f.fix_lines).value,
    "n_pieces": lambda f, given: len(f.pieces),
    "n_tests_changed": lambda f, given: len(f.test_files),
    "files_out_of_order": lambda f, given: out_of_order(f.files),
    "vector_bytes": lambda f, given: len(f.vector),
    "vector_told": lambda f, given: 2 * int(f.embedding.rpartition(" ")[2] or 0),
    "shown": lambda f, given: bool(f.fail_to_pass) == f.validated,
    "unknown_tests": lambda f, given: given.strangers(f.fail_to_pass),
}


def rules(given: Given) -> list[Rule]:
    """The rules, in the order in which they are told."""
    return [
        unique("every fix is there once", "fix_id"),
        matches("commits are told whole", "commit", r"^[0-9a-f]{40}$"),
        told("the patch is not empty", "patch"),
        between("the fix changes a line", "fix_lines", 1),
        between("the fix changes a piece of code", "n_pieces", 1),
        between("the fix changes tests", "n_tests_changed", 1),
        one_of("categories are known ones", "category", list(Category)),
        equal("the complexity is that of the changed lines", "complexity", "size"),
        one_of("files are sorted and unique", "files_out_of_order", [False]),
        equal("the vector is as long as its model has it", "vector_bytes", "vector_told"),
        true("tests are told where a fix is validated, and there alone", "shown"),
        none("tests are reliable tests of the repository", "unknown_tests"),
    ]
