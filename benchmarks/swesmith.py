"""The same bugs judged by SWE-smith 0.0.9's own harness and by `smith validate`, in one run on one machine.

    python benchmarks/swesmith.py [--limit 60] [--seed 1] [--workers 2] [--out FOLDER] [SOURCE...]
    python benchmarks/swesmith.py pypi:h11==0.16.0 --candidates bugs.jsonl

Bugs are drawn by `inject`, or read from a file. Both get the same file of them; one runs after the other.
Per repository, and over all: seconds a candidate on the wall, the ratios of their sums, and on how many
candidates the two say the same. `whole` is all of the command: SWE-smith's start and clean run; Smith's
start, environment, baseline, coverage and calibration. `each` is without what is done once a repository:
the harness's time from the end of its clean run on, and Smith's stage `validate`, with its audit. Images are
there already for both. Two columns are of one worker, in mean seconds a candidate: `tests` is the
harness's test command, `verdict` what Smith's verdicts say they took. Most of its other time the harness
waits: it gives each container 15 s to end, and `tail`, as a container's first process, does not heed the
signal.

`same` counts candidates whose FAIL_TO_PASS are equal. In `partly` no test has the one's word against the
other's, but one names tests on which the other has no word: the harness reads no test whose id holds a
blank, and counts neither tests that end in an error nor those that did not run; Smith counts tests that are
reliable. In `differ` a test fails for one and passes for the other, or only one came to an end.

SWE-smith and swebench are installed from the package index into an environment of their own, and the
harness is run as shipped: `swesmith.harness.valid.main(bugs, workers)` with its time limits, its parser of
logs and the test command of its Python profiles, to which the suite's own arguments are added. Put in
place, since its images and repositories are pulled from elsewhere:

- The image, under the name that the harness looks for: Smith's environment, the same interpreter and
  packages, with `/testbed` as root's git repository of one commit on the branch `main`, like the mirrors
  that its images are cloned from. It has no remote; validation uses none.
- conda: `/opt/miniconda3/bin/activate` defines a `conda` that puts the environment first on PATH. That
  takes no time, which conda's own does: the harness is the faster for it.
- A profile of the source: owner, name and commit, and the answer to one question that it would ask GitHub,
  that the repository is not private.
"""

import argparse
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opened import a_desk
from swesmith_harness import RIVAL, Judged, Told, by_swesmith, imaged, installed, profiled

from smith_lib import stages
from smith_lib.given.read import GivenBug, read
from smith_lib.settings import Settings, load
from smith_lib.sources.table import anchored, cache_folder
from smith_lib.stages import Desk
from smith_lib.stages.frame import follows
from smith_lib.storage import Shard
from smith_lib.storage import read as rows_in
from smith_lib.types import Candidate, Repo, StageRun

SOURCES = ("pypi:sqlparse==0.5.3",)
HEAD = """\
                         SWE-smith, s a candidate    Smith, s a candidate   times as fast  candidates
repository             n   whole    each   tests   whole    each verdict   whole    each  same partly differ
"""


@dataclass(frozen=True, slots=True)
class Compared:
    """One repository, judged by both."""

    name: str
    theirs: Judged
    ours: Judged
    same: int
    partly: tuple[str, ...]
    """Candidates on which one names tests of which the other says nothing."""
    differ: tuple[str, ...]


def main() -> int:
    """The number of candidates on which the two differ."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sources", nargs="*", default=SOURCES)
    parser.add_argument("--candidates", type=Path, help="judge the bugs in this file, of the one source")
    parser.add_argument("--limit", type=int, default=60, help="candidates a repository")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, help="folder for what both leave; else a temporary one")
    given = parser.parse_args()
    if given.candidates and len(given.sources) != 1:
        parser.error(f"--candidates takes exactly one SOURCE, {len(given.sources)} given")
    if shutil.which("docker") is None:
        parser.error("the harness calls the docker command, and there is none; Debian has it in docker.io")
    out = (given.out or Path(tempfile.mkdtemp(prefix="smith-swesmith-"))).absolute()
    changes = {"out": str(out / "made"), "seed": given.seed, "workers": given.workers,
               "sandbox.kind": "docker", "inject.limit": given.limit}  # fmt: skip
    settings = load(None, changes)
    python = installed(cache_folder(settings) / "benchmarks" / RIVAL[0])
    print(f"what both leave: {out}\n{HEAD}", end="", flush=True)
    everything = []
    for source in given.sources:
        compared = repository(anchored(source), given.candidates, settings, out, python)
        if compared is not None:
            show([compared])
            everything.append(compared)
    if len(everything) > 1:
        show(everything)
    return sum(len(c.differ) for c in everything)


def repository(
    source: str, file: Path | None, settings: Settings, out: Path, python: Path
) -> Compared | None:
    """One repository judged by both; None, and a line that says why, where there is nothing to judge."""
    with a_desk(settings) as desk:
        selected = stages.select(source, desk, to_judge=True)
        if not follows(selected):
            print(f"{source}: {selected.reason}", flush=True)
            return None
        [repo] = desk.rows_of(Repo, selected)
        bugs = read(file) if file else drawn(selected, desk)
    if not bugs:
        print(f"{source}: no candidates", flush=True)
        return None
    folder = out / repo.repo_id
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    profile = profiled(repo)
    ids = [f"{profile['name']}.{n:04}_{tail(bug.instance_id)}" for n, bug in enumerate(bugs, 1)]
    rows = [{"instance_id": name, "repo": profile["name"], "patch": bug.patch}
            for name, bug in zip(ids, bugs, strict=True)]  # fmt: skip
    place = folder / "bugs.json"
    place.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    imaged(repo, profile["image"])
    theirs = by_swesmith(profile, place, ids, folder / "swesmith", python, settings.workers)
    ours = by_smith(source, place, folder, settings)
    return compare(profile["repo"], ids, theirs, ours)


def drawn(selected: StageRun, desk: Desk) -> list[GivenBug]:
    """The bugs that `inject` makes in the repository."""
    injected = stages.inject(selected, desk)
    rows = rows_in(desk.root, Shard("candidates", selected.repo_id, injected.key), Candidate)
    return [GivenBug(row.candidate_id, row.bug_patch) for row in rows]


def tail(name: str) -> str:
    """The end of an id as a container's name may hold it, without a full stop."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", ".".join(name.split(".")[-2:]))[-60:]


