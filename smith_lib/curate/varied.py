"""The most varied rows first: lazy greedy choice under a budget, by a function with diminishing returns."""

import heapq
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING, Any

from smith_lib.curate.shares import Kind
from smith_lib.curate.traits import Trait

if TYPE_CHECKING:
    import numpy as np

WIDTH = 128
"""Numbers in the embedding of an edit."""
LANDMARKS = 1_000
"""Rows of the pool, drawn by the seed, that a choice should have something near to."""
BLOCK = 8_192
"""Rows whose likeness to the landmarks is worked out at once."""
WEIGHTS = {"operator": 1.0, "repository": 1.0, "file": 0.5, "function": 0.5, "embedding": 1.0, "quality": 1.0}
"""What a first row of an operator, repository and so on is worth; a second is worth 0.41 of that."""


def embedded(rows: Sequence[Trait]) -> "np.ndarray[Any, Any]":
    """A unit vector a row, of the words its patch changes (feature hashing; Weinberger et al. 2009)."""
    import numpy as np

    made = np.zeros((len(rows), WIDTH), dtype=np.float32)
    sizes = np.fromiter((len(r.features) // 8 for r in rows), dtype=np.int64, count=len(rows))
    flat = np.frombuffer(b"".join(r.features for r in rows), dtype=">u8").astype(np.uint64)
    owners = np.repeat(np.arange(len(rows)), sizes)
    signs = np.where((flat >> np.uint64(40)) & np.uint64(1), 1.0, -1.0).astype(np.float32)
    np.add.at(made, (owners, (flat % np.uint64(WIDTH)).astype(np.int64)), signs)
    made /= np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9)
    return made


class Varied:
    """Picks rows so that each adds the most to what was picked before and to what is there already.

    What a choice is worth: for operators, repositories, files and functions the root of how many rows each
    has, the nearness of the nearest row to each landmark (facility location), and the rows' scores. All of
    these have diminishing returns, so the greedy choice is worth at least 63 % of the best one (Nemhauser,
    Wolsey and Fisher 1978), and a row whose worth was the largest before need not be looked at again until it
    comes first (Minoux 1978).
    """

    def __init__(
        self, held: Sequence[Trait], band: Sequence[Trait], scores: Mapping[str, float], seed: str
    ) -> None:
        """Look at the rows that are there already, and at those to choose from."""
        import numpy as np

        self._held, self._scores = held, scores
        self._at = {row.instance_id: at for at, row in enumerate(band)}
        self._vectors = embedded(band)
        drawn = random.Random(seed).sample(range(len(band)), min(LANDMARKS, len(band)))
        self._marks = self._vectors[sorted(drawn)]
        self._covered = np.zeros(len(self._marks), dtype=np.float32)
        if held and len(self._marks):
            for near in self._near(embedded(held)):
                self._covered = np.maximum(self._covered, near.max(axis=0))

    def _near(self, vectors: "np.ndarray[Any, Any]") -> Iterator["np.ndarray[Any, Any]"]:
        import numpy as np

        for at in range(0, len(vectors), BLOCK):
            yield np.maximum(vectors[at : at + BLOCK] @ self._marks.T, 0)

    def pick(self, rows: Sequence[Trait], kinds: Mapping[str, Kind], room: dict[Kind, int]) -> list[Trait]:
        """Of each kind as many as there is room for, in the order in which they add most."""
        import numpy as np

        budget = sum(room.values())
        scale = WEIGHTS["embedding"] * budget / max(1, len(self._marks))
        seen: Counter[tuple[str, str]] = Counter(key for row in self._held for key, _ in _groups(row))
        covered = self._covered.copy()
        places = np.array([self._at[row.instance_id] for row in rows], dtype=np.int64)
        first = np.concatenate(
            [np.maximum(near - covered, 0).sum(axis=1) for near in self._near(self._vectors[places])]
            or [np.zeros(0)]
        )

        def worth(row: Trait, nearer: float) -> float:
            gain = sum(weight * (sqrt(seen[key] + 1) - sqrt(seen[key])) for key, weight in _groups(row))
            return round(gain + scale * nearer + WEIGHTS["quality"] * self._scores[row.instance_id], 6)

        open_rows = (n for n, row in enumerate(rows) if room.get(kinds[row.instance_id]))
        heap = [(-worth(rows[n], float(first[n])), n) for n in open_rows]
        heapq.heapify(heap)
        taken: list[Trait] = []
        while heap and len(taken) < budget:
            _, n = heapq.heappop(heap)
            row = rows[n]
            if room[kinds[row.instance_id]] <= 0:
                continue
            near = np.maximum(self._marks @ self._vectors[places[n]], 0)
            now = -worth(row, float(np.maximum(near - covered, 0).sum()))
            if heap and (now, n) > heap[0]:
                heapq.heappush(heap, (now, n))
                continue
            room[kinds[row.instance_id]] -= 1
            taken.append(row)
            seen.update(key for key, _ in _groups(row))
            covered = np.maximum(covered, near)
        return taken


def _groups(row: Trait) -> list[tuple[tuple[str, str], float]]:
    files = dict.fromkeys(function.partition("::")[0] for function in row.functions)
    return [
        (("operator", row.operator), WEIGHTS["operator"]),
        (("repository", row.repo), WEIGHTS["repository"]),
        *((("file", f"{row.repo} {name}"), WEIGHTS["file"]) for name in files),
        *((("function", f"{row.repo} {name}"), WEIGHTS["function"]) for name in row.functions),
    ]
