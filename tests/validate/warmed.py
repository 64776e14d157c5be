"""A repository made ready to be judged: its clean runs, what warm processes show of it, and a bench."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from smith_lib import diffs
from smith_lib.sandbox.protocol import Environment, Limits, Sandbox
from smith_lib.sandbox.suite import SuiteJob, SuiteReport, run_suite
from smith_lib.sandbox.warm import Worker
from smith_lib.settings import ValidateSettings
from smith_lib.types import Candidate, Stability, Verdict
from smith_lib.validate.baseline import Baseline, baseline
from smith_lib.validate.bench import Bench, idleness, patience
from smith_lib.validate.calibrate import Calibration, calibrate
from smith_lib.validate.coverage import Map
from smith_lib.validate.crew import Crew, judged
from smith_lib.validate.judge import judge
from smith_lib.validate.reached import Reached
from tests.rows import a_candidate


@dataclass(frozen=True)
class Warmed:
    """What judging needs."""

    tree: Path
    base: Baseline
    found: Calibration
    bench: Bench
    new_worker: Callable[[], Worker]

    def warm(self, *bugs: Candidate) -> list[Verdict]:
        """Verdicts by one worker, in this order."""
        made = judged(bugs, self.bench, Crew(1, self.new_worker, self.found.modules))
        return [made[bug.candidate_id] for bug in bugs]

    def cold(self, bug: Candidate, runs: int = 1) -> Verdict:
        """The verdict of so many cold runs."""
        return judge(bug, replace(self.bench, settings=replace_runs(self.bench.settings, runs)))

    def bug(self, name: str, path: str, old: str, new: str) -> Candidate:
        """The bug that has `new` where the file has `old`, once."""
        clean = (self.tree / path).read_text(encoding="utf-8")
        assert clean.count(old) == 1, (path, old)
        patch = diffs.make({path: clean}, {path: clean.replace(old, new)})
        return a_candidate(candidate_id=name, bug_patch=patch)


def replace_runs(settings: ValidateSettings, runs: int) -> ValidateSettings:
    """The same with so many runs."""
    return settings.model_copy(update={"runs": runs})


def reached(tree: Path, coverage: Map, reliable: tuple[str, ...]) -> Reached:
    """Who meets what imports make."""
    files = {str(path.relative_to(tree)): path.read_text(encoding="utf-8") for path in tree.rglob("*.py")}
    return Reached(files, coverage, reliable)


def warmed(
    sandbox: Sandbox,
    environment: Environment,
    tree: Path,
    limits: Limits,
    settings: ValidateSettings,
    args: tuple[str, ...] = (),
) -> Warmed:
    """The tree's environment built, its suite run and calibrated, as `select` and `validate` do."""
    sandbox.build(environment, tree, Limits(240))
    run, name = partial(run_suite, sandbox, environment), environment.repo_id
    base = baseline(name, run, args, 2, replace(limits, seconds=60))
    assert not base.broken, base.broken

    patterns: tuple[str, ...] = ()

    def new_worker() -> Worker:
        return Worker(sandbox, environment, args, replace(limits, seconds=60), patterns=patterns)

    tests = {t.file for t in base.tests} | {"tests/conftest.py", "conftest.py"}
    files = [f for f in base.loaded if f not in tests]

    def afresh(tests: tuple[str, ...]) -> SuiteReport:
        return run(SuiteJob(args, hash_seed=1, trace=True, only=tests), replace(limits, seconds=240))

    found = calibrate(name, new_worker, base.tests, base.traced, files, 2, afresh)
    patterns = found.patterns
    rows = [found.of(t) for t in base.tests if t.stability is Stability.RELIABLE]
    reliable: Mapping[str, float] = {t.test_id: t.seconds for t in rows}
    coverage = Map(found.coverage, reliable)
    bench = Bench(
        run=run, args=args, reliable=tuple(sorted(reliable)),
        clean=lambda path: (tree / path).read_text(encoding="utf-8"),
        limits=replace(limits, seconds=math.ceil(patience(base.cpu_seconds, settings))),
        idle_seconds=idleness(base.seconds, settings), settings=settings,
        coverage=coverage, seconds=reliable, tiers=found.tiers,
        slowest={t.test_id: t.tier for t in rows if t.tier is not found.tiers[0]},
        together=frozenset(t.test_id for t in rows if not t.alone and t.test_id not in coverage.company),
        reached=cache(partial(reached, tree, coverage, tuple(reliable))), look_from=0.0,
    )  # fmt: skip
    return Warmed(tree, base, found, bench, new_worker)
