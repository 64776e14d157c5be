"""How well and how fast a pool is searched: recall over real histories, and seconds over many fixes.

    python benchmarks/pool.py recall [--cache FOLDER] SOURCE...
    python benchmarks/pool.py speed [--fixes 50000] [--projects 50]

`recall`: each fix of the histories is a question in three ways: what was said of it, its diff, and the first
piece of code that it changed, as that was before; itself is left out of what is searched. *Found* is the
share of questions of which one of the five best changes the same function; of all that do (five at most),
*recall* is the share that is among the five. Only fixes count of whose functions another one changed, too.
*Category* is the share of the five that have the same one. Compared are embeddings alone, words alone (BM25
where a word counts once), both, and BM25 over the same texts.

`speed`: so many fixes of random vectors and words, in so many shards; what it takes to open them and to
search them, in milliseconds of the processor and of the clock.
"""

import argparse
import math
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from smith_lib.pool import text
from smith_lib.pool.embed import LOCAL, Embedder, embedder
from smith_lib.pool.index import Index, hashed, index_of, packed
from smith_lib.pool.shelf import put, shelved
from smith_lib.settings import load
from smith_lib.stages import Desk, of_history, record
from smith_lib.storage import Root, Shard, read_at, write
from smith_lib.types import Category, Complexity, FixedPiece, PastFix

TOP = 5
QUESTIONS: dict[str, Callable[[PastFix], str]] = {
    "message": lambda row: text.of_question(f"{row.title}\n{row.body}"),
    "diff": lambda row: text.of_question(row.patch),
    "code": lambda row: row.pieces[0].buggy,
}


def main() -> int:
    """0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    ways = parser.add_subparsers(dest="way", required=True)
    one = ways.add_parser("recall")
    one.add_argument("sources", nargs="+")
    one.add_argument("--cache", help="where histories are kept")
    other = ways.add_parser("speed")
    other.add_argument("--fixes", type=int, default=50_000)
    other.add_argument("--projects", type=int, default=50)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.way == "recall":
            recall(given.sources, folder, Path(given.cache or folder))
        else:
            speed(given.fixes, given.projects, Root.at(folder))
    return 0


def recall(sources: Sequence[str], out: str, cache: Path) -> None:
    """Nothing; the table is printed."""
    desk = Desk("run", of_history(load(None, {"out": out})), Root.at(out), cast("Any", None), cache,
                lambda table, rows: None)  # fmt: skip
    for source in sources:
        began = time.monotonic()
        print(f"{source}: {record(source, desk).rows} fixes in {time.monotonic() - began:.1f} s", flush=True)
    shards = [path for _, path in sorted(shelved(desk.root).items())]
    rows = [row for path in shards for row in read_at(desk.root, path, PastFix)]
    index, by_model = index_of(desk.root), embedder(desk.settings, cache, "run")
    bm25 = lexical([text.of_fix(row) for row in rows])
    own = [{(row.repo, name) for name in row.functions if not name.endswith("<module>")} for row in rows]
    print(f"{'question':10}{'by':10}{'found':>8}{'recall':>8}{'category':>10}   of {len(rows)} fixes")
    for name, question in QUESTIONS.items():
        for by in ("vectors", "words", "both", "BM25"):
            found = [nearest(row, question(row), by, index, by_model, bm25, rows) for row in rows]
            line(name, by, rows, own, found)


def nearest(
    row: PastFix, question: str, by: str, index: Index, by_model: Embedder,
    bm25: Callable[[str], "np.ndarray[Any, Any]"], rows: Sequence[PastFix],
) -> list[str]:  # fmt: skip
    """The ids of the five nearest but itself."""
    if by == "BM25":
        order = np.argsort(-bm25(question), kind="stable")[: TOP + 1]
        return [rows[at].fix_id for at in order if rows[at].fix_id != row.fix_id][:TOP]
    hits = index.nearest(question, by_model, TOP, cast("Any", by), frozenset({row.fix_id}))
    return [hit.row.fix_id for hit in hits]


def line(
    name: str, by: str, rows: Sequence[PastFix], own: Sequence[set[tuple[str, str]]],
    found: Sequence[Sequence[str]],
) -> None:  # fmt: skip
    """Nothing; one line of the table is printed."""
    category = {row.fix_id: row.category for row in rows}
    any_of, shares, alike = [], [], []
    for at, row in enumerate(rows):
        alike.append(sum(category[one] is row.category for one in found[at]) / max(1, len(found[at])))
        related = {rows[n].fix_id for n, names in enumerate(own) if n != at and names & own[at]}
        if related:
            got = len(related & set(found[at]))
            any_of.append(got > 0)
            shares.append(got / min(TOP, len(related)))
    mean = [statistics.mean(some) if some else 0.0 for some in (any_of, shares, alike)]
    print(f"{name:10}{by:10}{mean[0]:8.3f}{mean[1]:8.3f}{mean[2]:10.3f}   {len(shares)} count", flush=True)


def lexical(texts: Sequence[str]) -> Callable[[str], "np.ndarray[Any, Any]"]:
    """Okapi BM25 (k1 = 1.2, b = 0.75) over the texts' words."""
    counts = [Counter(words(one)) for one in texts]
    lengths = np.array([count.total() for count in counts])
    among = Counter(word for count in counts for word in count)
    weights = {word: math.log(1 + (len(texts) - n + 0.5) / (n + 0.5)) for word, n in among.items()}

    def scores(question: str) -> "np.ndarray[Any, Any]":
        found = np.zeros(len(texts))
        for word in set(words(question)) & weights.keys():
            often = np.array([count[word] for count in counts])
            found += weights[word] * often * 2.2 / (often + 1.2 * (0.25 + 0.75 * lengths / lengths.mean()))
        return found

    return scores


