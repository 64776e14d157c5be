"""Select: from a source to a repository's row, kept or rejected, with its tests and functions."""

import ast
import time
from dataclasses import dataclass, replace
from functools import partial

from smith_lib.environments.find import find
from smith_lib.environments.recorded import environment_of
from smith_lib.ledger import slug
from smith_lib.progress import report
from smith_lib.sandbox.suite import run_suite
from smith_lib.sandbox.warm import Worker
from smith_lib.sources.criteria import judge_static
from smith_lib.sources.facts import Facts, facts
from smith_lib.sources.protocol import Pin, Tree
from smith_lib.sources.table import fetch, pin
from smith_lib.stages.frame import Desk, finish
from smith_lib.storage import Shard, write
from smith_lib.types import Coverage, Function, Repo, RepoOutcome, StageRun, StageStatus, Test
from smith_lib.validate.baseline import Baseline, baseline
from smith_lib.validate.calibrate import calibrate
from smith_lib.validate.called import called
from smith_lib.validate.coverage import Gathered

VERSION = 2


@dataclass(frozen=True, slots=True)
class Selected:
    """A repository's rows."""

    repo: Repo
    tests: tuple[Test, ...] = ()
    functions: tuple[Function, ...] = ()
    coverage: tuple[Coverage, ...] = ()


def select(source: str, desk: Desk) -> StageRun:
    """The stage's ledger row, once the repository's shards are there.

    Raises `SourceError` where there is no such repository and `MachineryError` where something broke.
    """
    row, started = desk.start(source, "select"), time.monotonic()
    report("select", source, 0, 0, "pinning")
    pinned = desk.pins.get(source) or pin(source, desk.settings.select)
    groups = (desk.settings.select, desk.settings.environments, desk.settings.sandbox)
    wanted = [*(group.model_dump() for group in groups), desk.sandbox.name]
    key = desk.key("select", VERSION, pinned.source, wanted)
    name = slug(pinned.source)
    shard = Shard("repos", name, key)

    def make() -> list[Repo]:
        made = _select(pinned, desk)
        tables = (("tests", Test, made.tests), ("functions", Function, made.functions),
                  ("coverage", Coverage, made.coverage))  # fmt: skip
        for table, kind, rows in tables:
            desk.gate(table, rows)
            write(desk.root, Shard(table, name, key), kind, rows)
        return [made.repo]

    [repo], status = desk.once(Repo, shard, make, Test, Function, Coverage)
    if repo.outcome is not RepoOutcome.KEPT:
        status = StageStatus.REJECTED
    facts_of_it = {"pin": pinned.source, "repo_id": repo.repo_id, "reason": repo.reason, "rows": 1}
    return finish(row, shard, started, status=status, **facts_of_it)


def _blank(tree: Tree, known: Facts) -> Repo:
    return Repo(
        repo_id=tree.repo_id, source=tree.pin.source, repo=tree.pin.repo, commit=tree.commit,
        version=tree.version, license=tree.license, created_at=tree.created_at, loc=known.loc,
        n_tests_static=known.n_tests, n_tests=0, n_reliable=0, pass_rate=0.0, python="", pytest="", image="",
        image_digest="", dockerfile="", requirements="", base="", interpreter="", install=(), environ=(),
        recipe="", test_command="", test_args=(), test_files=known.test_files, ignored=(), source_files=(),
        baseline_seconds=0.0, baseline_cpu_seconds=0.0, outside=(),
        sandbox="", tiers=(), tiers_reason="", outcome=RepoOutcome.KEPT, reason="", log="",
    )  # fmt: skip


