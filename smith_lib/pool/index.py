"""The fixes of a pool, found by likeness: exact, over all vectors and words at once.

A row's vector and words lie in its Parquet file beside it. Only these two columns are read to search; of what
is found, the row groups that hold it.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from smith_lib.errors import DamagedShard, InputError
from smith_lib.pool import text
from smith_lib.pool.embed import Embedder, label
from smith_lib.pool.shelf import shelved
from smith_lib.storage import Root
from smith_lib.storage.shards import rows_from_table
from smith_lib.types import PastFix

if TYPE_CHECKING:
    import numpy as np

By = Literal["both", "vectors", "words"]
AGAIN = "`smith pool SOURCE` makes it again"
BUCKETS = 1 << 20
"""Different hashes of words."""
VECTORS = 0.5
"""How much the likeness of vectors counts beside that of words (see docs/pool.md for what was tried)."""
LENGTH = 0.5
"""How much long texts are taken back, as BM25's `b`."""
SATURATION = 1.2
"""BM25's `k1`, where a word counts once."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A fix that was found."""

    score: float
    """0 to 1: the weighted mean of the two, or the one that was asked for."""
    cosine: float
    """Of the vectors, -1 to 1."""
    words: float
    """Of the words, 0 to 1: the best has 1."""
    row: PastFix


def hashed(found: frozenset[str]) -> bytes:
    """The words as rows have them."""
    import numpy as np

    numbers = sorted({zlib.crc32(word.encode()) % BUCKETS for word in found})
    return np.array(numbers, dtype="<u4").tobytes()


def packed(vector: "np.ndarray[Any, Any]") -> bytes:
    """The vector as rows have it."""
    return vector.astype("<f2").tobytes()


class Index:
    """The fixes of some shards, ready to be searched."""

    def __init__(self, root: Root, shards: Sequence[str]) -> None:
        """Read vectors and words. Raises `InputError` where shards have vectors of different models."""
        import numpy as np

        self._files: list[tuple[str, pq.ParquetFile, int]] = []
        vectors, words, lengths = [], [], []
        self.embedding = ""
        start = 0
        for path in shards:
            file = _opened(root, path)
            self._files.append((path, file, start))
            table = _columns(file, path)
            start += table.num_rows
            for name in map(str, table.column("embedding").unique().to_pylist()):
                if self.embedding and name != self.embedding:
                    raise InputError(
                        f"the pool has vectors of {self.embedding!r} and of {name!r}: `smith pool SOURCE` "
                        "with one pool.embedding makes those of a source anew, --project leaves others out"
                    )
                self.embedding = name
            for chunk in table.column("vector").chunks:
                vectors.append(_numbers(chunk, "<f2")[0])
            for chunk in table.column("words").chunks:
                numbers, counts = _numbers(chunk, "<u4")
                words.append(numbers)
                lengths.append(counts)
        self.size = start
        if not start:
            raise InputError("the pool is empty: `smith pool SOURCE...` puts a project's fixes into it")
        flat = np.concatenate(vectors)
        if not flat.size or flat.size % start:
            raise DamagedShard(f"the pool's vectors are damaged ({flat.size} numbers for {start} fixes)")
        self._vectors = flat.astype(np.float32).reshape(start, -1)
        self._words = np.concatenate(words)
        self._lengths = np.concatenate(lengths)
        self._told = self._lengths > 0
        self._starts = (np.cumsum(self._lengths) - self._lengths)[self._told]
        counts = np.bincount(self._words, minlength=BUCKETS)
        self._weights = np.log1p((start - counts + 0.5) / (counts + 0.5)).astype(np.float32)

    def nearest(self, question: str, embedder: Embedder, top: int, by: By = "both",
                without: frozenset[str] = frozenset()) -> list[Hit]:  # fmt: skip
        """The `top` fixes that are most alike to the question, best first.

        None of those ids `without`, and none that has nothing of it.

        Raises `InputError` where the vectors are of another model or size than the embedder's, and what it
        raises itself.
        """
        import numpy as np

        cosine = self._by_vectors(question, embedder) if by != "words" else np.zeros(self.size)
        words = self._by_words(question) if by != "vectors" else np.zeros(self.size)
        score = {
            "both": (words + VECTORS * cosine) / (1 + VECTORS), "vectors": cosine, "words": words,
        }[by]  # fmt: skip
        wanted = min(self.size, top + len(without))
        some = np.argpartition(-score, wanted - 1)[:wanted]
        order = sorted(some.tolist(), key=lambda at: (-score[at], at))
        rows = self._rows(order)
        found = [
            Hit(round(float(score[at]), 4), round(float(cosine[at]), 4), round(float(words[at]), 4), rows[at])
            for at in order if rows[at].fix_id not in without and score[at] > 0
        ]  # fmt: skip
        return found[:top]

    def _by_vectors(self, question: str, embedder: Embedder) -> "np.ndarray[Any, Any]":
        [vector] = embedder.embed([question])
        told = label(embedder.name, len(vector))
        if told != self.embedding:
            raise InputError(
                f"the pool's vectors are of {self.embedding!r}, and pool.embedding gives {told!r}: "
                f"`smith pool SOURCE` makes them anew, or set pool.embedding to the first"
            )
        return self._vectors @ vector  # type: ignore[no-any-return]

    def _by_words(self, question: str) -> "np.ndarray[Any, Any]":
        """The weights of the words that both have, by BM25 where a word counts once; the best has 1."""
        import numpy as np

        asked = np.frombuffer(hashed(text.words(question)), dtype="<u4").astype(np.intp)
        weights = np.zeros(BUCKETS, dtype=np.float32)
        weights[asked] = self._weights[asked]
        sums = np.zeros(self.size, dtype=np.float32)
        if self._starts.size:
            sums[self._told] = np.add.reduceat(weights.take(self._words), self._starts)
        mean = max(1.0, float(self._lengths.mean()))
        scores = sums / (1 + SATURATION * (1 - LENGTH + LENGTH * self._lengths / mean))
        best = scores.max()
        return scores / best if best > 0 else scores

    def _rows(self, places: Sequence[int]) -> dict[int, PastFix]:
        """The rows at these places; of each file only the row groups that hold one."""
        found: dict[int, PastFix] = {}
        for path, file, start in self._files:
            at = start
            for group in range(file.metadata.num_row_groups):
                n = file.metadata.row_group(group).num_rows
                wanted = [place for place in places if at <= place < at + n]
                if wanted:
                    try:
                        table = file.read_row_group(group, use_threads=False)
                        taken = table.take([place - at for place in wanted])
                        found.update(zip(wanted, rows_from_table(PastFix, taken), strict=True))
                    except (pa.ArrowException, ValueError, TypeError, KeyError, OSError) as error:
                        raise DamagedShard(f"shard {path} is damaged ({error})") from error
                at += n
        return found


