"""Validate: from candidates to verdicts."""

import time
from dataclasses import replace
from functools import partial

from smith_lib.environments.recorded import environment_of
from smith_lib.given.verdicts import judged
from smith_lib.progress import report
from smith_lib.sandbox.suite import run_suite
from smith_lib.stages.frame import Desk, finish
from smith_lib.storage import Shard, read
from smith_lib.types import Candidate, Repo, Stability, StageRun, Test, Verdict
from smith_lib.validate.judge import VERSION, Bench, patience, verdicts


def validate(selected: StageRun, injected: StageRun, desk: Desk) -> StageRun:
    """The stage's ledger row, once every candidate has its verdict."""
    row, started = desk.start(selected.source, "validate"), time.monotonic()
    key = desk.key("validate", VERSION, injected.key, desk.settings.validation.model_dump())
    shard = Shard("verdicts", selected.repo_id, key)

    def make() -> list[Verdict]:
        [repo] = desk.rows_of(Repo, selected)
        tests = desk.rows_of(Test, selected)
        candidates = read(desk.root, Shard("candidates", repo.repo_id, injected.key), Candidate)
        tree = desk.tree_of(repo)
        environment = environment_of(repo)
        if not desk.sandbox.has(environment):
            report("validate", repo.repo_id, 0, len(candidates), "building its environment")
            desk.sandbox.build(environment, tree.path, desk.limits)

        def clean(path: str) -> str:
            return (tree.path / path).read_bytes().decode("utf-8")

        want = desk.settings.validation
        bench = Bench(
            run=partial(run_suite, desk.sandbox, environment),
            args=repo.test_args,
            reliable=tuple(sorted(t.test_id for t in tests if t.stability is Stability.RELIABLE)),
            clean=clean,
            limits=replace(desk.limits, seconds=patience(repo.baseline_cpu_seconds, want)),
            idle_seconds=patience(repo.baseline_seconds, want),
            settings=want,
        )
        judge = partial(verdicts, bench=bench, workers=desk.settings.workers)
        return judged(candidates, tree.path, repo.test_files, judge)

    rows, status = desk.once(Verdict, shard, make)
    return finish(
        row, shard, started, pin=selected.pin, repo_id=selected.repo_id, status=status, rows=len(rows)
    )
