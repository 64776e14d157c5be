"""How long curation and the gate take over many rows, how much memory, and what the choice is like.

    python benchmarks/curate.py --rows 1000000 --out FOLDER [--repos 128] [--seed 1] [--no-gate]

Rows are made by the seed, with the columns of real ones: files of about 120 lines, edits of 1 to 30 of them,
issue texts of about 700 characters, 30 tests that pass and up to 12 that fail. Cells are drawn unevenly, one
edit in twenty is another one moved, one row in a hundred has no issue text to go by. They are written as
shards, a repository each, under FOLDER, where a second run finds them. Then `propose` (what `smith curate`
does) and the gate's suite run over them. Seconds are of the wall and of CPU, memory is the process's peak.
"""

import argparse
import random
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from smith_lib import diffs
from smith_lib.curate.likeness import Nearest
from smith_lib.settings import Settings
from smith_lib.stages.publish import Proposal, propose
from smith_lib.storage import Root, Shard, write
from smith_lib.types import (
    Candidate,
    Category,
    CodeFile,
    Complexity,
    Instance,
    Outcome,
    Repo,
    RepoOutcome,
    StageRun,
    StageStatus,
    Strategy,
    Tier,
    Verdict,
)

WORDS = (
    "value", "index", "total", "items", "start", "stop", "limit", "count", "name", "key", "left",
    "right", "offset", "size", "result", "data", "node", "parent", "child", "text", "line", "token",
    "state", "flag", "mode", "path", "level", "depth", "width", "height", "cache", "buffer", "entry",
    "group", "order", "match",
)  # fmt: skip
OPS = ("+", "-", "*", "<", "<=", ">", ">=", "==", "!=", "and", "or")
OPERATORS = 150
SIZES = ((0.66, 1, 5), (0.26, 6, 15), (0.08, 16, 30))
"""Share, fewest and most changed lines."""
KINDS = dict(zip(Category, (0.42, 0.2, 0.18, 0.13, 0.07), strict=True))
BLANK: dict[Any, Any] = {"str": "", "int": 0, "float": 0.0, "bool": False}


def blank(row: type, **known: Any) -> Any:
    """A row with the known fields; the others are empty."""
    kinds = {f.name: str(getattr(f.type, "__name__", f.type)) for f in fields(row)}
    return row(**{name: known.get(name, BLANK.get(kind, ())) for name, kind in kinds.items()})


def a_line(rng: random.Random) -> str:
    one, two, three = rng.choices(WORDS, k=3)
    return f"    {one} = {two}_{rng.randrange(400)} {rng.choice(OPS)} {three}[{rng.randrange(60)}]\n"


def changed(line: str, rng: random.Random) -> str:
    """The line with one word another one."""
    words = line.split(" ")
    at = rng.randrange(6, len(words))
    other = rng.choice(OPS) if words[at] in OPS else f"{rng.choice(WORDS)}_{rng.randrange(400)}"
    while other == words[at].rstrip("\n"):
        other = rng.choice(OPS)
    words[at] = other + ("\n" if words[at].endswith("\n") else "")
    return " ".join(words)


def a_file(rng: random.Random) -> list[str]:
    lines = []
    for n in range(12):
        lines += [f"def {rng.choice(WORDS)}_{n}({', '.join(rng.sample(WORDS, 3))}):\n"]
        lines += [a_line(rng) for _ in range(8)] + ["\n"]
    return lines


