"""What a run may still spend on models: requests and dollars, counted in a file that its processes share."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from smith_lib.errors import BudgetSpent, StorageError

NANO = 1_000_000_000
"""Dollars are counted in billionths, so that sums do not depend on their order."""


@dataclass(frozen=True, slots=True)
class Budget:
    """A run's budget on this machine."""

    file: Path
    """Where it is counted; made where it is missing."""
    requests: int
    usd: float


@contextmanager
def _counted(budget: Budget) -> Iterator[dict[str, int]]:
    """What is spent so far, `requests` and `nanos`; what the block makes of it is kept."""
    try:
        budget.file.parent.mkdir(parents=True, exist_ok=True)
        with budget.file.open("a+", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            spent = {"requests": 0, "nanos": 0, **json.loads(file.read() or "{}")}
            before = dict(spent)
            yield spent
            if spent != before:
                file.truncate(0)
                file.write(json.dumps(spent))
    except (OSError, ValueError) as error:
        raise StorageError(f"the budget's file {budget.file} cannot be kept: {error}") from error


def hold(budget: Budget, requests: int, usd: float, what: str = "") -> None:
    """Count so much as spent before it is. Raises `BudgetSpent` where it would pass the budget.

    The same `what` (an answer's digest) counts once a run.
    """
    nanos = round(usd * NANO)
    with _counted(budget) as spent:
        if what in spent:
            return
        if spent["requests"] + requests > budget.requests:
            raise BudgetSpent(f"llm.max_requests = {budget.requests} is used up")
        if spent["nanos"] + nanos > round(budget.usd * NANO):
            left = budget.usd - spent["nanos"] / NANO
            raise BudgetSpent(f"llm.max_usd = {budget.usd:g}: ${left:.4f} left, ${usd:.4f} may be needed")
        spent["requests"] += requests
        spent["nanos"] += nanos
        if what:
            spent[what] = 1


def settle(budget: Budget, held: float, usd: float, what: str = "") -> None:
    """Count `usd` dollars in place of the `held` ones, and `what` as paid for."""
    with _counted(budget) as spent:
        spent["nanos"] += round(usd * NANO) - round(held * NANO)
        if what:
            spent[what] = 1


def spent(budget: Budget) -> tuple[int, float]:
    """The requests and the dollars spent so far, those held included."""
    with _counted(budget) as counted:
        return counted["requests"], counted["nanos"] / NANO