def by_smith(source: str, bugs: Path, folder: Path, settings: Settings) -> Judged:
    """What `smith validate` makes of the bugs in a root of its own, where nothing is known."""
    out, output, log = folder / "smith", folder / "verdicts.jsonl", folder / "smith.log"
    command = [str(Path(sys.executable).with_name("smith")), "validate", source, "--candidates", str(bugs),
               "--sandbox", "docker", "--workers", str(settings.workers), "--seed", str(settings.seed),
               "--out", str(out), "--json"]  # fmt: skip
    began = time.monotonic()
    with output.open("wb") as lines, log.open("wb") as errors:
        code = subprocess.run(command, stdout=lines, stderr=errors, check=False, timeout=86_400).returncode
    seconds = time.monotonic() - began
    if code != 0:
        raise SystemExit(f"smith validate ended with {code}; see {log}")
    # `validate` is what comes between the two shards.
    [taken], [judged] = ((out / table).glob("*.parquet") for table in ("candidates", "verdicts"))
    rows = [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]
    told = {row["instance_id"]: verdict(row) for row in rows}
    known = frozenset().union(*(one.failing | one.passing for one in told.values()))
    each = judged.stat().st_mtime - taken.stat().st_mtime
    return Judged(seconds, each, told, tuple(row["seconds"] for row in rows), known)


def verdict(line: Mapping[str, Any]) -> Told:
    """What Smith says of a candidate."""
    ended = line["outcome"] not in ("timeout", "apply_failed")
    return Told(ended, frozenset(line["FAIL_TO_PASS"]), frozenset(line["PASS_TO_PASS"]), line["outcome"])


def compare(name: str, ids: Sequence[str], theirs: Judged, ours: Judged) -> Compared:
    """What the two say of the same candidates, test by test."""
    same, partly, differ = 0, [], []
    for one in ids:
        their, our = theirs.told[one], ours.told[one]
        begin = f"{one}: SWE-smith {their.word}, Smith {our.word}"
        against = sorted((their.failing & our.passing) | (our.failing & their.passing))
        if their.ended != our.ended or (not our.ended and their.word != our.word) or against:
            example = f"; {len(against)} tests, e.g. {against[0]}" if against else ""
            differ.append(begin + example)
        elif their.failing == our.failing:
            same += 1
        else:
            more, less = our.failing - their.failing, their.failing - our.failing
            kinds = {"SWE-smith does not read": len(more - theirs.known),
                     "end for SWE-smith as neither passed nor failed": len(more & theirs.known),
                     "are not reliable for Smith": len(less)}  # fmt: skip
            said = ", ".join(f"{n} tests that {kind}" for kind, n in kinds.items() if n)
            partly.append(f"{begin}; {said}")
    return Compared(name, theirs, ours, same, tuple(partly), tuple(differ))


def show(compared: Sequence[Compared]) -> None:
    """A line of figures; for a single repository also what the two say of which candidate otherwise."""
    n = sum(len(c.theirs.told) for c in compared)
    theirs, ours = [c.theirs for c in compared], [c.ours for c in compared]
    whole = [sum(j.seconds for j in side) for side in (theirs, ours)]
    each = [sum(j.each for j in side) for side in (theirs, ours)]
    inside = [statistics.mean([x for j in side for x in j.inside] or [0.0]) for side in (theirs, ours)]
    seconds = [x for k in (0, 1) for x in (whole[k] / n, each[k] / n, inside[k])]
    counts = [sum(c.same for c in compared), sum(len(c.partly) for c in compared),
              sum(len(c.differ) for c in compared)]  # fmt: skip
    name = compared[0].name if len(compared) == 1 else "all"
    row = f"{name[:18]:18} {n:5} " + " ".join(f"{x:7.2f}" for x in seconds)
    row += f" {whole[0] / whole[1]:7.1f} {each[0] / each[1]:7.1f}"
    print(f"{row} {counts[0]:5} {counts[1]:6} {counts[2]:6}", flush=True)
    if len(compared) > 1:
        return
    for title, lines in (("partly", compared[0].partly), ("differ", compared[0].differ)):
        for line in lines:
            print(f"    {title}: {line}", flush=True)
    for whose, judged in (("SWE-smith", theirs[0]), ("Smith", ours[0])):
        words = Counter(told.word for told in judged.told.values()).most_common()
        said = ", ".join(f"{word} {count}" for word, count in words)
        print(f"    {whose}: {said}; {len(judged.known)} tests known to pass on clean code", flush=True)


if __name__ == "__main__":
    sys.exit(min(main(), 100))