def instances_of(repo: Repo, count: int, rng: random.Random) -> Iterator[Instance]:
    files = {f"pkg/mod_{n}.py": a_file(rng) for n in range(24)}
    tests = [f"tests/test_{n // 10}.py::test_{rng.choice(WORDS)}_{n}" for n in range(30)]
    common: dict[str, Any] = {
        "repo": repo.repo, "repo_id": repo.repo_id, "source": repo.source, "license": "MIT",
        "base_commit": "0" * 40, "created_at": "2024-01-02T03:04:05+00:00", "version": "1.0",
        "image_digest": "a" * 64, "python": "3.11.2",
        "test_command": "pytest -q", "difficulty": "15 min - 1 hour", "dockerfile": "FROM smith-base\n" * 10,
        "requirements": "pytest==9.0.0\n" * 5, "hints_text": "", "reproduced": True, "strategy": Strategy.AST,
    }  # fmt: skip
    for number in range(count):
        _, low, high = rng.choices(SIZES, [s[0] for s in SIZES])[0]
        lines_wanted = rng.randint(low, high)
        paths = rng.sample(sorted(files), 2 if rng.random() < 0.055 and lines_wanted > 1 else 1)
        clean, buggy, functions = {}, {}, []
        for path in paths:
            old = files[path]
            share = (lines_wanted + (path == paths[-1])) // 2 if len(paths) == 2 else lines_wanted
            start = 10 * rng.randrange(len(old) // 10 - 4) + 1
            places = [at for at in range(start, len(old)) if old[at].startswith("    ")][:share]
            new = list(old)
            for at in places:
                new[at] = changed(old[at], rng)
            clean[path], buggy[path] = "".join(old), "".join(new)
            functions += sorted({f"{path}::{old[10 * (at // 10)][4:].partition('(')[0]}" for at in places})
        patch = diffs.make(buggy, clean)
        lines = diffs.fix_lines(patch)
        kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
        operator = f"operator_{int(OPERATORS * rng.random() ** 1.5)}"
        failing = sorted(rng.sample(tests, rng.randint(1, 12)))
        word = rng.choice(WORDS)
        text = f"`{word}` gives another value\n\nSince the last update I get this:\n\n```python\n" + "".join(
            f">>> {rng.choice(WORDS)}({rng.randrange(999)})\n{rng.randrange(9999)}\n" for _ in range(12)
        ) + "```\n\nBefore, it gave something else, and other code of mine goes by it. " * 5  # fmt: skip
        tried = rng.randint(0, 6)
        survive = int(tried > 3 and rng.random() < 0.1)
        fail_ratio = round(len(failing) / len(tests) * 0.8, 6)
        yield blank(
            Instance, **common, instance_id=f"{repo.repo_id}.{operator}.{number:08x}",
            patch=patch, test_patch=patch,
            problem_statement=text, FAIL_TO_PASS=tuple(failing),
            PASS_TO_PASS=tuple(sorted(set(tests) - set(failing))), bug_patch=diffs.make(clean, buggy),
            buggy_code=tuple(CodeFile(p, buggy[p]) for p in sorted(buggy)),
            oracle_code=tuple(CodeFile(p, clean[p]) for p in sorted(clean)),
            problem_statement_source="template:plain" if rng.random() < 0.01 else "template:report",
            operator=operator, category=kind, complexity=Complexity.of(lines), fix_lines=lines,
            files_changed=len(paths), functions=tuple(functions), fail_ratio=fail_ratio,
            subset="main", covering_tests=20, wrong_fixes=tried, wrong_fixes_surviving=survive,
            quality=0.8, tags=("weak_tests",) if survive else (),
        )  # fmt: skip


def a_run(root: Root, rows: int, repos: int, seed: int) -> list[StageRun]:
    """The ledger rows of a run that made so many instances, with their shards under the root."""
    made = []
    for n in range(repos):
        count = rows // repos + (n < rows % repos)
        repo_id = f"owner__project{n}.{n:08x}"
        repo = blank(
            Repo, repo_id=repo_id, repo=f"owner/project{n}", source=f"github:owner/project{n}@{'0' * 40}",
            commit="0" * 40, license="MIT", outcome=RepoOutcome.KEPT,
        )  # fmt: skip
        key = f"{rows}-{repos}-{seed}"
        tables = ("repos", "candidates", "verdicts", "instances")
        places = {table: Shard(table, repo_id, key) for table in tables}
        if not root.exists(places["instances"].path):
            tasks = list(instances_of(repo, count, random.Random(f"{seed} {n}")))
            names = [f"{repo_id}.{t.operator}.{t.instance_id[-8:]}" for t in tasks]
            write(root, places["repos"], Repo, [repo])
            write(root, places["candidates"], Candidate, [
                blank(Candidate, repo_id=repo_id, candidate_id=name, operator=t.operator, category=t.category,
                      complexity=t.complexity, strategy=t.strategy, bug_patch=t.bug_patch)
                for name, t in zip(names, tasks, strict=True)
            ])  # fmt: skip
            write(root, places["verdicts"], Verdict, [
                blank(Verdict, repo_id=repo_id, candidate_id=name, outcome=Outcome.VALID, runs=3, seconds=1.0,
                      tier=Tier.SWAP, fail_ratio=t.fail_ratio, fail_to_pass=t.FAIL_TO_PASS)
                for name, t in zip(names, tasks, strict=True)
            ])  # fmt: skip
            write(root, places["instances"], Instance, tasks)
        for stage, table in (("inject", "candidates"), ("validate", "verdicts"), ("package", "instances")):
            shard = places[table]
            made.append(
                StageRun("run", repo.source, repo_id, repo_id, stage, StageStatus.DONE, "", False, count, 1.0,
                         shard.path, key, "")
            )  # fmt: skip
    return made


def phase(name: str, started: tuple[float, float]) -> tuple[float, float]:
    now = time.perf_counter(), time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    wall, spent = now[0] - started[0], now[1] - started[1]
    print(f"{name}: {wall:.1f} s, {spent:.1f} s of CPU; peak {peak:.2f} GiB", flush=True)
    return time.perf_counter(), time.process_time()


def told(proposal: Proposal, settings: Settings) -> None:
    """What the choice is like against its targets."""
    choice, want = proposal.choice, settings.publish
    n = len(choice.main)
    print(f"{n} of {proposal.pool} chosen, {len(choice.likeness)} with a neighbour near by")
    print("left out:", dict(choice.dropped))
    for field, targets in (
        ("complexity", {"simple": want.simple, "medium": want.medium, "complex": want.complex}),
        ("category", want.categories),
    ):
        counts = Counter(str(getattr(row, field)) for row in choice.main)
        off = {name: round(100 * (counts[name] / n - target), 2) for name, target in targets.items()}
        print(f"{field}, points from the target: {off}")
    print("splits:", dict(Counter(map(choice.split_of, choice.main))))
    print("score:", proposal.metrics["dataset_score"])
    for note in choice.notes[:5]:
        print("note:", note)


def alike(proposal: Proposal, threshold: float) -> int:
    """Pairs of chosen rows at or above the threshold, looked for anew."""
    found = Nearest([row.features for row in proposal.choice.main], threshold)
    pairs = 0
    for at in range(len(proposal.choice.main)):
        pairs += found.to(at)[0] >= threshold
        found.keep(at)
    return pairs


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--repos", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--no-gate", action="store_true")
    parser.add_argument("--budget", type=int)
    given = parser.parse_args()
    settings, root = Settings(), Root.at(given.out)
    started = time.perf_counter(), time.process_time()
    rows = a_run(root, given.rows, given.repos, given.seed)
    size = sum(f.stat().st_size for f in given.out.glob("instances/*.parquet"))
    print(f"{given.rows} rows of {given.repos} repositories, {size / given.rows:.0f} bytes each as Parquet")
    started = phase("made or found", started)
    if given.budget:
        propose(rows, root, settings, budget=given.budget)
        phase(f"curated under a budget of {given.budget}", started)
        return
    proposal = propose(rows, root, settings)
    started = phase("curated", started)
    told(proposal, settings)
    print("pairs of near-duplicates in the choice:", alike(proposal, settings.publish.alike))
    if not given.no_gate:
        from expectations import checkpoint
        from smith_lib.curate.splits import project

        repos = frozenset(row.repo_id for row in rows)
        started = phase("Great Expectations imported and pairs looked for", started)
        choice = proposal.choice
        inside = {project(row.repo): {choice.split_of(row)} for row in choice.main}
        with tempfile.TemporaryDirectory() as docs:
            checked = checkpoint.check_parts(
                {"published": proposal.parts()}, {"published": (len(choice.main), len(choice.main))},
                docs=Path(docs), settings=settings, repos=repos, candidates=proposal.judged, splits=inside,
                likeness=choice.likeness,
            )  # fmt: skip
        print(f"gate: {'passed' if checked.success else 'refused'}, {checked.rules} rules")
        for broken in checked.failures:
            print(f"{broken.severity}: {broken}"[:300])
        phase("gate", started)


if __name__ == "__main__":
    main()
