"""Shares with the interval that they are known to."""

from dataclasses import dataclass
from math import sqrt

Z = 1.959963984540054
"""The 97.5 % point of the normal distribution: intervals of 95 %."""


@dataclass(frozen=True, slots=True)
class Share:
    """A share and its interval, all 0 to 1."""

    hits: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share itself; 0 of nothing."""
        return self.hits / self.of if self.of else 0.0


def wilson(hits: int, of: int) -> Share:
    """The share with its 95 % interval; 0 to 1 of nothing.

    The score interval of Wilson (1927), as equation 4 of Brown, Cai and DasGupta (2001) has it.
    """
    if not of:
        return Share(hits, of, 0.0, 1.0)
    share, slack = hits / of, Z * Z / of
    middle = (share + slack / 2) / (1 + slack)
    half = Z * sqrt(share * (1 - share) / of + slack / (4 * of)) / (1 + slack)
    # At the ends the bound is the share itself; rounding would leave it a hair beside.
    low, high = (0.0 if not hits else middle - half), (1.0 if hits == of else middle + half)
    return Share(hits, of, low, high)
