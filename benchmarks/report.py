"""The report of a large version, timed and weighed.

    python -m benchmarks.report [FOLDER] [--rows 50000] [--repos 128]

FOLDER (a temporary one where none is named) gets two versions of made-up rows, the second with all of them
and the first with those of nine tenths of the repositories, and the shards and the ledger of the run that
made them, with twice as many candidates and verdicts as rows. `smith report` is then run on it in a process
of its own. Printed are its seconds of wall time and of the processor, its peak memory, and the page's size.
"""

import argparse
import hashlib
import io
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from smith_lib import ledger
from smith_lib.curate.choose import Choice
from smith_lib.curate.metrics import metrics
from smith_lib.settings import Settings
from smith_lib.storage import Root
from smith_lib.storage.shards import to_parquet, to_table
from smith_lib.types import (
    Candidate,
    Category,
    CodeFile,
    Complexity,
    Instance,
    Outcome,
    Repo,
    StageRun,
    StageStatus,
    Strategy,
    Tier,
    Verdict,
)
from tests.rows import a_candidate, a_repo, a_verdict, an_instance

FAMILIES = {
    Strategy.AST: [f"ast_operator_{n}" for n in range(30)],
    Strategy.SEMANTIC: [f"semantic_operator_{n}" for n in range(20)],
    Strategy.LLM: ["edit_function", "rewrite_function"],
    Strategy.MIRROR: ["undo_commit"],
    Strategy.COMBINE: ["combine_file", "combine_package"],
}
ROWS = (Repo, Candidate, Verdict, Instance)
NAMES = ("repos", "candidates", "verdicts", "instances")
WORDS = ("when", "the", "parser", "reads", "an", "empty", "value", "it", "gives", "another", "result")


