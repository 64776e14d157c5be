"""Where so few tests come by that a bug is subtle at most."""

from bisect import bisect_right
from collections.abc import Mapping, Set

import libcst as cst

from smith_lib.inject.draw import Draft


class Reach:
    """What tests execute, and what enough of them do."""

    def __init__(self, executed: Mapping[str, Set[int]], often: Mapping[str, Set[int]]) -> None:
        """By path the first lines (from 1) of statements: those that tests execute, those that enough do."""
        self._lines = {path: sorted(lines) for path, lines in executed.items()}
        self._often = often

    def is_rare(self, draft: Draft) -> bool:
        """Whether all that changes is in functions, in statements that too few tests execute."""
        for part in draft.parts:
            path, (first, last) = part.program.path, part.lines
            lines = self._lines.get(path, [])
            start = max(0, bisect_right(lines, first + 1) - 1)
            statements = lines[start : bisect_right(lines, last + 1)]
            if not isinstance(part.unit, cst.FunctionDef):
                return False
            if not self._often.get(path, frozenset()).isdisjoint(statements):
                return False
        return True
