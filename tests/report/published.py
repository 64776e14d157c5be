"""A root with published versions of made-up rows, and the run that made the newest."""

from collections.abc import Sequence
from pathlib import Path

from smith_lib import ledger
from smith_lib.curate.choose import Choice
from smith_lib.curate.metrics import metrics
from smith_lib.publish import write_version
from smith_lib.settings import Settings
from smith_lib.storage import Root, Shard, write
from smith_lib.types import (
    Candidate,
    Category,
    Complexity,
    Instance,
    Outcome,
    Repo,
    StageRun,
    StageStatus,
    Strategy,
    Verdict,
)
from tests.rows import a_candidate, a_repo, a_verdict, an_instance

FAMILIES = (
    (Strategy.AST, "swap_operands"), (Strategy.SEMANTIC, "remove_guard"), (Strategy.COMBINE, "combine"),
)  # fmt: skip
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> ![x](http://example.com/x.png)"
"""What an issue text of a repository may hold."""


CURATED = {
    "notes": ["complex: 6 of 20 wanted"],
    "curation": {
        "bounds": [
            {"name": "complex", "kind": "target", "pool": 6, "taken": 6, "low": 7, "high": 9,
             "binds": "missed"},
            {"name": "simple", "kind": "target", "pool": 9, "taken": 6, "low": 5, "high": 7, "binds": ""},
        ],
        "left_out": {"near-duplicate": 3},
        "shortfalls": [{"complexity": "complex", "category": "off_by_one", "multi_file": False, "pool": 1,
                        "wanted": 4, "lacking": 3}],
    },
    "dataset_score": {"score": 1.25, "N": 18, "D": 0.5, "Q": 0.875, "diversity": {"operators": 0.25},
                      "quality": {"reproduction": 0.5, "margin": None}},
}  # fmt: skip
"""What curation tells beside the figures."""


def instances(many: int) -> list[Instance]:
    """So many tasks of two repositories, every tenth of them subtle, and the second with a hostile text."""
    rows = []
    for n in range(many):
        family, operator = FAMILIES[n % 3]
        text = f"`f({n})` gives {n}\n\n{HOSTILE if n == 1 else 'It should not.'}\n\n```python\nf({n})\n```\n"
        tests = tuple(f"tests/test_a.py::t{k}" for k in range(1 + n))
        subset, ratio = ("subtle", 0.005) if n % 10 == 9 else ("main", 0.1)
        rows.append(an_instance(
            n, instance_id=f"some__repo{n % 2}.01234567.{operator}.{n:08d}", repo=f"some/repo{n % 2}",
            repo_id=f"some__repo{n % 2}.01234567", strategy=family, operator=operator,
            category=list(Category)[n % 5], complexity=list(Complexity)[n % 3], fix_lines=(2, 9, 40)[n % 3],
            files_changed=1 + (n % 10 == 3), FAIL_TO_PASS=tests, fail_ratio=ratio, subset=subset,
            quality=0.75, problem_statement=text, reproduced=n % 2 == 0, wrong_fixes=3,
            wrong_fixes_surviving=0,
        ))  # fmt: skip
    return rows


def publish(root: Root, rows: Sequence[Instance], told: dict | None = None) -> str:
    """The name of a version of these rows."""
    ordered = sorted(rows, key=lambda row: row.instance_id)
    main = tuple(row for row in ordered if row.subset == "main")
    subtle = tuple(row for row in ordered if row.subset == "subtle")
    return write_version(root, Choice(main, subtle, ()), told or {}, None, Settings().publish).version


def published(folder: Path | str, many: int = 20) -> Root:
    """Two versions: one of all but the last five tasks, and the newest, of a run whose shards are there."""
    root, rows = Root.at(folder), instances(many)
    publish(root, rows[:-5])
    run = ledger.RunRecord("r1", ("pypi:repo0==1", "pypi:repo1==1"), Settings(), "publish")
    ledger.begin(root, run)
    repos, candidates, verdicts = [], [], []
    for number, source in enumerate(run.sources):
        repo_id = f"some__repo{number}.01234567"
        mine = [row for row in rows if row.repo_id == repo_id]
        repo = a_repo(repo_id=repo_id, repo=f"some/repo{number}", source=source, loc=1_000 * (number + 1))
        made = [a_candidate(candidate_id=row.instance_id, repo_id=repo_id, strategy=row.strategy,
                            operator=row.operator, cost_usd=0.5) for row in mine]  # fmt: skip
        made.append(a_candidate(candidate_id=f"{repo_id}.swap_operands.nothing", repo_id=repo_id))
        judged = [a_verdict(candidate_id=row.instance_id, repo_id=repo_id,
                            outcome=Outcome.SUBTLE if row.subset == "subtle" else Outcome.VALID)
                  for row in mine]  # fmt: skip
        nothing = {"candidate_id": made[-1].candidate_id, "outcome": Outcome.NO_FAILURE}
        judged.append(a_verdict(repo_id=repo_id, **nothing))
        for stage, table, row, some in (
            ("select", "repos", Repo, [repo]), ("inject", "candidates", Candidate, made),
            ("validate", "verdicts", Verdict, judged), ("package", "instances", Instance, mine),
        ):  # fmt: skip
            shard = write(root, Shard(table, f"repo{number}", "0"), row, some)
            known = ("r1", source, source, repo_id, stage, StageStatus.DONE, "", False)
            at = "2026-11-01T01:00:00+00:00"
            ledger.enter(root, StageRun(*known, len(some), 60.0, shard.path, "0", at))
        repos.append(repo)
        candidates += made
        verdicts += judged
    ordered = sorted(rows, key=lambda row: row.instance_id)
    choice = Choice(tuple(r for r in ordered if r.subset == "main"),
                    tuple(r for r in ordered if r.subset == "subtle"), ())  # fmt: skip
    version = publish(root, rows, metrics(repos, candidates, verdicts, choice) | CURATED)
    ledger.end(root, "r1", {"version": version, "new": True})
    return root
