"""The score of a dataset, so that two can be compared: N^0.3 * D^0.5 * Q^0.7 (docs/metrics.md)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from math import exp, log
from typing import Any

from smith_lib.curate.likeness import FLOOR
from smith_lib.curate.quality import NAMES, Parts, score
from smith_lib.curate.traits import Described

EXPONENTS = {"N": 0.3, "D": 0.5, "Q": 0.7}
"""Of the relation between what a model learns and how many rows, how varied and how good they are."""


def effective(counts: Mapping[Any, int]) -> float:
    """How many groups there effectively are: e to the power of Shannon's entropy (Hill's number)."""
    total = sum(counts.values())
    return exp(-sum(n / total * log(n / total) for n in counts.values() if n)) if total else 0.0


def worth(
    rows: Sequence[Described], parts: Mapping[str, Parts], likeness: Mapping[str, float], operators: int
) -> dict[str, Any]:
    """The score and its factors, ready for JSON. `operators` is how many kinds of bugs there could be.

    N: rows. D: the mean of four shares, each 0 to 1: effective operators over all there could be, effective
    functions over rows, effective repositories over repositories, and the mean distance to the nearest
    neighbour. Q: the mean quality score.
    """
    n = len(rows)
    if not n:
        return {"score": 0.0, "N": 0, "D": 0.0, "Q": 0.0, "diversity": {}, "quality": {}}
    kinds = Counter(row.operator for row in rows)
    places = Counter((row.repo, row.functions) for row in rows)
    repos = Counter(row.repo for row in rows)
    near = [min(1.0, (1 - likeness.get(row.instance_id, 0.0)) / (1 - FLOOR)) for row in rows]
    diversity = {
        "operators": min(1.0, effective(kinds) / max(operators, 1)),
        "functions": effective(places) / n,
        "repositories": effective(repos) / len(repos),
        "distance": sum(near) / n,
    }
    known = [parts[row.instance_id] for row in rows if row.instance_id in parts]
    quality: dict[str, float | None] = {}
    for name in NAMES:
        values = [value for one in known if (value := getattr(one, name)) is not None]
        quality[name] = round(sum(values) / len(values), 4) if values else None
    d = sum(diversity.values()) / len(diversity)
    q = sum(map(score, known)) / len(known) if known else 0.0
    return {
        "score": round(n ** EXPONENTS["N"] * d ** EXPONENTS["D"] * q ** EXPONENTS["Q"], 4),
        "N": n,
        "D": round(d, 4),
        "Q": round(q, 4),
        "diversity": {name: round(value, 4) for name, value in diversity.items()},
        "quality": quality,
    }
