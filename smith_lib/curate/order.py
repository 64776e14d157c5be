"""The order in which instances are taken: seeded, and spread over repositories, operators and functions."""

import random
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

from smith_lib.curate.traits import Trait
from smith_lib.types import Instance

R = TypeVar("R", Instance, Trait)


def spread(instances: Iterable[R], rng: random.Random, scores: Mapping[str, float] | None = None) -> list[R]:
    """The instances so that every beginning of the list is as varied as it can be.

    Repositories take turns; within one its operators take turns, within an operator its functions. Of those
    whose turn it is the better ones come first, by their scores to a tenth; the rest is drawn.
    """
    rows = sorted(instances, key=lambda i: i.instance_id)
    rng.shuffle(rows)
    if scores is not None:
        rows.sort(key=lambda i: -round(scores[i.instance_id], 1))
    rows = _in_turns(rows, lambda i: (i.repo_id, i.operator, i.functions))
    rows = _in_turns(rows, lambda i: (i.repo_id, i.operator))
    return _in_turns(rows, lambda i: i.repo_id)


def _in_turns(rows: Sequence[R], group: Callable[[R], Hashable]) -> list[R]:
    """First the first of each group, then the second of each, and so on; else in the given order."""
    seen: Counter[Hashable] = Counter()
    turns: list[tuple[int, int]] = []
    for index, row in enumerate(rows):
        key = group(row)
        turns.append((seen[key], index))
        seen[key] += 1
    return [rows[index] for _, index in sorted(turns)]