def main() -> int:
    """0; 1 where the report is slower or larger than it may be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--repos", type=int, default=128)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="smith-report-") as temporary:
        root = Root.at(given.folder or temporary)
        if not root.exists("published/latest"):
            made(root, given.rows, given.repos)
        return timed(root)


def timed(root: Root) -> int:
    """0 where the report is as fast and as small as it has to be."""
    page = Path(root.base) / "report.html"
    command = [sys.executable, "-c", "from smith_lib.cli import main; main()", "report", root.url]
    began = time.monotonic()
    subprocess.run([*command, "--to", page], check=True, timeout=600)
    seconds, used = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    size = page.stat().st_size / 1e6
    told = f"{seconds:.1f} s, {used.ru_utime + used.ru_stime:.1f} s of the processor"
    print(f"{told}, {used.ru_maxrss / 1024:.0f} MiB at most, a page of {size:.2f} MB")
    return 0 if seconds < 30 and size < 10 else 1


def made(root: Root, rows: int, repos: int) -> None:
    """Two versions of made-up rows and the run that made them: one repository's rows under many names."""
    rng = random.Random("report")
    run = ledger.RunRecord("benchmark", tuple(f"pypi:p{n}==1.0" for n in range(repos)), Settings(), "publish")
    ledger.begin(root, run)
    base = _of_repo(rng, -(-rows // repos))
    tables = [to_table(row, part) for row, part in zip(ROWS, base, strict=True)]
    band = tuple(row for row in base[3] if row.subset == "main")
    told = metrics(*base[:3], Choice(band, tuple(row for row in base[3] if row.subset != "main"), ()))
    groups = []
    for number, source in enumerate(run.sources):
        for stage, name, table in zip(ledger.STAGES, NAMES, tables, strict=True):
            path = f"{name}/p{number}-0.parquet"
            if name == "instances":
                groups.append(_renamed(table, number))
            else:
                root.write_bytes(path, to_parquet(_renamed(table, number)))
            entry = StageRun(
                run.run_id, source, source, f"pypi__p{number}.01234567", stage, StageStatus.DONE, "", False,
                table.num_rows, rng.uniform(10, 900), path, "0", "2026-11-01T01:00:00+00:00",
            )  # fmt: skip
            ledger.enter(root, entry)
    parts = (groups[: repos * 9 // 10], groups)
    versions = [_version(root, number, some, told) for number, some in enumerate(parts, 1)]
    root.write_bytes("published/latest", versions[-1].encode())
    ledger.end(root, run.run_id, {"version": versions[-1], "new": True})


def _renamed(table: pa.Table, number: int) -> pa.Table:
    """The table as another repository's."""
    for name in {"instance_id", "candidate_id", "repo_id", "repo", "source"} & set(table.column_names):
        named = pc.replace_substring(table.column(name), "p0", f"p{number}")
        table = table.set_column(table.column_names.index(name), table.schema.field(name), named)
    return table


def _version(root: Root, number: int, groups: list[pa.Table], told: dict[str, Any]) -> str:
    """A version of these rows, in files of 20 repositories each, as `smith publish` leaves one."""
    name, files = f"v{number:04d}-0123456{number}", {}
    for at in range(0, len(groups), 20):
        sink = io.BytesIO()
        with pq.ParquetWriter(sink, groups[0].schema, compression="zstd", write_page_checksum=True) as writer:
            for group in groups[at : at + 20]:
                writer.write_table(group, row_group_size=1_000)
        files[f"data/train-{at // 20:05d}-of-{-(-len(groups) // 20):05d}.parquet"] = sink.getvalue()
    for file, data in files.items():
        root.write_bytes(f"published/{name}/{file}", data)
    held = {**told, "files": {file: hashlib.sha256(data).hexdigest() for file, data in files.items()}}
    root.write_bytes(f"published/{name}/metrics.json", json.dumps(held).encode())
    return name


def _of_repo(
    rng: random.Random, rows: int
) -> tuple[list[Repo], list[Candidate], list[Verdict], list[Instance]]:
    repo_id, repo, source = "pypi__p0.01234567", "pypi/p0", "pypi:p0==1.0"
    tests = tuple(f"tests/test_{n // 20}.py::test_something_{n}[value-{n}]" for n in range(100))
    lines = [f"def function_{n}(value):\n    return value + {n}\n" for n in range(100)]
    candidates, verdicts, instances = [], [], []
    for n in range(2 * rows):
        family = rng.choices(list(FAMILIES), (50, 25, 5, 5, 15))[0]
        operator = rng.choice(FAMILIES[family])
        name = f"{repo_id}.{operator}.{n:08x}"
        known = {"repo_id": repo_id, "strategy": family, "operator": operator}
        candidates.append(a_candidate(n, candidate_id=name, **known))
        kept = n % 2 == 0
        outcome = Outcome.SUBTLE if n % 20 == 0 else Outcome.VALID
        outcome = outcome if kept else rng.choice([Outcome.NO_FAILURE, Outcome.NOT_COVERED, Outcome.TIMEOUT])
        verdicts.append(a_verdict(n, repo_id=repo_id, candidate_id=name, outcome=outcome, tier=Tier.FORK))
        if not kept:
            continue
        size, failing = min(200, int(rng.paretovariate(0.9))), min(90, int(rng.paretovariate(0.5)))
        at = rng.randrange(100)
        text = " ".join(rng.choices(WORDS, k=120))
        changed = f"def function_{at}(value):\n    return value - {n}\n"
        code = ["".join([*lines[:at], changed, *lines[at + 1 :]]), "".join(lines)]
        instances.append(an_instance(
            n, instance_id=name, repo=repo, source=source, **known,
            category=rng.choices(list(Category), (35, 25, 15, 15, 10))[0], complexity=Complexity.of(size),
            fix_lines=size, files_changed=1 + (rng.random() < 0.05), FAIL_TO_PASS=tests[:failing],
            PASS_TO_PASS=tests[failing:], fail_ratio=0.005 if outcome is Outcome.SUBTLE else failing / 100,
            subset="subtle" if outcome is Outcome.SUBTLE else "main", quality=round(rng.uniform(0.5, 1), 3),
            problem_statement=f"`f_{at}` gives another value\n\n{text}\n\n```python\nf_{at}(1)\n```\n",
            buggy_code=(CodeFile("pkg/a.py", code[0]),), oracle_code=(CodeFile("pkg/a.py", code[1]),),
            wrong_fixes=0, wrong_fixes_surviving=0, wrong_fixes_alike=0, reproduced=True,
        ))  # fmt: skip
    return [a_repo(repo_id=repo_id, source=source, repo=repo)], candidates, verdicts, instances


if __name__ == "__main__":
    sys.exit(main())
