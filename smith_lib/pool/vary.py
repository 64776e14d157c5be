"""Variations: what the ordinary operators make of the lines that a fix wrote, where they are today."""

from collections.abc import Mapping
from pathlib import Path
from random import Random

from smith_lib import diffs
from smith_lib.package.wrong_fixes import Maker, places
from smith_lib.types import Candidate, Variation, Verdict


def varied(bugs: Mapping[str, Candidate], tree: Path, most: int, seed: str) -> dict[str, list[Candidate]]:
    """By fix, up to `most` other bugs at the lines of its undoing, of as many operators as there are.

    None is there twice, and none is one of the undoings; the same for the same seed.
    """
    maker = Maker(tree)
    known = {bug.bug_patch for bug in bugs.values()}
    found: dict[str, list[Candidate]] = {}
    for fix_id, bug in bugs.items():
        clean = {path: (tree / path).read_bytes().decode("utf-8") for path in bug.files}
        buggy = diffs.apply(bug.bug_patch, clean.__getitem__)
        random = Random(f"{seed}:{fix_id}")
        made = maker.made(bug, places(bug.bug_patch, clean), buggy, most, random, known)
        known.update(row.bug_patch for row in made)
        found[fix_id] = made
    return found


def variation(row: Candidate, verdict: Verdict) -> Variation:
    """A variation as the fix's row has it."""
    return Variation(
        row.candidate_id, row.operator, row.category, row.bug_patch, row.fix_lines, verdict.outcome,
        verdict.fail_to_pass, verdict.fail_ratio,
    )  # fmt: skip
