"""The same fixes graded by swebench's own harness and by `smith grade`, in one run on one machine.

    python benchmarks/grade.py DATASET [--limit 20] [--seed 1] [--workers 2]

DATASET is the folder that `smith run` wrote to. Of its newest version so many tasks are drawn and exported
for the harness. Before the clock starts its images are built, and what Smith keeps of clean code is found
(what an earlier `smith grade` of the same version found serves). Then `swebench eval --gold` grades each
task's own fix, and so does Smith: everything in fresh sandboxes, and as `smith grade` does. Per way:
seconds on the wall, seconds a patch with all that a call takes, and without what is done once a repository
(for the harness: from the first of its logs on); how many resolve; and how many times as fast Smith is.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from smith_lib.export.verify.clients import client_in
from smith_lib.grade.grader import Grader
from smith_lib.grade.opening import opened
from smith_lib.publish.reading import dataset_at
from smith_lib.settings import Settings, load
from smith_lib.sources.table import cache_folder
from smith_lib.types import Instance


@dataclass(frozen=True, slots=True)
class Way:
    """How one way of grading went."""

    name: str
    resolved: int
    whole: float
    """Seconds of the call, on the wall."""
    each: float
    """Of them those after what is done once a repository."""


def main() -> int:
    """The number of ways in which a fix did not resolve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("--limit", type=int, default=20, help="tasks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    settings = load(None, {"workers": given.workers, "seed": given.seed, "sandbox.kind": "docker"})
    with tempfile.TemporaryDirectory(prefix="smith-benchmark-") as folder:
        place = Path(folder)
        smith = str(Path(sys.executable).with_name("smith"))
        export = [smith, "export", given.dataset, "--to", "swebench",
                  str(place / "export"), "--limit", str(given.limit), "--seed", str(given.seed)]  # fmt: skip
        subprocess.run(export, check=True, stdout=subprocess.DEVNULL)
        [lines] = place.glob("export/*.jsonl")
        names = {json.loads(line)["instance_id"] for line in lines.read_text().splitlines()}
        tasks = dataset_at(given.dataset, "all").rows
        rows = [row for row in tasks if row.instance_id in names]
        repos = {row.repo_id for row in rows}
        tasks = [row for row in tasks if row.repo_id in repos]
        _ours("what is found out once", rows, tasks, settings, warm=True)
        ways = [_harness(rows, lines, place, settings), _ours("cold", rows, tasks, settings, warm=False),
                _ours("smith grade", rows, tasks, settings, warm=True)]  # fmt: skip
    print(f"{len(rows)} tasks of {len(repos)} repositories, {given.workers} workers, seconds on the wall")
    print(f"{'':16} {'whole':>8} {'a patch':>8} {'without start':>14} {'resolved':>9} {'times as fast':>14}")
    for way in ways:
        faster = f"{ways[0].whole / way.whole:.1f}, {ways[0].each / way.each:.1f}"
        print(f"{way.name:16} {way.whole:8.1f} {way.whole / len(rows):8.2f} {way.each / len(rows):14.2f} "
              f"{way.resolved:9} {faster:>14}")  # fmt: skip
    return sum(way.resolved < len(rows) for way in ways)


def _harness(rows: Sequence[Instance], lines: Path, place: Path, settings: Settings) -> Way:
    client = client_in(cache_folder(settings), "swebench")
    words = [str(client / "bin/swebench"), "eval", str(lines), "--split", lines.stem, "--run-id", "gold",
             "-j", str(settings.workers), "--gold"]  # fmt: skip
    began, wall = time.monotonic(), time.time()
    subprocess.run(words, cwd=place, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    whole = time.monotonic() - began
    first = min((path.stat().st_ctime for path in place.glob("logs/**/*.log")), default=wall)
    report = json.loads((place / "gold.gold.json").read_text())
    return Way("swebench eval", len(report["resolved_ids"]), whole, whole - max(0.0, first - wall))


def _ours(
    name: str, rows: Sequence[Instance], tasks: Sequence[Instance], settings: Settings, warm: bool
) -> Way:
    """How the fixes of the rows go; `tasks` are all of their repositories."""
    began = time.monotonic()
    with (
        opened(settings) as box,
        Grader(box.sandbox, box.tree_of, box.limits, settings.validation, settings.workers, tasks, warm=warm,
               kept=box.kept) as grader,
    ):  # fmt: skip
        by_repo: dict[str, list[Instance]] = {}
        for row in rows:
            by_repo.setdefault(row.repo_id, []).append(row)
        resolved, each = 0, 0.0
        for some in by_repo.values():
            # With three patches all is ready that a repository needs, warm processes too.
            grader.grade([(some[n % len(some)], "start", some[n % len(some)].patch) for n in range(3)])
            start = time.monotonic()
            found = grader.grade([(row, "gold", row.patch) for row in some])
            each += time.monotonic() - start
            resolved += sum(grade.resolved for grade in found)
    return Way(name, resolved, time.monotonic() - began, each)


if __name__ == "__main__":
    sys.exit(main())