def words(told: str) -> list[str]:
    """The words of a text with their parts, as often as they come."""
    return [part for word in told.split() for part in text.words(word)]


def speed(fixes: int, projects: int, root: Root) -> None:
    """Nothing; the figures are printed."""
    drawn, numbers = random.Random(1), np.random.default_rng(1)
    vocabulary = [f"word{n}" for n in range(30_000)]
    each = -(-fixes // projects)
    blank = PastFix(
        "r", "", "o/n", "github:o/n", "MIT", "0" * 40, "2024-01-01", "Mend it", "", (), ("a.py",), ("a::f",),
        (FixedPiece("a.py", "f", "x = 1\n" * 20, "x = 2\n" * 20),), "-x = 1\n+x = 2\n" * 40, ("t.py",),
        Category.OTHER, ("change constant",), 1, Complexity.SIMPLE, False, "", "", "", "", "", (), 0.0, (),
        f"{LOCAL} 256", b"", b"",
    )  # fmt: skip
    for project in range(projects):
        vectors = numbers.standard_normal((each, 256)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        rows = [
            replace(blank, fix_id=f"{project}.{n}", vector=packed(vectors[n]),
                    words=hashed(frozenset(drawn.choices(vocabulary, k=90))))
            for n in range(each)
        ]  # fmt: skip
        put(root, f"o/n{project}", write(root, Shard("fixes", f"p{project}", "0"), PastFix, rows).path)
    by_model = embedder(load(None, {}), Path(), "run")
    by_model.embed(["warm"])
    opening, searching = [], []
    for _ in range(10):
        began = now()
        index = index_of(root)
        opening.append(since(began))
        question = " ".join(drawn.choices(vocabulary, k=30))
        for _ in range(10):
            began = now()
            index.nearest(question, by_model, TOP)
            searching.append(since(began))
    for name, taken in (("open", opening), ("search", searching)):
        for what, seconds in zip(("processor", "clock"), zip(*taken, strict=True), strict=True):
            told = sorted(1e3 * one for one in seconds)
            print(f"{name}: {index.size:,} fixes in {projects} shards: {what}: median "
                  f"{statistics.median(told):.0f} ms, least {told[0]:.0f}, most {told[-1]:.0f}")  # fmt: skip


def now() -> tuple[float, float]:
    """Seconds of the processor and of the clock."""
    return time.process_time(), time.perf_counter()


def since(began: tuple[float, float]) -> tuple[float, float]:
    """Those that have gone since."""
    return time.process_time() - began[0], time.perf_counter() - began[1]


if __name__ == "__main__":
    sys.exit(main())
