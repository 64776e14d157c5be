"""Package: from verdicts to instances."""

import time
from collections.abc import Sequence
from dataclasses import replace

from smith_lib.environments.recorded import environment_of
from smith_lib.package.instances import SUBSETS, instances
from smith_lib.package.watch import Likely, Watch, hasty, watched
from smith_lib.progress import report
from smith_lib.sandbox.protocol import Job, Ran
from smith_lib.stages.frame import Desk, finish
from smith_lib.stages.validate import at_work
from smith_lib.storage import Shard, read
from smith_lib.types import Candidate, Instance, Repo, StageRun, Verdict
from smith_lib.validate.bench import Touching
from smith_lib.validate.crew import standing
from smith_lib.validate.crew import verdicts as judged

VERSION = 12
REPORT_KB = 64 * 1024
"""What trying the issues' code may tell."""


def package(selected: StageRun, injected: StageRun, validated: StageRun, desk: Desk) -> StageRun:
    """The stage's ledger row, once every valid bug is a task."""
    row, started = desk.start(selected.source, "package"), time.monotonic()
    key = desk.key("package", VERSION, validated.key, desk.settings.package.model_dump())
    shard = Shard("instances", selected.repo_id, key)

    def make() -> list[Instance]:
        [repo] = desk.rows_of(Repo, selected)
        tree = desk.tree_of(repo)
        candidates = read(desk.root, Shard("candidates", repo.repo_id, injected.key), Candidate)
        verdicts = read(desk.root, Shard("verdicts", repo.repo_id, validated.key), Verdict)
        environment = environment_of(repo)
        if not desk.sandbox.has(environment):
            desk.sandbox.build(environment, tree.path, desk.limits)
        limits = replace(desk.limits, output_kb=REPORT_KB)

        def run(job: Job) -> Ran:
            report("package", repo.repo_id, 0, 0, "trying the issues' code")
            return desk.sandbox.run(environment, job, limits)

        settings = desk.settings
        watch = watch_kept(selected, candidates, verdicts, desk)
        want, seed, lanes = settings.package, settings.seed, settings.workers
        return instances(repo, candidates, verdicts, tree.path, want, seed, run, watch, lanes)

    rows, status = desk.counted(Instance, shard, make)
    return finish(
        row, shard, started, pin=selected.pin, repo_id=selected.repo_id, status=status, rows=rows
    )


def watch_kept(
    selected: StageRun, candidates: Sequence[Candidate], verdicts: Sequence[Verdict], desk: Desk
) -> dict[str, Watch]:
    """What the tests see of the place of each bug that becomes a task, by candidate id."""
    [repo] = desk.rows_of(Repo, selected)
    kept = {verdict.candidate_id for verdict in verdicts if verdict.outcome in SUBSETS}
    bugs = [c for c in candidates if c.candidate_id in kept and not c.part_only]
    settings = desk.settings.model_copy(update={"validation": hasty(desk.settings.validation, verdicts)})
    bench, plain = at_work(selected, replace(desk, settings=settings))
    most, seed = desk.settings.package.wrong_fixes, desk.settings.seed
    with standing(replace(plain, stage="package")) as crew:

        def judge(some: Sequence[Candidate], touching: Touching, likely: Likely) -> list[Verdict]:
            return judged(some, replace(bench, touching=touching, likely=likely), crew)

        return watched(bugs, candidates, verdicts, desk.tree_of(repo).path, bench, judge, most, seed)
