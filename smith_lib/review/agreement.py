"""What reviews come to: answers counted, the score, and how far reviewers agree."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any

from smith_lib.review.answers import QUESTIONS, said
from smith_lib.types import Review


@dataclass(frozen=True, slots=True)
class Tally:
    """The answers to one question."""

    yes: int
    no: int
    share: float | None
    """Of yes; None where nobody answered."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far two reviewers agree on one question, over the tasks that both answered it for."""

    question: str
    first: str
    second: str
    tasks: int
    agreed: float | None
    """The share that they answered alike."""
    kappa: float | None
    """Cohen's; None where there are no such tasks, or both always gave the same one answer."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What reviews of a version come to."""

    version: str
    tasks: int
    """Different tasks that anything was said of."""
    reviewers: dict[str, int]
    """How many tasks each looked at."""
    questions: dict[str, Tally]
    score: float | None
    """`manual_review_score`: the share of the reviewed tasks that are realistic and clear."""
    agreement: tuple[Agreement, ...]
    gone: tuple[str, ...]
    """Tasks that were reviewed and are not in the version: kept in the files, and not counted."""

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def summary(version: str, rows: Sequence[Review], there: Collection[str]) -> Summary:
    """What the reviews come to, of the tasks (by id) that are there."""
    heard = [row for row in rows if said(row)]
    counted = [row for row in heard if row.instance_id in there]
    names = sorted({row.reviewer for row in counted})
    return Summary(
        version=version,
        tasks=len({row.instance_id for row in counted}),
        reviewers={name: sum(row.reviewer == name for row in counted) for name in names},
        questions={question: _tally(counted, question) for question in QUESTIONS},
        score=score(counted),
        agreement=tuple(
            _agreement(counted, question, *pair) for question in QUESTIONS for pair in combinations(names, 2)
        ),
        gone=tuple(sorted({row.instance_id for row in heard if row.instance_id not in there})),
    )


def score(rows: Sequence[Review]) -> float | None:
    """The share of the reviewed tasks that are realistic and clear.

    A task counts once a reviewer answered both; of several reviewers it is the share of those that say yes to
    both. None where nobody did.
    """
    said_: dict[str, list[bool]] = defaultdict(list)
    for row in rows:
        if row.realistic is not None and row.text_clear is not None:
            said_[row.instance_id].append(row.realistic and row.text_clear)
    shares = [sum(some) / len(some) for some in said_.values()]
    return round(sum(shares) / len(shares), 6) if shares else None


def kappa(pairs: Sequence[tuple[bool, bool]]) -> float | None:
    """Cohen's kappa, (po - pe) / (1 - pe), after Cohen (1960), "A coefficient of agreement for nominal
    scales", equation 1; None without pairs, and where chance alone makes both agree always."""
    if not pairs:
        return None
    observed = sum(a == b for a, b in pairs) / len(pairs)
    first, second = (sum(pair[side] for pair in pairs) / len(pairs) for side in (0, 1))
    chance = first * second + (1 - first) * (1 - second)
    return None if chance == 1 else (observed - chance) / (1 - chance)


def _tally(rows: Sequence[Review], question: str) -> Tally:
    given = [getattr(row, question) for row in rows]
    yes, no = given.count(True), given.count(False)
    return Tally(yes, no, round(yes / (yes + no), 6) if yes + no else None)


def _agreement(rows: Sequence[Review], question: str, first: str, second: str) -> Agreement:
    by: dict[str, dict[str, bool]] = {first: {}, second: {}}
    for row in rows:
        answer = getattr(row, question)
        if row.reviewer in by and answer is not None:
            by[row.reviewer][row.instance_id] = answer
    both = sorted(by[first].keys() & by[second].keys())
    pairs = [(by[first][task], by[second][task]) for task in both]
    alike = sum(a == b for a, b in pairs) / len(pairs) if pairs else None
    value = kappa(pairs)
    return Agreement(
        question, first, second, len(pairs), None if alike is None else round(alike, 6),
        None if value is None else round(value, 6),
    )  # fmt: skip
