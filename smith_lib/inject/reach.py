"""How many tests come by what a bug changes: where few do, it is subtle at most, or nobody notices it."""

from bisect import bisect_right
from collections.abc import Sequence

import libcst as cst

from smith_lib.inject.draw import Draft
from smith_lib.types import Coverage

ENOUGH = 0.1
"""From this share of the tests on, more make a bug's failing no more likely: of 689 judged bugs in eight
repositories 71 % were valid above it, 57 % of those down to 3 %, 43 % of those down to 1 %, 2 % below."""
LEAST = 0.1
"""The weight of what hardly a test comes by."""
AT_IMPORT = 0.5
"""The weight of what is executed outside tests: half of such bugs are as good as others."""


class Reach:
    """Which share of a repository's tests executes a statement."""

    def __init__(self, rows: Sequence[Coverage], least: float) -> None:
        """Read the table; below the share `least` of the tests, a bug is rare."""
        self.least = least
        self._counts: dict[str, dict[int, int]] = {}
        self._total = sum(len(row.tests) for row in rows)
        for row in rows:
            for file in row.files if row.tests else ():
                counts = self._counts.setdefault(file.path, {})
                for line in file.lines:
                    counts[line] = counts.get(line, 0) + len(row.tests)
        self._lines = {path: sorted(counts) for path, counts in self._counts.items()}

    def share(self, draft: Draft) -> float | None:
        """The share of the tests that execute what changes most; none where that is outside functions."""
        most = 0
        for part in draft.parts:
            if not isinstance(part.unit, cst.FunctionDef):
                return None
            path, (first, last) = part.program.path, part.lines
            lines, counts = self._lines.get(path, []), self._counts.get(path, {})
            inside = bisect_right(lines, part.program.first_line(part.unit))
            start = max(inside, bisect_right(lines, first + 1) - 1)
            most = max([most, *(counts[line] for line in lines[start : bisect_right(lines, last + 1)])])
        return most / self._total if self._total else None

    def is_rare(self, draft: Draft) -> bool:
        """Whether fewer tests execute what changes than must fail for a bug to be more than subtle."""
        share = self.share(draft)
        return share is not None and share < self.least

    def weight(self, draft: Draft) -> float:
        """How often such a place is taken beside one that many tests execute, `LEAST` to 1."""
        share = self.share(draft)
        return AT_IMPORT if share is None else min(1.0, LEAST + (1 - LEAST) * share / ENOUGH)
