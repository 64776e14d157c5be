"""Validate: from candidates to verdicts."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache, partial

from smith_lib.environments.recorded import environment_of
from smith_lib.given.verdicts import judged
from smith_lib.inject.alike import near_duplicates
from smith_lib.progress import report
from smith_lib.sandbox.suite import run_suite
from smith_lib.stages.frame import Desk, finish
from smith_lib.storage import Shard, digest, read
from smith_lib.types import Candidate, Coverage, Repo, Stability, StageRun, Test, Tier, Verdict
from smith_lib.validate.bench import Bench, idleness, patience
from smith_lib.validate.coverage import Map
from smith_lib.validate.crew import Crew, verdicts
from smith_lib.validate.judge import VERSION
from smith_lib.validate.kept import Kept
from smith_lib.validate.reached import Reached


def validate(selected: StageRun, injected: StageRun, desk: Desk) -> StageRun:
    """The stage's ledger row, once every candidate has its verdict."""
    row, started = desk.start(selected.source, "validate"), time.monotonic()
    key = desk.key("validate", VERSION, injected.key, desk.settings.validation.model_dump())
    shard = Shard("verdicts", selected.repo_id, key)

    def make() -> list[Verdict]:
        candidates = read(desk.root, Shard("candidates", selected.repo_id, injected.key), Candidate)
        [repo] = desk.rows_of(Repo, selected)
        bench, crew = at_work(selected, desk, len(candidates))
        alike = desk.settings.validation.alike
        near = near_duplicates(candidates, bench.clean, alike) if alike else {}

        def judge(some: Sequence[Candidate], others: Mapping[str, Verdict]) -> list[Verdict]:
            return verdicts(some, bench, crew, others)

        return judged(candidates, desk.tree_of(repo).path, repo.test_files, judge, near)

    rows, status = desk.counted(Verdict, shard, make)
    return finish(
        row, shard, started, pin=selected.pin, repo_id=selected.repo_id, status=status, rows=rows
    )


def at_work(selected: StageRun, desk: Desk, n: int = 0) -> tuple[Bench, Crew]:
    """What a repository's candidates, `n` of them, are judged with, its environment built."""
    [repo] = desk.rows_of(Repo, selected)
    reliable = {t.test_id: t for t in desk.rows_of(Test, selected) if t.stability is Stability.RELIABLE}
    tree, environment, want = desk.tree_of(repo), environment_of(repo), desk.settings.validation
    if not desk.sandbox.has(environment):
        report("validate", repo.repo_id, 0, n, "building its environment")
        desk.sandbox.build(environment, tree.path, desk.limits)

    @cache
    def clean(path: str) -> str:
        return (tree.path / path).read_bytes().decode("utf-8")

    coverage = Map(desk.rows_of(Coverage, selected), reliable)

    @cache
    def reached() -> Reached:
        paths = [*repo.source_files, *(path for path in repo.test_files if path.endswith(".py"))]
        texts = {path: (tree.path / path).read_text("utf-8", "replace") for path in paths}
        return Reached(texts, coverage, reliable)

    tiers = tuple(t for t in map(Tier, repo.tiers) if t is Tier.COLD or t.value in want.tiers)
    bench = Bench(
        run=partial(run_suite, desk.sandbox, environment),
        args=repo.test_args,
        reliable=tuple(sorted(reliable)),
        clean=clean,
        limits=replace(desk.limits, seconds=patience(repo.baseline_cpu_seconds, want)),
        idle_seconds=idleness(repo.baseline_seconds, want),
        settings=want,
        coverage=coverage,
        reached=reached,
        seconds={name: t.seconds for name, t in reliable.items()},
        start_seconds=repo.baseline_cpu_seconds,
        tiers=tiers or (Tier.COLD,),
        slowest={name: t.tier for name, t in reliable.items() if t.tier is not Tier.SWAP},
        together=frozenset(n for n, t in reliable.items() if not t.alone and n not in coverage.company),
    )
    matters = want.model_dump(exclude={"alike"})
    kept = Kept(desk.root, f"{repo.repo_id}-{digest(VERSION, selected.key, matters)[:16]}")
    seed = f"{desk.settings.seed}:{repo.repo_id}"
    return bench, Crew(desk.settings.workers, partial(desk.worker, repo), repo.outside, kept, seed=seed)
