"""How many of a history's fixes can be undone on today's code, by which way, and how many the tests notice.

    python benchmarks/mirror.py [--workers 2] [--sandbox docker] [--out FOLDER] [SOURCE]

SOURCE is a git repository: `github:andialbrecht/sqlparse` where none is named. A fix is a commit that changes
code and tests; merges are told apart. By the fixes' age, counted back from the newest: how many give a
candidate by each way (the truest that does counts); how many have a candidate that at least one reliable test
notices, one in a file that the commit changed, and how many one in the band (`valid`; the rest is `subtle`).
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from opened import a_desk

from smith_lib import stages
from smith_lib.inject.mirror_family import fetched, fixes
from smith_lib.inject.mirror_family.history import Commit, listed
from smith_lib.inject.mirror_family.undo import NAMES
from smith_lib.settings import MANY, load
from smith_lib.stages import Desk
from smith_lib.stages.frame import follows
from smith_lib.storage import Shard, read
from smith_lib.types import UNTOLD, Candidate, Outcome, Repo, Verdict
from smith_lib.validate.judge import SHIPPED

SOURCE = "github:andialbrecht/sqlparse"
AGES = (("< 2 years", 0, 2), ("2-4 years", 2, 5), ("5-9 years", 5, 10), ("10+ years", 10, 1_000))
OUTCOMES = tuple(o for o in Outcome if o not in UNTOLD)


def main() -> int:
    """0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", nargs="?", default=SOURCE)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--out", help="folder for shards, so that a second call finds what was judged")
    given = parser.parse_args()
    changes = {
        "out": given.out or tempfile.mkdtemp(prefix="smith-benchmark-"), "workers": given.workers,
        "sandbox.kind": given.sandbox, "inject.strategies": ["mirror"], "inject.limit": 100_000,
        "inject.max_per_function": MANY,
    }  # fmt: skip
    settings = load(None, changes)
    with a_desk(settings) as desk:
        candidates, verdicts, commits = judged(given.source, desk)
    table(told_of(candidates, verdicts, commits), candidates, verdicts)
    return 0


def judged(source: str, desk: Desk) -> tuple[list[Candidate], list[Verdict], list[Commit]]:
    """All candidates of the source, what came of them, and the commits of its history."""
    selected = stages.select(source, desk)
    if not follows(selected):
        sys.exit(f"{source}: {selected.status}: {selected.reason}")
    [repo] = desk.rows_of(Repo, selected)
    injected = stages.inject(selected, desk)
    validated = stages.validate(selected, injected, desk)
    candidates = read(desk.root, Shard("candidates", repo.repo_id, injected.key), Candidate)
    verdicts = read(desk.root, Shard("verdicts", repo.repo_id, validated.key), Verdict)
    history = fetched.history_at(selected.pin, desk.cache, desk.settings.select)
    return candidates, verdicts, listed(history, desk.settings.inject.mirror_commits)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one fix."""

    commit: Commit
    way: str
    """The truest way by which one of its candidates was made; empty without any."""
    noticed: bool
    """Whether a reliable test fails with it undone, in three agreeing runs."""
    own: bool
    """Whether one in a file of tests that the commit changed does."""
    valid: bool
    """Whether so many fail that it is in the band."""


def told_of(
    candidates: Sequence[Candidate], verdicts: Sequence[Verdict], commits: Sequence[Commit]
) -> list[Told]:
    """One for each fix among the commits."""
    by_id = {verdict.candidate_id: verdict for verdict in verdicts}
    by_fix: dict[str, list[Candidate]] = {}
    for row in candidates:
        by_fix.setdefault(row.fix_commit, []).append(row)
    files = {test.partition("::")[0] for verdict in verdicts for test in verdict.fail_to_pass}
    names = fixes.moved(commits, files)
    found = []
    for commit in fixes.candidates(commits):
        rows = by_fix.get(commit.sha, [])
        shipped = [v for row in rows if (v := by_id[row.candidate_id]).outcome in SHIPPED]
        own = {names.get(change.path, change.path) for change in commit.changes}
        found.append(
            Told(
                commit=commit,
                way=min((row.operator for row in rows), key=[*NAMES].index, default=""),
                noticed=bool(shipped),
                own=any(test.partition("::")[0] in own for v in shipped for test in v.fail_to_pass),
                valid=any(verdict.outcome is Outcome.VALID for verdict in shipped),
            )
        )
    return found


def table(told: Sequence[Told], candidates: Sequence[Candidate], verdicts: Sequence[Verdict]) -> None:
    """Nothing; the tables are printed."""
    single = [one for one in told if len(one.commit.parents) == 1]
    merges = [one for one in told if len(one.commit.parents) > 1]
    newest = int(max((one.commit.date for one in single), default="0")[:4])
    short = [name.removeprefix("mirror_") for name in NAMES]
    print(f"{'fixes of':10} commits" + "".join(f"{name:>9}" for name in short)
          + "  undone    noticed    own tests        valid")
    for label, low, high in AGES:
        line(label, [one for one in single if low <= newest - int(one.commit.date[:4]) < high])
    line("all", single)
    line("merges", merges)
    outcomes = {verdict.candidate_id: verdict.outcome for verdict in verdicts}
    print("\ncandidates   " + "".join(f"{outcome:>13}" for outcome in OUTCOMES))
    for name in NAMES:
        came = Counter(outcomes[row.candidate_id] for row in candidates if row.operator == name)
        cells = "".join(f"{came[outcome]:13}" for outcome in OUTCOMES)
        print(f"{name.removeprefix('mirror_'):9}{came.total():4}{cells}")


def line(label: str, told: Sequence[Told]) -> None:
    """Nothing; one line of the table is printed."""
    ways = Counter(one.way for one in told if one.way)
    cells = [f"{label:10} {len(told):7}", *(f"{ways[name]:8}" for name in NAMES), f"{ways.total():7}"]
    for counted in ([one.noticed for one in told], [one.own for one in told], [one.valid for one in told]):
        cells.append(f"{sum(counted):6} {sum(counted) / max(1, len(told)):4.0%}")
    print(" ".join(cells))


if __name__ == "__main__":
    sys.exit(main())
