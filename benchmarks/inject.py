"""What comes of the bugs that are made: a table per family and operator, and what the dataset's figures want.

    python benchmarks/inject.py [--limit 300] [--families ast semantic combine] [--history NAME=GIT ...]
        [--yields CSV] [--per-function 6] [--seed 1] [--workers 2] [--sandbox docker] [--out FOLDER] [NAME...]

Names are PyPI projects, with or without `==VERSION`; without any, those of `NAMES` are taken. Per family and
operator, over all of them: candidates, what came of them, the share of valid ones in those that were judged
(`not_covered` and `duplicate` are not), the median of failing tests and of the fix's lines in what is valid
or subtle, seconds of judging, dollars. Then, over all: valid bugs a repository, how even the operators are,
and how many of the bugs that `ast` and `semantic` offer need a fix of six lines or more. With a history, the
fixes that are undone are told by the age of their commit.
"""

import argparse
import csv
import math
import re
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from opened import a_desk

from smith_lib import stages
from smith_lib.inject.yields import counted
from smith_lib.settings import load
from smith_lib.stages import Desk
from smith_lib.stages.frame import follows
from smith_lib.storage import Shard, read
from smith_lib.types import UNJUDGED, Candidate, Outcome, Repo, Strategy, Verdict

NAMES = ("sqlparse==0.6.1", "h11==0.16.0", "voluptuous==0.16.0", "jinja2==3.1.6")
SHOWN = (Outcome.VALID, Outcome.SUBTLE, Outcome.NO_FAILURE, Outcome.NOT_COVERED, Outcome.TOO_BROKEN,
         Outcome.TIMEOUT, Outcome.FLAKY, Outcome.DUPLICATE, Outcome.PART_NOT_VALID)  # fmt: skip
SHORT = ("valid", "subtle", "no fail", "not cov", "too brk", "timeout", "flaky", "dup", "part")
AGES = (("< 2 years", 0, 2), ("2-4 years", 2, 5), ("5-9 years", 5, 10), ("10+ years", 10, 1_000))
LARGE = 6
"""Lines of a fix from which it counts as large."""


@dataclass(frozen=True, slots=True)
class Bug:
    """A candidate and what came of it."""

    row: Candidate
    verdict: Verdict

    @property
    def ships(self) -> bool:
        """Whether it may be published."""
        return self.verdict.outcome in (Outcome.VALID, Outcome.SUBTLE)

    @property
    def judged(self) -> bool:
        """Whether tests said something of it."""
        return self.verdict.outcome not in UNJUDGED