def index_of(root: Root, projects: Sequence[str] = ()) -> Index:
    """The index of the pool's projects (`owner/name`), of all where none is named. Raises `InputError`."""
    return Index(root, shards_of(root, projects))


def shards_of(root: Root, projects: Sequence[str] = ()) -> list[str]:
    """The shards of the pool's projects, of all where none is named.

    Raises `InputError` where the pool is empty or lacks one.
    """
    there = shelved(root)
    if not there:
        raise InputError(f"no pool in {root.url!r}: `smith pool SOURCE... --out {root.url}` makes one")
    for name in projects:
        if name not in there:
            raise InputError(f"the pool in {root.url!r} has no {name!r}; it has: {', '.join(sorted(there))}")
    return [there[name] for name in sorted(projects or there)]


def _opened(root: Root, path: str) -> pq.ParquetFile:
    try:
        if root.local is not None:
            return pq.ParquetFile(pa.memory_map(root.path(path)), page_checksum_verification=True)
        return pq.ParquetFile(pa.BufferReader(root.read_bytes(path)), page_checksum_verification=True)
    except FileNotFoundError as error:
        raise DamagedShard(f"shard {path} is gone: {AGAIN}") from error
    except (pa.ArrowException, OSError) as error:
        raise DamagedShard(f"shard {path} is damaged ({error}): {AGAIN}") from error


def _columns(file: pq.ParquetFile, path: str) -> pa.Table:
    try:
        return file.read(columns=["embedding", "vector", "words"], use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise DamagedShard(f"shard {path} is damaged ({error}): {AGAIN}") from error


def _numbers(chunk: Any, kind: str) -> tuple["np.ndarray[Any, Any]", "np.ndarray[Any, Any]"]:
    """All numbers of a binary column's chunk, and how many of them each row has; nothing is copied."""
    import numpy as np

    _, places, data = chunk.buffers()
    if places is None or data is None:
        return np.zeros(0, dtype=kind), np.zeros(len(chunk), dtype=np.int64)
    size = np.dtype(kind).itemsize
    ends = np.frombuffer(places, dtype=np.int32)[chunk.offset : chunk.offset + len(chunk) + 1]
    numbers = np.frombuffer(data, dtype=np.uint8)[ends[0] : ends[-1]].view(kind)
    return numbers, np.diff(ends) // size
