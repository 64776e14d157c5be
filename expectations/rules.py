"""What a rule is, and what the rules of a table are given to go by."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from smith_lib.settings import Settings
from smith_lib.sources import licenses

Severity = Literal["block", "warn"]
WHOLE = frozenset({
    "ExpectColumnMeanToBeBetween", "ExpectTableRowCountToBeBetween", "ExpectColumnValuesToBeUnique",
    "ExpectCompoundColumnsToBeUnique",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rule:
    """One expectation of Great Expectations, and what follows where it is not met."""

    name: str
    """What must hold, as a sentence: it is what the gate's refusal and the data docs say."""
    expectation: str
    """The class in `great_expectations.expectations`."""
    arguments: Mapping[str, Any]
    severity: Severity
    where: Mapping[str, Collection[str]]
    """Only rows whose columns have one of these values; all rows where empty."""

    @property
    def whole(self) -> bool:
        """Whether it compares rows, or is about all of them together."""
        return self.expectation in WHOLE

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it looks at."""
        single = [self.arguments.get(name) for name in ("column", "column_A", "column_B")]
        named = [*single, *self.arguments.get("column_list", ()), *self.where]
        return tuple(name for name in named if name)


def rule(
    name: str,
    expectation: str,
    /,
    *,
    severity: Severity = "block",
    where: Mapping[str, Collection[str]] | None = None,
    **arguments: Any,
) -> Rule:
    """A rule; the further arguments are the expectation's own."""
    return Rule(name, expectation, arguments, severity, where or {})


def one_of(name: str, column: str, values: Collection[Any], **more: Any) -> Rule:
    """A rule that the column holds nothing but these values."""
    return rule(name, "ExpectColumnValuesToBeInSet", column=column, value_set=sorted(values), **more)


def between(name: str, column: str, low: float | None = None, high: float | None = None, **more: Any) -> Rule:
    """A rule that the column lies between two values, both allowed unless `strict_min` or `strict_max`."""
    expectation = "ExpectColumnValuesToBeBetween"
    return rule(name, expectation, column=column, min_value=low, max_value=high, **more)


def equal(name: str, column: str, other: str, **more: Any) -> Rule:
    """A rule that two columns hold the same."""
    return rule(name, "ExpectColumnPairValuesToBeEqual", column_A=column, column_B=other, **more)


def unique(name: str, *columns: str, **more: Any) -> Rule:
    """A rule that no two rows hold the same in these columns."""
    if len(columns) == 1:
        return rule(name, "ExpectColumnValuesToBeUnique", column=columns[0], **more)
    return rule(name, "ExpectCompoundColumnsToBeUnique", column_list=list(columns), **more)


def told(name: str, column: str, **more: Any) -> Rule:
    """A rule that a text is not empty."""
    return rule(name, "ExpectColumnValueLengthsToBeBetween", column=column, min_value=1, **more)


def matches(name: str, column: str, regex: str, **more: Any) -> Rule:
    """A rule that a text matches from its beginning."""
    return rule(name, "ExpectColumnValuesToMatchRegex", column=column, regex=f"^(?:{regex})", **more)


def true(name: str, column: str, **more: Any) -> Rule:
    """A rule that a derived column says yes."""
    return rule(name, "ExpectColumnValuesToBeInSet", column=column, value_set=[True], **more)


def none(name: str, column: str, **more: Any) -> Rule:
    """A rule that a derived column, a list of what is wrong as text, is empty."""
    return rule(name, "ExpectColumnValuesToBeInSet", column=column, value_set=[""], **more)


@dataclass(frozen=True, slots=True)
class Given:
    """What the rules of a table may go by, besides its rows."""

    settings: Settings = field(default_factory=Settings)
    n_rows: int = 0
    n_main: int = 0
    """Rows of the band."""
    repos: frozenset[str] | None = None
    """Ids of the kept repositories; None where references to them are not checked."""
    candidates: frozenset[str] | None = None
    """Ids of the candidates; for instances, the instance ids of those judged valid or subtle."""
    tests: frozenset[str] | None = None
    """Ids of the reliable tests of the one repository that the rows are of."""
    splits: Mapping[str, Collection[str]] = field(default_factory=dict)
    """For each project the splits of a version that it is in."""
    likeness: Mapping[str, float] = field(default_factory=dict)
    """By instance id, how alike the nearest other instance of the version is."""
    kept_out: Callable[[str], bool] = field(default=lambda repo: False)
    """Whether a repository must stay out of training data."""

    def accepts(self, license: str) -> bool:
        """Whether the licence (an SPDX id, or ids joined by `OR` or `AND`) is allowed."""
        want = self.settings.select
        if license == licenses.UNKNOWN:
            return want.allow_unknown_license
        return licenses.allowed(license, want.licenses)

    def strangers(self, test_ids: Collection[str]) -> str:
        """Those of the tests that are not reliable tests of the repository, where that is known."""
        return "" if self.tests is None else joined(set(test_ids) - self.tests)


Derived = Mapping[str, Callable[[Any, Given], Any]]
"""Columns that are worked out from a row, since expectations look at plain values: name and function."""


def out_of_order(items: Collection[str]) -> bool:
    """Whether the items are not sorted, or hold one twice."""
    return list(items) != sorted(set(items))


def joined(items: Collection[str], most: int = 3) -> str:
    """The first of the items as text, with how many more there are; empty where there are none."""
    text = ", ".join(sorted(items)[:most])
    return f"{text} and {len(items) - most} more" if len(items) > most else text
