"""Bugs that may be published, drawn at random, to be read and judged by a person, as Markdown.

    python benchmarks/sample.py FOLDER [CANDIDATES...] [--n 50] [--seed 1] [--verdicts FILE]

FOLDER is what `smith run --out` or a benchmark was given. Drawn are bugs that were judged valid or subtle, of
each shard of candidates alike: those named, or all below FOLDER. Each bug has its id, its outcome, how many
tests it fails, and what changes with a line on either side. The file of verdicts has a line a bug
(`ID: good, why` or `ID: bad, why`), which is put below its diff.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from random import Random

from smith_lib import diffs
from smith_lib.storage import Root, read_at
from smith_lib.types import Candidate, Verdict
from smith_lib.validate.judge import SHIPPED

Bug = tuple[Candidate, Verdict]

MOST_LINES = 40
"""Lines of a diff that are shown."""


def main() -> int:
    """0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("candidates", nargs="*", help="shards relative to the folder")
    parser.add_argument("--n", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verdicts", help="what a person said of each, one a line")
    given = parser.parse_args()
    told = said(given.verdicts)
    root = Root.at(given.folder)
    shards = given.candidates or sorted(root.names("candidates"))
    bugs = drawn([shipped(root, shard) for shard in shards], given.n, given.seed)
    for number, (row, verdict) in enumerate(bugs, 1):
        name = row.candidate_id
        print(f"### {number}. `{name}`\n")
        print(f"{row.strategy}, {row.category}, {verdict.outcome}, fails {len(verdict.fail_to_pass)}\n")
        print("```diff\n" + "\n".join(changes(row.bug_patch)) + "\n```\n")
        print(f"{told.get(name, 'no verdict')}\n")
    return 0


def said(file: str | None) -> dict[str, str]:
    """What a person said of each, by id, in a file of lines `id: verdict`; of none without a file."""
    lines = Path(file).read_text(encoding="utf-8").splitlines() if file else []
    return {name: text.strip() for name, _, text in (line.partition(": ") for line in lines)}


def shipped(root: Root, shard: str) -> list[Bug]:
    """The candidates of a shard that were judged valid or subtle, by id."""
    rows = read_at(root, shard, Candidate)
    verdicts = judged(root)
    found = [(row, verdicts[row.candidate_id]) for row in rows if row.candidate_id in verdicts]
    return sorted((bug for bug in found if bug[1].outcome in SHIPPED), key=lambda bug: bug[0].candidate_id)


@cache
def judged(root: Root) -> dict[str, Verdict]:
    """The verdicts of all shards, by candidate id."""
    shards = sorted(root.names("verdicts"))
    return {verdict.candidate_id: verdict for name in shards for verdict in read_at(root, name, Verdict)}


def drawn(groups: Sequence[list[Bug]], n: int, seed: int) -> list[Bug]:
    """So many of the bugs, as many of each group as can be, in the order of their ids."""
    random = Random(f"sample:{seed}")
    shuffled = [random.sample(some, len(some)) for some in groups]
    longest = max(map(len, shuffled), default=0)
    turns = [some[at] for at in range(longest) for some in shuffled if at < len(some)]
    return sorted(turns[:n], key=lambda bug: bug[0].candidate_id)


def changes(bug_patch: str) -> Iterator[str]:
    """What changes, with a line on either side; of long ones the beginning."""
    lines = list(_changes(bug_patch))
    yield from lines[:MOST_LINES]
    if len(lines) > MOST_LINES:
        yield f"... {len(lines) - MOST_LINES} lines more"


def _changes(bug_patch: str) -> Iterator[str]:
    for file in diffs.parse(bug_patch):
        yield f"# {file.new_path}"
        for hunk in file.hunks:
            old, new = list(hunk.old), list(hunk.new)
            for first, last, start, end in diffs.runs(old, new):
                yield from (f"  {line.rstrip()}" for line in old[max(0, first - 1) : first])
                yield from (f"- {line.rstrip()}" for line in old[first:last])
                yield from (f"+ {line.rstrip()}" for line in new[start:end])
                yield from (f"  {line.rstrip()}" for line in old[last : last + 1])


if __name__ == "__main__":
    sys.exit(main())
