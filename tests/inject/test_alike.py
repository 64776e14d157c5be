"""Near-duplicates: what counts as one, which of two stays, and how fast they are found."""

import ast
import time
from pathlib import Path
from random import Random

import pytest

from smith_lib import diffs
from smith_lib.given.verdicts import judged
from smith_lib.inject.alike import Alike, near_duplicates
from smith_lib.types import Candidate, Outcome, Strategy, Verdict
from tests.rows import a_candidate, a_verdict

CLEAN = '''
def first(items, limit):
    """The first items."""
    found = []
    for item in items:
        if item.size < limit and not item.hidden:
            found.append(item)
    return found


def longest(rows, most):
    found = []
    for row in rows:
        if row.size < most and not row.hidden:  # as in first
            found.append(row)
    return found


class Shelf:
    def full(self, rows):
        total = 0
        for row in rows:
            total += row.size
        return total >= self.size
'''


def bug(old: str, new: str, n: int, nth: int = 0, **changes: object) -> Candidate:
    """A candidate whose bug is made by putting `new` for the `nth` place of `old`."""
    at = -1
    for _ in range(nth + 1):
        at = CLEAN.index(old, at + 1)
    buggy = CLEAN[:at] + new + CLEAN[at + len(old) :]
    compile(buggy, "m.py", "exec")
    return a_candidate(n, bug_patch=diffs.make({"m.py": CLEAN}, {"m.py": buggy}), **changes)


def found(*candidates: Candidate, threshold: float = 0.75) -> dict[str, Alike]:
    return near_duplicates(candidates, {"m.py": CLEAN}.__getitem__, threshold)


def test_the_same_edit_in_copied_code_is_a_near_duplicate_whatever_its_names_and_comments() -> None:
    one, other = bug("size < limit", "size <= limit", 1), bug("size < most", "size <= most", 2)
    assert found(one, other) == {other.candidate_id: Alike(one.candidate_id, 1.0)}
    assert found(other, one) == found(one, other)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("size < limit", "size > limit"),  # another change of the same place
        (" and not item.hidden", ""),  # another place of the same line
        ("size < limit", "size <= item"),  # another variable
        ("row.size\n", "row.sizes\n"),  # elsewhere
    ],
)
def test_another_edit_is_another_bug(old: str, new: str) -> None:
    assert found(bug("size < limit", "size <= limit", 1), bug(old, new, 2)) == {}


def test_what_is_indented_otherwise_is_told_apart_from_what_is_gone() -> None:
    moved = bug("            found.append(item)\n", "            pass\n        found.append(item)\n", 1)
    gone = bug("            found.append(item)\n", "            pass\n", 2)
    assert found(moved, gone) == {}


def test_a_small_bug_beside_a_large_one_makes_another_bug_and_a_slip_in_the_large_one_does_not() -> None:
    body = CLEAN[CLEAN.index("    for row in rows:\n        if") : CLEAN.index("\n\nclass")]
    large = bug(body, "    found.extend(row for row in rows[1:] if row.hidden and row.size and most)\n"
                "    found.sort(key=lambda row: (row.size, row.hidden, row.name), reverse=True)\n"
                "    return found[:most] if len(found) > most else [*found, *rows]\n", 1)  # fmt: skip
    other = large.bug_patch.replace("else [*found, *rows]", "else [*rows, *found]")
    slipped = a_candidate(2, bug_patch=other)
    both = diffs.apply(large.bug_patch, {"m.py": CLEAN}.__getitem__)["m.py"]
    with_small = both.replace("size < limit and not item", "size > limit or item")
    beside = a_candidate(3, bug_patch=diffs.make({"m.py": CLEAN}, {"m.py": with_small}))
    assert found(large, slipped, threshold=0.7).keys() == {slipped.candidate_id}
    assert found(large, beside) == {}


def test_the_more_natural_family_stays_and_a_bug_from_a_file_is_left_alone() -> None:
    plain = bug("size < limit", "size <= limit", 1)
    fix = bug("size < most", "size <= most", 2, strategy=Strategy.MIRROR)
    assert found(plain, fix) == {plain.candidate_id: Alike(fix.candidate_id, 1.0)}
    given = bug("size < most", "size <= most", 3, strategy=Strategy.GIVEN)
    assert found(given, plain) == {}


def test_only_bugs_that_stay_are_compared_with() -> None:
    rows = [bug("size < limit", "size <= limit", n) for n in range(1, 5)]
    assert {near.nearest for near in found(*rows).values()} == {rows[0].candidate_id}


def test_a_near_duplicate_has_a_verdict_that_names_the_nearest_and_is_not_judged(tmp_path: Path) -> None:
    rows = [a_candidate(n) for n in (1, 2, 3)]
    alike = {rows[1].candidate_id: Alike(rows[0].candidate_id, 0.8649)}
    asked: list[str] = []

    def judge(some: object, others: object) -> list[Verdict]:
        asked.extend(row.candidate_id for row in some)  # type: ignore[attr-defined]
        return [a_verdict(1), a_verdict(3)]

    made = judged(rows, tmp_path, (), judge, alike)
    assert asked == [rows[0].candidate_id, rows[2].candidate_id]
    assert [verdict.outcome for verdict in made] == [Outcome.VALID, Outcome.DUPLICATE, Outcome.VALID]
    assert made[1].reason == f"86% alike {rows[0].candidate_id}"


def test_files_that_do_not_parse_are_compared_too() -> None:
    old, new = "print 'a', total\nprint 'b'\n", "print 'a', limit\nprint 'b'\n"
    rows = [a_candidate(n, bug_patch=diffs.make({"m.py": old}, {"m.py": new})) for n in (1, 2)]
    with pytest.raises(SyntaxError):
        ast.parse(old)
    assert near_duplicates(rows, {"m.py": old}.__getitem__, 0.75).keys() == {rows[1].candidate_id}


def test_thousands_are_compared_in_seconds() -> None:
    random = Random("alike")
    lines = [f"    if a{n} < limit and rows[{n}].size:\n        total += a{n} * {n}\n" for n in range(400)]
    clean = "def f(limit, rows):\n    total = 0\n" + "".join(lines)
    rows = []
    for n in range(3_000):
        at = random.randrange(400)
        buggy = clean.replace(lines[at], lines[at].replace("<", random.choice("<>") + "= -" + "-" * (n % 50)))
        rows.append(a_candidate(n, bug_patch=diffs.make({"m.py": clean}, {"m.py": buggy})))
    began = time.process_time()
    assert 0 < len(near_duplicates(rows, {"m.py": clean}.__getitem__, 0.75)) < 3_000
    assert time.process_time() - began < 15
