"""How long a person who knows the code would need, in SWE-bench Verified's terms, by what is measured."""

from collections import Counter
from collections.abc import Sequence

from smith_lib import diffs
from smith_lib.types import Candidate, Verdict

SHORT, MIDDLE, LONG = "<15 min fix", "15 min - 1 hour", "1-4 hours"
LEVELS = (SHORT, MIDDLE, LONG)
FEW = 0.1
"""The share of the tests that execute a change below which few of them notice it."""
MUCH = 0.5
"""The share of the fix from which on much is given away."""


def difficulty(points: int) -> str:
    """`<15 min fix` for 0 or 1 points, `15 min - 1 hour` for 2 or 3, `1-4 hours` for more."""
    return SHORT if points <= 1 else MIDDLE if points <= 3 else LONG


def points(
    candidate: Candidate, verdict: Verdict, test_files: Sequence[str], covering: int = 0, given: float = 0.25
) -> int:
    """How hard the fix is to find and to write, from 0 on.

    The fix has 6 to 15 lines that differ in more than their indentation (1) or more (2); it has two
    or three places, hunks or functions (1), or more (2); it spans two files (1) or more (2); the tracebacks
    pass through the changed lines' file but not within ten lines of a change (1), or do not reach a changed
    file at all (2); a single test notices the bug (1); fewer than a tenth of the `covering` tests, those that
    execute what changes, do (1); the issue text gives nothing of the fix away (1) or half of it (-1).
    """
    lines, places = size(candidate)
    found = (lines > 5) + (lines > 15)
    found += (places > 1) + (places > 3)
    found += min(len(candidate.files) - 1, 2)
    found += distance(candidate.bug_patch, verdict, test_files)
    found += len(verdict.fail_to_pass) == 1
    found += len(verdict.fail_to_pass) < FEW * covering
    found += (given == 0) - (given >= MUCH)
    return max(0, found)


def size(candidate: Candidate) -> tuple[int, int]:
    """Lines of the fix that differ in more than their indentation, and the places that it changes."""
    lines = hunks = 0
    for diff in diffs.parse(candidate.bug_patch):
        hunks += len(diff.hunks)
        for hunk in diff.hunks:
            old, new = (Counter(filter(None, map(str.strip, side))) for side in (hunk.old, hunk.new))
            lines += max((old - new).total(), (new - old).total())
    return lines, max(hunks, len(candidate.functions))


def distance(bug_patch: str, verdict: Verdict, test_files: Sequence[str]) -> int:
    """How far the nearest traceback ends from the fix: 0 at it, 1 in its file, 2 elsewhere or nowhere."""
    spans: dict[str, list[tuple[int, int]]] = {}
    for diff in diffs.parse(bug_patch):
        shift = 0
        for hunk in diff.hunks:
            start = hunk.start + shift
            spans.setdefault(diff.new_path or "", []).append((start, start + len(hunk.new)))
            shift += len(hunk.new) - len(hunk.old)
    tests = set(test_files)
    nearest = 2
    for failure in verdict.failures:
        for frame in failure.frames:
            if frame.file in tests or frame.file not in spans:
                continue
            near = any(start - 10 <= frame.line <= stop + 10 for start, stop in spans[frame.file])
            nearest = min(nearest, 0 if near else 1)
    return nearest


def measured(by_rule: str, tries: int, resolved: int) -> str:
    """The difficulty once it was tried: one level easier or harder than the rule has it where that is clear.

    It is where (resolved + 1) / (tries + 2), which is the mean rate expected of one that was tried so often,
    is 0.8 or more, or 0.2 or less: three attempts that all end alike are the fewest.
    """
    rate, level = (resolved + 1) / (tries + 2), LEVELS.index(by_rule)
    return LEVELS[max(0, min(level + (rate <= 0.2) - (rate >= 0.8), len(LEVELS) - 1))]
