"""How long a person who knows the code would need, in SWE-bench Verified's terms, by what is measured."""

from collections.abc import Sequence

from smith_lib import diffs
from smith_lib.types import Candidate, Verdict

SHORT, MIDDLE, LONG = "<15 min fix", "15 min - 1 hour", "1-4 hours"


def difficulty(candidate: Candidate, verdict: Verdict, test_files: Sequence[str]) -> str:
    """`<15 min fix` for 0 or 1 points, `15 min - 1 hour` for 2 or 3, `1-4 hours` for more.

    Points: the fix has 6 to 15 changed lines (1) or more (2); it spans two files (1) or more (2); the
    tracebacks pass through the changed lines' file but not within ten lines of a change (1), or do not
    reach a changed file at all (2); a single test notices the bug (1).
    """
    points = (candidate.fix_lines > 5) + (candidate.fix_lines > 15)
    points += min(len(candidate.files) - 1, 2)
    points += distance(candidate.bug_patch, verdict, test_files)
    points += len(verdict.fail_to_pass) == 1
    return SHORT if points <= 1 else MIDDLE if points <= 3 else LONG


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
