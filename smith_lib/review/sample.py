"""Which tasks are looked at: drawn by a seed, each as likely as any other."""

import random

from smith_lib.errors import InputError
from smith_lib.report.held import Held, whole
from smith_lib.types import Instance


def drawn(held: Held, many: int, seed: int, subset: str = "all") -> list[Instance]:
    """At most so many tasks of a subset in the order of the draw; the same for the same version and seed.

    A larger sample begins with the smaller one. Raises `InputError` where the subset is empty.
    """
    subsets, ids = held.columns["subset"], held.columns["instance_id"]
    places = [at for at in range(len(held)) if subset in ("all", subsets[at])]
    if not places:
        there = ", ".join(sorted(set(subsets)))
        raise InputError(f"version {held.name} has no tasks in {subset!r}; it has: {there}")
    places.sort(key=lambda at: ids[at])
    random.Random(f"{seed} review").shuffle(places)
    return whole(held, places[:many])
