"""What must hold of a version's rows: all that holds of instances, and the shares."""

from collections.abc import Callable, Mapping
from typing import Any

from expectations import instances
from expectations.rules import (
    Derived,
    Given,
    Rule,
    Severity,
    between,
    joined,
    none,
    rule,
    unique,
)
from smith_lib.curate.splits import project
from smith_lib.types import Category, Complexity, Instance


def _is(column: str, value: str) -> Callable[[Any, Given], float]:
    return lambda row, given: float(getattr(row, column) == value)


def _torn(i: Instance, given: Given) -> str:
    """The splits that the row's project is in, where it is in more than one."""
    inside = given.splits.get(project(i.repo), ())
    return joined(inside) if len(inside) > 1 else ""


ROW = instances.ROW
KEY = instances.KEY
DERIVED: Derived = {
    **instances.DERIVED,
    **{f"is_{size}": _is("complexity", size) for size in Complexity},
    **{f"is_{kind}": _is("category", kind) for kind in Category},
    "is_multi_file": lambda i, given: float(i.files_changed > 1),
    "torn": lambda i, given: _torn(i, given),
    "likeness": lambda i, given: given.likeness.get(i.instance_id, 0.0),
}


def rules(given: Given) -> list[Rule]:
    """The rules, in the order in which they are told. Shares of a few rows say little, so there they warn."""
    want = given.settings.publish
    alike = want.alike or 1.0
    several = {"multi_file": want.multi_file}
    sizes = {"simple": want.simple, "medium": want.medium, "complex": want.complex}
    return [
        *instances.rules(given),
        rule("there are rows", "ExpectTableRowCountToBeBetween", min_value=1),
        unique("no program is there twice", "repo_id", "bug_patch"),
        between("no task is a near-duplicate of another", "likeness", 0, alike, strict_max=alike < 1),
        none("no project is in two splits", "torn"),
        *_shares(sizes, want.tolerance, given),
        *_shares(want.categories, want.category_tolerance, given),
        *_shares(several, want.multi_file_tolerance, given, "warn"),
    ]


def _shares(
    targets: Mapping[str, float], tolerance: float, given: Given, at_most: Severity = "block"
) -> list[Rule]:
    severity: Severity = at_most if given.n_main >= given.settings.publish.shares_from else "warn"
    slack = tolerance + 1e-9
    common: dict[str, Any] = {"severity": severity, "where": instances.MAIN}
    return [
        rule(
            f"the share of {name} is within {tolerance:.0%} of {target:.0%}",
            "ExpectColumnMeanToBeBetween",
            column=f"is_{name}",
            min_value=max(0.0, target - slack),
            max_value=min(1.0, target + slack),
            **common,
        )
        for name, target in targets.items()
        if given.n_main
    ]
