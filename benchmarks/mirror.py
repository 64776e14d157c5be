"""How many of a history's fixes can be undone on today's code, by which way, and how many the tests notice.

    python benchmarks/mirror.py [--workers 2] [--sandbox docker] [--out FOLDER] [SOURCE]

SOURCE is a git repository: `github:andialbrecht/sqlparse` where none is named. A fix is a commit that changes
code and tests; merges are told apart. By the fixes' age, counted back from the newest: how many give a
candidate by each way (the truest that does counts); how many have a candidate that at least one reliable test
notices, and how many one in the band (outcome `valid`; the rest is `subtle`).
"""

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence

from smith_lib import stages
from smith_lib.inject.mirror_family import fetched, fixes
from smith_lib.inject.mirror_family.history import Commit, listed
from smith_lib.inject.mirror_family.undo import NAMES
from smith_lib.sandbox.backends import open_sandbox
from smith_lib.settings import MANY, load
from smith_lib.sources.table import cache_folder
from smith_lib.stages import Desk
from smith_lib.stages.frame import follows
from smith_lib.storage import Root, Shard, read
from smith_lib.types import Candidate, Outcome, Repo, Verdict

SOURCE = "github:andialbrecht/sqlparse"
SHIPPED = (Outcome.VALID, Outcome.SUBTLE)


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
    cache = cache_folder(settings)
    sandbox = open_sandbox(
        settings.sandbox.kind, settings.environments, settings.sandbox, cache, settings.workers
    )
    root = Root.at(settings.out)
    desk = Desk("benchmark", settings, root, sandbox, cache, lambda table, rows: None)
    try:
        candidates, verdicts, commits = judged(given.source, desk)
    finally:
        sandbox.close()
    table(candidates, verdicts, fixes.candidates(commits))
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


def table(candidates: Sequence[Candidate], verdicts: Sequence[Verdict], found: Sequence[Commit]) -> None:
    """Nothing; the tables are printed."""
    outcomes = {verdict.candidate_id: verdict.outcome for verdict in verdicts}
    by_fix: dict[str, list[Candidate]] = {}
    for row in candidates:
        by_fix.setdefault(row.fix_commit, []).append(row)

    def has(commit: Commit, *wanted: Outcome) -> bool:
        return any(outcomes[row.candidate_id] in wanted for row in by_fix.get(commit.sha, ()))

    single = [commit for commit in found if len(commit.parents) == 1]
    print(f"{len(single)} commits and {len(found) - len(single)} merges change code and tests\n")
    short = [name.removeprefix("mirror_") for name in NAMES]
    print("fixes of   commits " + "".join(f"{name:>9}" for name in short) + "  undone    noticed      valid")
    newest = max(commit.date for commit in single)[:4] if single else "0"
    groups: list[tuple[str, Callable[[Commit], bool]]] = [
        (f"{label:10}", lambda c, low=low, high=high: low <= int(newest) - int(c.date[:4]) < high)
        for label, low, high in AGES
    ]
    everything: list[tuple[str, Sequence[Commit]]] = [
        (label, [commit for commit in single if inside(commit)]) for label, inside in groups
    ]
    everything += [("all       ", single), ("merges    ", [c for c in found if len(c.parents) > 1])]
    for label, commits in everything:
        ways = Counter(first(by_fix[commit.sha]) for commit in commits if commit.sha in by_fix)
        noticed, valid = (sum(has(c, *w) for c in commits) for w in (SHIPPED, SHIPPED[:1]))
        of = max(1, len(commits))
        print(f"{label} {len(commits):7} " + "".join(f"{ways[name]:9}" for name in NAMES)
              + f" {sum(ways.values()):7} {noticed:5} {noticed / of:4.0%} {valid:5} {valid / of:4.0%}")
    print("\ncandidates   " + "".join(f"{outcome:>13}" for outcome in OUTCOMES))
    for name in NAMES:
        told = Counter(outcomes[row.candidate_id] for row in candidates if row.operator == name)
        print(f"{name.removeprefix('mirror_'):9}{sum(told.values()):4}"
              + "".join(f"{told[outcome]:13}" for outcome in OUTCOMES))


AGES = (("< 2 years", 0, 2), ("2-4 years", 2, 5), ("5-9 years", 5, 10), ("10+ years", 10, 1_000))
OUTCOMES = tuple(o for o in Outcome if o not in (Outcome.APPLY_FAILED, Outcome.DUPLICATE))


def first(rows: Sequence[Candidate]) -> str:
    """The truest way by which one of the fix's candidates was made."""
    return min((row.operator for row in rows), key=[*NAMES].index)


if __name__ == "__main__":
    sys.exit(main())