def _select(pinned: Pin, desk: Desk) -> Selected:
    report("select", pinned.source, 0, 0, "fetching")
    tree = fetch(pinned, desk.cache, desk.settings.select)
    known = facts(tree.path)
    repo = _blank(tree, known)
    if (rejected := judge_static(tree, known, desk.settings.select)) is not None:
        return Selected(replace(repo, outcome=rejected[0], reason=rejected[1]))
    report("select", tree.repo_id, 0, 0, "installing")
    found = find(tree, desk.sandbox, desk.settings.environments, desk.limits)
    log = f"logs/{tree.repo_id}-build.log"
    desk.root.write_bytes(log, found.log.encode(errors="replace"))
    repo = replace(repo, sandbox=desk.sandbox.name, recipe=found.recipe, log=log)
    if found.environment is None:
        return Selected(replace(repo, outcome=found.outcome, reason=found.reason))
    made = found.environment
    repo = replace(
        repo, image=made.image, image_digest=made.digest, dockerfile=made.dockerfile, base=made.base,
        requirements=made.requirements, interpreter=made.python, install=made.install,
        environ=tuple(f"{name}={value}" for name, value in made.environ), test_args=found.test_args,
        test_command=found.test_command, ignored=found.ignored,
    )  # fmt: skip
    runs = desk.settings.select.clean_runs
    base = baseline(tree.repo_id, partial(run_suite, desk.sandbox, made), found.test_args, runs, desk.limits)
    selected = _judged(repo, base, tree, known, desk)
    return _calibrated(selected, base, tree, desk) if selected.repo.outcome is RepoOutcome.KEPT else selected


def _judged(repo: Repo, base: Baseline, tree: Tree, known: Facts, desk: Desk) -> Selected:
    want = desk.settings.select
    lost = sum(_test_functions(tree, module) for module in repo.ignored)
    ran = sum(t.stability != "skipped" for t in base.tests) + lost
    rate = base.n_reliable / ran if ran else 0.0
    not_code = set(known.test_files)
    repo = replace(
        repo, n_tests=len(base.tests) + lost, n_reliable=base.n_reliable, pass_rate=rate, python=base.python,
        pytest=base.pytest, baseline_seconds=round(base.seconds, 3),
        baseline_cpu_seconds=round(base.cpu_seconds, 3),
        source_files=tuple(f for f in base.loaded if f not in not_code),
    )  # fmt: skip
    if base.broken:
        return Selected(replace(repo, outcome=RepoOutcome.SUITE_FAILED, reason=base.broken), base.tests)
    if repo.n_tests < want.min_tests:
        reason = f"{repo.n_tests} tests collected, at least {want.min_tests} wanted"
        return Selected(replace(repo, outcome=RepoOutcome.TOO_FEW_TESTS, reason=reason), base.tests)
    if rate <= want.min_pass_rate:
        reason = f"{base.n_reliable} of {ran} tests pass in every clean run, {rate:.1%}, "
        reason += f"more than {want.min_pass_rate:.0%} wanted"
        return Selected(replace(repo, outcome=RepoOutcome.TOO_FEW_PASSING, reason=reason), base.tests)
    return Selected(repo, base.tests)


def _calibrated(selected: Selected, base: Baseline, tree: Tree, desk: Desk) -> Selected:
    """With what the clean suite shows in warm processes."""
    repo = selected.repo

    def new_worker() -> Worker:
        return Worker(desk.sandbox, environment_of(repo), repo.test_args, desk.limits)

    found = calibrate(
        repo.repo_id, new_worker, selected.tests, base.traced, repo.source_files, desk.settings.workers
    )
    repo = replace(
        repo, tiers=tuple(t.value for t in found.tiers), tiers_reason=found.reason, outside=found.modules
    )
    executed = Gathered(repo.source_files)
    for run in base.traced.executed:
        executed.add("", run.lines, ())
    lines = executed.executed() if found.coverage or base.traced.executed else None
    functions = called(repo.repo_id, tree.path, repo.source_files, lines)
    return Selected(repo, tuple(map(found.of, selected.tests)), functions, found.coverage)


def _test_functions(tree: Tree, module: str) -> int:
    """Test functions in a module that could not be collected; at least one."""
    try:
        nodes = ast.walk(ast.parse((tree.path / module).read_bytes()))
    except (OSError, SyntaxError, ValueError):
        return 1
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return max(1, sum(isinstance(n, kinds) and n.name.startswith("test") for n in nodes))
