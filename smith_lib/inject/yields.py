"""How often each operator's bugs were valid, and how much less those are drawn that rarely were."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources

from smith_lib.errors import StorageError, UnknownName
from smith_lib.publish.version import figures, versions
from smith_lib.storage import Root
from smith_lib.types import UNJUDGED, Candidate, Outcome, Verdict

RECORDED, EVEN = "recorded", "even"
"""Names of yields that no version holds: those measured for this release, and none."""
PRIOR = 6.0
"""Bugs of the mean yield that each operator is taken to have had before it was looked at (a Beta prior)."""
LEAST = 0.2
"""Smallest weight: such an operator is drawn a fifth as often as the best."""


@dataclass(frozen=True, slots=True)
class Yield:
    """What came of an operator's bugs."""

    judged: int
    valid: int


Yields = Mapping[str, Yield]
"""By operator."""


def counted(candidates: Iterable[Candidate], verdicts: Iterable[Verdict]) -> dict[str, Yield]:
    """The yields that verdicts tell, by operator, sorted; what was not judged does not count."""
    operators = {candidate.candidate_id: candidate.operator for candidate in candidates}
    judged: dict[str, int] = {}
    valid: dict[str, int] = {}
    for verdict in verdicts:
        name = operators.get(verdict.candidate_id)
        if name is None or verdict.outcome in UNJUDGED:
            continue
        judged[name] = judged.get(name, 0) + 1
        valid[name] = valid.get(name, 0) + (verdict.outcome is Outcome.VALID)
    return {name: Yield(judged[name], valid[name]) for name in sorted(judged)}


def recorded() -> dict[str, Yield]:
    """The yields that `benchmarks/inject.py --yields` measured for this release."""
    text = resources.files(__package__).joinpath("yields.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["operator"]: Yield(int(row["judged"]), int(row["valid"])) for row in rows}


def known(name: str, root: Root) -> dict[str, Yield]:
    """The yields of that name: `recorded`, `even` (none), or a version published under the root.

    Raises `UnknownName` where there is none, and `StorageError` where a version tells none.
    """
    if name == EVEN:
        return {}
    if name == RECORDED:
        return recorded()
    there = versions(root)
    if name not in there:
        raise UnknownName("yields", name, [RECORDED, EVEN, *there])
    told = figures(root, name).get("yields")
    try:
        return {op: Yield(int(one["judged"]), int(one["valid"])) for op, one in sorted(told.items())}  # type: ignore[union-attr]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise StorageError(f"version {name} tells no yields of its operators") from error


class Weights:
    """How often operators are drawn: by the mean of each one's yield, smoothed, over that of the best."""

    def __init__(self, yields: Yields) -> None:
        """Weigh them; without yields all are alike."""
        judged = sum(one.judged for one in yields.values())
        self._mean = sum(one.valid for one in yields.values()) / judged if judged else 1.0
        means = {name: self._smoothed(one) for name, one in yields.items()}
        self._best = max([self._mean, *means.values()]) or 1.0
        self._weights = {name: max(LEAST, mean / self._best) for name, mean in means.items()}

    def _smoothed(self, one: Yield) -> float:
        return (one.valid + PRIOR * self._mean) / (one.judged + PRIOR)

    def of(self, operator: str) -> float:
        """The weight of an operator, `LEAST` to 1; one that was never judged has that of the mean yield."""
        return self._weights.get(operator, max(LEAST, self._mean / self._best))
