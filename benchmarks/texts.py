"""Issue texts of published tasks, drawn at random, to be read and judged by a person, as Markdown.

    python benchmarks/texts.py FOLDER... [--n 30] [--seed 1] [--verdicts FILE]

FOLDER is what `smith run --out` was given; of each the newest published version is taken, all subsets. First
comes what is measured over all of them: how many texts each shape wrote, and how many have a reproduction
that ran on clean and on buggy code and showed the difference. Each text drawn has its id, the bug as what
changes from clean to buggy, how many tests the bug fails, and the text as the task has it. The file of
verdicts has a line a task (`ID: good, why` or `ID: bad, why`), which is put below its text.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from random import Random

from sample import changes, said

from smith_lib.publish.reading import dataset_at
from smith_lib.types import Instance


def main() -> int:
    """0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    parser.add_argument("--n", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verdicts", help="what a person said of each, one a line")
    given = parser.parse_args()
    told = said(given.verdicts)
    rows = [row for folder in given.folders for row in dataset_at(folder, "all").rows]
    print(measured(rows))
    for number, row in enumerate(drawn(rows, given.n, given.seed), 1):
        print(f"### {number}. `{row.instance_id}`\n")
        print(f"{row.strategy}, {row.problem_statement_source}, fails {len(row.FAIL_TO_PASS)}\n")
        print("```diff\n" + "\n".join(changes(row.bug_patch)) + "\n```\n")
        print(quoted(row.problem_statement) + "\n")
        print(f"{told.get(row.instance_id, 'no verdict')}\n")
    return 0


def drawn(rows: Sequence[Instance], n: int, seed: int) -> list[Instance]:
    """So many of the rows, each as likely as any other, in the order of their ids."""
    rows = sorted(rows, key=lambda row: row.instance_id)
    chosen = Random(f"texts:{seed}").sample(rows, min(n, len(rows)))
    return sorted(chosen, key=lambda row: row.instance_id)


def measured(rows: Sequence[Instance]) -> str:
    """A table of the repositories, and how often each shape was taken."""
    out = ["| repository | tasks | with a reproduction that ran and differed |", "|---|---|---|"]
    for repo in [*sorted({row.repo for row in rows}), ""]:
        of_it = [row for row in rows if repo in ("", row.repo)]
        ran = sum(row.reproduced for row in of_it)
        share = f"{ran} ({100 * ran / max(1, len(of_it)):.0f} %)"
        out.append(f"| {repo or 'all'} | {len(of_it)} | {share} |")
    shapes = Counter(row.problem_statement_source for row in rows)
    out += ["", "Written as: " + ", ".join(f"{name} {n}" for name, n in shapes.most_common()) + "."]
    return "\n".join([*out, ""])


def quoted(text: str) -> str:
    """The text as a Markdown quotation."""
    return "\n".join(f"> {line}".rstrip() for line in text.rstrip().split("\n"))


if __name__ == "__main__":
    sys.exit(main())
