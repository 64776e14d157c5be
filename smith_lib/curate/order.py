"""The order in which instances are taken: seeded, and spread over repositories, operators and functions."""

import random
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence

from smith_lib.types import Instance


def spread(instances: Iterable[Instance], rng: random.Random) -> list[Instance]:
    """The instances so that every beginning of the list is as varied as it can be.

    Repositories take turns; within one its operators take turns, within an operator its functions.
    """
    rows = sorted(instances, key=lambda i: i.instance_id)
    rng.shuffle(rows)
    rows = _in_turns(rows, lambda i: (i.repo_id, i.operator, i.functions))
    rows = _in_turns(rows, lambda i: (i.repo_id, i.operator))
    return _in_turns(rows, lambda i: i.repo_id)


def _in_turns(rows: Sequence[Instance], group: Callable[[Instance], Hashable]) -> list[Instance]:
    """First the first of each group, then the second of each, and so on; else in the given order."""
    seen: Counter[Hashable] = Counter()
    turns: list[tuple[int, int]] = []
    for index, row in enumerate(rows):
        key = group(row)
        turns.append((seen[key], index))
        seen[key] += 1
    return [rows[index] for _, index in sorted(turns)]
