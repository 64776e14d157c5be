"""How alike the bugs of a pool are, repositories together: by the words that their patches change."""

import math
import re
from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b

SHINGLE = 3
"""Words in one feature, and words of context on either side of an edit."""
MOST = 32
"""Features that one bug may have, always the same ones of a large one."""
FLOOR = 0.5
"""Likeness below this is not told from none: the nearest neighbour is then far enough."""
USUAL = 0.75
"""What a near-duplicate is, where nothing else is set."""
_WORD = re.compile(r"\w+|\*\*=?|//=?|->|<<=?|>>=?|[-+*/%&|^@<>=!:]=|\S")
_HEAD = re.compile(r"^@@ ", re.M)

_FACTOR, _MASK = 0x9E3779B97F4A7C15, (1 << 64) - 1

Features = bytes
"""Eight bytes a feature, sorted, each once: what a pool of a million bugs can hold in memory."""


def edited(bug_patch: str) -> list[tuple[str, ...]]:
    """The runs of words around each edit of a patch, with the nearest line above and below each.

    Words that go are marked `-`, words that come `+`; blank lines and layout are left out. A word that only
    moves within an edit stays unmarked, as far as it is at the edit's beginning or end.
    """
    found: list[tuple[str, ...]] = []
    for hunk in _HEAD.split(bug_patch)[1:]:
        lines = [line for line in hunk.split("\n")[1:] if line[1:].strip() and line[0] in " +-"]
        at = 0
        while at < len(lines):
            if lines[at][0] == " ":
                at += 1
                continue
            end = at
            while end < len(lines) and lines[end][0] in "+-":
                end += 1
            found += _of_edit(
                [w for line in lines[at:end] if line[0] == "-" for w in _WORD.findall(line, 1)],
                [w for line in lines[at:end] if line[0] == "+" for w in _WORD.findall(line, 1)],
                _WORD.findall(lines[at - 1], 1) if at else [],
                _WORD.findall(lines[end], 1) if end < len(lines) and lines[end][0] == " " else [],
            )
            at = end
    return found


def _of_edit(
    gone: list[str], come: list[str], above: list[str], below: list[str]
) -> Iterator[tuple[str, ...]]:
    shortest = min(len(gone), len(come))
    head = next((n for n in range(shortest) if gone[n] != come[n]), shortest)
    tail = next((n for n in range(shortest - head) if gone[-1 - n] != come[-1 - n]), shortest - head)
    edit = [
        *gone[max(0, head - SHINGLE) : head],
        *(f"-{word}" for word in gone[head : len(gone) - tail]),
        *(f"+{word}" for word in come[head : len(come) - tail]),
        *gone[len(gone) - tail :][:SHINGLE],
    ]
    for n in range(max(1, len(edit) - SHINGLE + 1)):
        yield tuple(edit[n : n + SHINGLE])
    yield ("above", *above)
    yield ("below", *below)


def features(bug_patch: str) -> Features:
    """What a patch changes, as digests; a run of words that comes twice counts twice."""
    counts: dict[tuple[str, ...], int] = {}
    digests = set()
    for words in edited(bug_patch):
        counts[words] = digest = counts.get(words, 0) + 1
        for word in words:
            digest = (digest * _FACTOR + _number(word)) & _MASK
        digests.add(digest)
    return b"".join(digest.to_bytes(8, "big") for digest in sorted(digests)[:MOST])


@lru_cache(maxsize=1 << 16)
def _number(word: str) -> int:
    """A word's 64 bits; remembered, since a pool has few words and very many runs of them."""
    return int.from_bytes(blake2b(word.encode(errors="surrogatepass"), digest_size=8).digest(), "big")


class Nearest:
    """Finds pairs of bugs that are alike, without comparing each with each.

    Features are told from rare to common, and bugs that are at least so alike share one of the rarest few of
    both (prefix filtering; Bayardo, Ma and Srikant 2007). No pair at or above `least` is missed; of those
    below it, the ones that share such a feature are told.
    """

    def __init__(self, pool: Sequence[Features], least: float = USUAL) -> None:
        """Look at the features of the whole pool, in the order in which bugs are asked about."""
        import numpy as np

        self.least = least
        sizes = np.fromiter((len(f) // 8 for f in pool), dtype=np.int64, count=len(pool))
        flat = np.frombuffer(b"".join(pool), dtype=">u8").astype(np.uint64)
        _, numbers, counts = np.unique(flat, return_inverse=True, return_counts=True)
        rank = np.empty(len(counts), dtype=np.int32)
        rank[np.argsort(counts, kind="stable")] = np.arange(len(counts), dtype=np.int32)
        ranks = rank[numbers] if len(flat) else np.empty(0, dtype=np.int32)
        owner = np.repeat(np.arange(len(pool)), sizes)
        ranks = ranks[np.lexsort((ranks, owner))]
        self._starts = np.concatenate([[0], np.cumsum(sizes)])
        self._ranks = ranks
        self._index: defaultdict[int, array[int]] = defaultdict(lambda: array("l"))

    def _of(self, at: int) -> list[int]:
        found: list[int] = self._ranks[self._starts[at] : self._starts[at + 1]].tolist()
        return found

    def to(self, at: int) -> tuple[float, int]:
        """The likeness (Jaccard's index) of the nearest bug that was kept before, and its place.

        0 and -1 where none shares one of the rarest features.
        """
        ranks = self._of(at)
        if not ranks:
            return 0.0, -1
        own = frozenset(ranks)
        best, place = 0.0, -1
        seen: set[int] = set()
        for one in ranks[: _prefix(len(ranks), self.least)]:
            for other in self._index.get(one, ()):
                if other in seen:
                    continue
                seen.add(other)
                size = int(self._starts[other + 1] - self._starts[other])
                if min(size, len(own)) < best * max(size, len(own)) - 1e-9:
                    continue
                both = len(own.intersection(self._of(other)))
                likeness = both / (len(own) + size - both)
                if likeness > best or (likeness == best and place > other):
                    best, place = likeness, other
        return best, place

    def keep(self, at: int) -> None:
        """From now on that bug is one that others may be near to."""
        ranks = self._of(at)
        for one in ranks[: _prefix(len(ranks), self.least)]:
            self._index[one].append(at)


def _prefix(size: int, least: float) -> int:
    """How many of the rarest features one of which bugs that are so alike must share."""
    return size - math.ceil(least * size - 1e-9) + 1 if size else 0
