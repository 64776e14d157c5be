"""Published bugs drawn at random, to be read and judged by a person, as Markdown.

    python benchmarks/sample.py FOLDER [--n 50] [--seed 1] [--verdicts FILE]

FOLDER is what `smith run --out` was given; its newest version is drawn from, repositories alike. Each bug has
its id, its subset, how many tests it fails, and what changes with a line on either side. The file of verdicts
has a line a bug (`ID: good, why` or `ID: bad, why`), which is put below its diff.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

from smith_lib import diffs
from smith_lib.publish.version import latest
from smith_lib.storage import Root
from smith_lib.storage.shards import read_at
from smith_lib.types import Instance

MOST_LINES = 40
"""Lines of a diff that are shown."""


def main() -> int:
    """0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--n", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verdicts", help="what a person said of each, one a line")
    given = parser.parse_args()
    lines = Path(given.verdicts).read_text(encoding="utf-8").splitlines() if given.verdicts else []
    said = {name: text.strip() for name, _, text in (line.partition(": ") for line in lines)}
    for number, row in enumerate(drawn(published(given.folder), given.n, given.seed), 1):
        print(f"### {number}. `{row.instance_id}`\n")
        print(f"{row.strategy}, {row.category}, {row.subset}, fails {len(row.FAIL_TO_PASS)}\n")
        print("```diff\n" + "\n".join(changes(row.bug_patch)) + "\n```\n")
        print(f"{said.get(row.instance_id, 'no verdict')}\n")
    return 0


def published(folder: str) -> list[Instance]:
    """The rows of the newest version. Exits where there is none."""
    root = Root.at(folder)
    version = latest(root)
    if version is None:
        sys.exit(f"{folder}: nothing is published")
    names = sorted(name for name in root.names(f"published/{version}/data") if name.endswith(".parquet"))
    return [row for name in names for row in read_at(root, name, Instance)]


def drawn(rows: Sequence[Instance], n: int, seed: int) -> list[Instance]:
    """So many of the rows, as many of each repository as can be, in the order of their ids."""
    random = Random(f"sample:{seed}")
    by_repo: dict[str, list[Instance]] = {}
    for row in sorted(rows, key=lambda row: row.instance_id):
        by_repo.setdefault(row.repo_id, []).append(row)
    for some in by_repo.values():
        random.shuffle(some)
    turns = [some[at] for at in range(len(rows)) for some in by_repo.values() if at < len(some)]
    return sorted(turns[:n], key=lambda row: row.instance_id)


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