def main() -> int:
    """0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", default=NAMES)
    parser.add_argument("--limit", type=int, default=300, help="candidates a repository")
    parser.add_argument("--per-function", type=int, default=6, help="most candidates in one function")
    parser.add_argument("--families", nargs="+", default=["ast", "semantic", "combine"])
    parser.add_argument("--history", action="append", default=[], help="NAME=GIT: where mirrored fixes are")
    parser.add_argument("--draw-by", default="recorded", help="the setting inject.yields")
    parser.add_argument("--yields", help="a file that the yields are written to, as the package has them")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--out", help="folder for shards, so that a second call finds what was judged")
    given = parser.parse_args()
    histories = {f"pypi:{name}": git for name, _, git in (one.partition("=") for one in given.history)}
    changes = {
        "out": given.out or tempfile.mkdtemp(prefix="smith-benchmark-"), "seed": given.seed,
        "workers": given.workers, "sandbox.kind": given.sandbox, "inject.limit": given.limit,
        "inject.max_per_function": given.per_function, "inject.histories": histories,
        "inject.yields": given.draw_by,
        "inject.strategies": [*given.families, *(["mirror"] if histories else [])],
    }  # fmt: skip
    settings = load(None, changes)
    bugs: list[Bug] = []
    loc: dict[str, int] = {}
    with a_desk(settings) as desk:
        for name in given.names:
            bugs += judged(name, desk, loc)
    told(bugs, loc)
    if given.yields:
        write(given.yields, bugs)
    return 0


def judged(name: str, desk: Desk, loc: dict[str, int]) -> list[Bug]:
    """All candidates of a project with their verdicts; its lines go into `loc`."""
    selected = stages.select(f"pypi:{name}", desk)
    if not follows(selected):
        print(f"{name}: {selected.status}: {selected.reason}", flush=True)
        return []
    [repo] = desk.rows_of(Repo, selected)
    loc[repo.repo_id] = repo.loc
    injected = stages.inject(selected, desk)
    validated = stages.validate(selected, injected, desk)
    rows = read(desk.root, Shard("candidates", repo.repo_id, injected.key), Candidate)
    verdicts = read(desk.root, Shard("verdicts", repo.repo_id, validated.key), Verdict)
    by_id = {verdict.candidate_id: verdict for verdict in verdicts}
    return [Bug(row, by_id[row.candidate_id]) for row in rows]


def write(path: str, bugs: Sequence[Bug]) -> None:
    """Nothing; the yields of operators are written to the file."""
    found = counted([bug.row for bug in bugs], [bug.verdict for bug in bugs])
    with Path(path).open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("operator", "judged", "valid"))
        rows.writerows((name, one.judged, one.valid) for name, one in found.items())


def told(bugs: Sequence[Bug], loc: Mapping[str, int]) -> None:
    """Nothing; the tables are printed."""
    grouped("repository", bugs, lambda bug: f"{bug.row.repo_id} ({loc[bug.row.repo_id]:,})")
    grouped("family", bugs, lambda bug: bug.row.strategy)
    grouped("operator", bugs, lambda bug: bug.row.operator)
    figures(bugs)
    mirrored([bug for bug in bugs if bug.row.strategy is Strategy.MIRROR])


def grouped(title: str, bugs: Sequence[Bug], key: Callable[[Bug], str]) -> None:
    """Nothing; a table with a line for each group, and one for all, is printed."""
    groups: dict[str, list[Bug]] = {}
    for bug in bugs:
        groups.setdefault(key(bug), []).append(bug)
    names = "".join(f"{name:>8}" for name in SHORT)
    print(f"\n{title:36}{'n':>6}{names}  share   F2P lines  seconds      $")
    for name in sorted(groups, key=lambda name: (-len(groups[name]), name)):
        line(name, groups[name])
    if len(groups) > 1:
        line("all", bugs)


def line(name: str, bugs: Sequence[Bug]) -> None:
    """Nothing; one line of a table is printed."""
    came = Counter(bug.verdict.outcome for bug in bugs)
    ships = [bug for bug in bugs if bug.ships]
    n_judged = sum(bug.judged for bug in bugs)
    share = f"{came[Outcome.VALID] / n_judged:6.0%}" if n_judged else f"{'':6}"
    failing = median(len(bug.verdict.fail_to_pass) for bug in ships)
    lines = median(bug.row.fix_lines for bug in ships)
    seconds = sum(bug.verdict.seconds for bug in bugs)
    cells = "".join(f"{came[outcome]:8}" for outcome in SHOWN)
    print(f"{name[:36]:36}{len(bugs):6}{cells} {share} {failing} {lines} {seconds:8.1f} "
          f"{sum(bug.row.cost_usd for bug in bugs):6.2f}", flush=True)  # fmt: skip


def median(values: Iterable[int]) -> str:
    """The median in five characters; blank where there is none."""
    found = list(values)
    return f"{statistics.median(found):5.0f}" if found else f"{'':5}"


def figures(bugs: Sequence[Bug]) -> None:
    """Nothing; the figures over all repositories are printed."""
    valid = [bug for bug in bugs if bug.verdict.outcome is Outcome.VALID]
    a_repo = Counter(bug.row.repo_id for bug in valid)
    n_judged = sum(bug.judged for bug in bugs)
    ships = sum(bug.ships for bug in bugs)
    print(f"\nvalid of judged: {len(valid)} of {n_judged}, {len(valid) / max(1, n_judged):.1%}; with subtle "
          f"{ships / max(1, n_judged):.1%}")  # fmt: skip
    print("valid distinct bugs: " + ", ".join(f"{name} {n}" for name, n in sorted(a_repo.items())))
    for label, some in (("candidates", bugs), ("valid", valid)):
        spread = Counter(bug.row.operator for bug in some)
        if not spread:
            continue
        [(most, n)] = spread.most_common(1)
        print(f"operators of {label}: {len(spread)} present, entropy {entropy(spread):.2f} bits of "
              f"{math.log2(max(1, len(spread))):.2f}, most is {most} with {n / len(some):.1%}")  # fmt: skip
    offered = [bug for bug in bugs if bug.row.strategy in (Strategy.AST, Strategy.SEMANTIC)]
    large = [bug for bug in offered if bug.row.fix_lines >= LARGE]
    written = [bug for bug in large if not deletes(bug.row.bug_patch)]
    if offered:
        print(f"of {len(offered)} that ast and semantic offer {len(large)} ({len(large) / len(offered):.1%}) "
              f"need {LARGE} lines or more; {len(written)} ({len(written) / len(offered):.1%}) are no "
              "mere deletions")  # fmt: skip
    wide = sum(len(bug.row.files) > 1 for bug in valid)
    sizes = Counter(bug.row.complexity for bug in valid)
    print(f"valid by size: {', '.join(f'{size} {n}' for size, n in sorted(sizes.items()))}; of several files "
          f"{wide} ({wide / max(1, len(valid)):.1%})")  # fmt: skip


def entropy(counts: Counter[str]) -> float:
    """Shannon's, in bits."""
    total = counts.total()
    return -sum(n / total * math.log2(n / total) for n in counts.values())


def deletes(bug_patch: str) -> bool:
    """Whether a bug only takes lines away."""
    return not re.search(r"^\+(?!\+\+ )[^\n]*\S", bug_patch, re.MULTILINE)


def mirrored(bugs: Sequence[Bug]) -> None:
    """Nothing; what came of undone fixes, by the age of the commit, is printed."""
    newest = int(max((bug.row.fix_date for bug in bugs), default="0")[:4])
    if bugs:
        print(f"\n{'fixes of':10} undone noticed  valid")
    for label, low, high in AGES if bugs else ():
        some = [bug for bug in bugs if low <= newest - int(bug.row.fix_date[:4]) < high]
        fixes = {bug.row.fix_commit for bug in some}
        noticed = {bug.row.fix_commit for bug in some if bug.ships}
        valid = {bug.row.fix_commit for bug in some if bug.verdict.outcome is Outcome.VALID}
        print(f"{label:10} {len(fixes):6} {len(noticed):7} {len(valid):6}")


if __name__ == "__main__":
    sys.exit(main())
