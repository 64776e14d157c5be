"""The quality score of a task: the mean of what was measured of it, part by part (docs/metrics.md)."""

import re
from dataclasses import dataclass, fields, replace
from typing import Any

from smith_lib.curate.likeness import FLOOR
from smith_lib.package.issue import PLAIN

LONG_FIX = 30
"""Changed lines; few real fixes of one bug have more."""
LOUD = 0.25
"""Failing share of the reliable tests; a bug that more of them notice would hardly have been committed."""
_TELLTALE = re.compile(r"^\+[^+].*\b(?:bug|buggy|mutant|mutation|inject\w*|broken)\b", re.I | re.M)
ISSUE_FROM, ISSUE_TO = 80, 6_000
"""Characters of an issue text that is neither a stub nor a log."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What was measured of a task, each 0 to 1; None where it is not known."""

    reproduction: float | None
    """1 where the issue's code was run on clean and buggy code and showed the difference, else 0."""
    text: float | None
    """Share of the checks of the issue text that it passes."""
    tests: float | None
    """Share of the wrong fixes that fail a test; one that may be the same as the fix counts half."""
    margin: float | None
    """How reliably its tests fail and pass, as far as agreeing runs show."""
    realism: float | None
    """Share of the checks of the bug that it passes."""
    distance: float | None = None
    """0 for a twin of another task, 1 where none is half as alike."""


NAMES = tuple(field.name for field in fields(Parts))


def parts(row: Any, verdict: Any | None) -> Parts:
    """The parts that a task tells by itself; the distance to its nearest neighbour is not among them."""
    return Parts(
        reproduction=float(row.reproduced),
        text=_text(row),
        tests=_tests(row),
        margin=None if verdict is None else margin(verdict),
        realism=_realism(row),
    )


def with_distance(known: Parts, likeness: float) -> Parts:
    """The parts, with the distance that follows from the likeness to the nearest neighbour."""
    return replace(known, distance=round(min(1.0, (1 - likeness) / (1 - FLOOR)), 3))


def score(known: Parts) -> float:
    """0 to 1: the mean of the parts that are known; 0 where none is."""
    there = [value for name in NAMES if (value := getattr(known, name)) is not None]
    return round(sum(there) / len(there), 3) if there else 0.0


def margin(verdict: Any) -> float:
    """The least probability, at 95 % confidence, that one more run of a verdict gives the same.

    n runs that all agree bound it from below by 0.05 ** (1 / n) (Clopper and Pearson 1934); an agreeing cold
    run of the audit is one more.
    """
    runs = verdict.runs + (verdict.audit == "agrees")
    return round(0.05 ** (1 / runs), 3) if runs > 0 else 0.0


def _text(row: Any) -> float:
    """Tells what was seen, is neither stub nor log, has code or a traceback, gives not half of it away."""
    text = row.problem_statement.strip()
    checks = (
        row.problem_statement_source != PLAIN,
        ISSUE_FROM <= len(text) <= ISSUE_TO,
        "```" in text or "Traceback" in text or "\n    " in text,
        row.given_away < 0.5,
    )
    return float(sum(checks) / len(checks))


def _tests(row: Any) -> float | None:
    if not row.wrong_fixes:
        return None
    return float(round(1 - (row.wrong_fixes_surviving + row.wrong_fixes_alike / 2) / row.wrong_fixes, 3))


def _realism(row: Any) -> float:
    """Small enough to mend at once, not loud, a test that comes by passes, no telltale word."""
    checks = (
        row.fix_lines <= LONG_FIX,
        row.fail_ratio <= LOUD,
        row.covering_tests > len(row.FAIL_TO_PASS),
        _TELLTALE.search(row.bug_patch) is None,
    )
    return float(sum(checks) / len(checks))
