"""How far a version's bugs are from the fixes that people made, as the root's pool has them."""

from random import Random

from smith_lib.pool.bugs import Bug, of_fix, of_instance
from smith_lib.pool.compare import Distance, between
from smith_lib.pool.index import shards_of
from smith_lib.pool.shelf import shelved
from smith_lib.report.held import Held, whole
from smith_lib.storage import read_at
from smith_lib.types import Category, Complexity, PastFix

PARSED = 200
"""Tasks whose syntax trees are compared, drawn by the seed; all of the others' figures are."""


def distances(of: Held, seed: int) -> tuple[Distance, ...]:
    """The distance in each feature, subtle tasks included; none where the root has no pool, or an empty one.

    Raises `StorageError` where the pool cannot be read.
    """
    if not shelved(of.root):
        return ()
    fixes = [row for path in shards_of(of.root) for row in read_at(of.root, path, PastFix)]
    drawn = Random(f"{seed} parsed").sample(range(len(of)), min(PARSED, len(of)))
    edits = {row.instance_id: of_instance(row, parsed=True).edits for row in whole(of, drawn)}
    names = ("instance_id", "category", "complexity", "fix_lines", "files_changed", "changing")
    bugs = [
        Bug(Category(category), Complexity(size), lines, files, functions, edits.get(name, ()))
        for name, category, size, lines, files, functions in zip(*map(of.of, names), strict=True)
    ]
    return between(bugs, [of_fix(fix) for fix in fixes], seed)
