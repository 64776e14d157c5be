"""Select: from a source to a repository's row, kept or rejected, with its tests and functions."""

import ast
import time
from collections import Counter
from dataclasses import dataclass, replace
from functools import partial

from smith_lib import syntax
from smith_lib.environments.find import find
from smith_lib.environments.recorded import environment_of
from smith_lib.ledger import slug
from smith_lib.progress import report
from smith_lib.sandbox.suite import SuiteJob, SuiteReport, run_suite
from smith_lib.sources.criteria import judge_static
from smith_lib.sources.facts import Facts, facts
from smith_lib.sources.protocol import Pin, Tree
from smith_lib.sources.table import fetch, pin
from smith_lib.stages.frame import Desk, finish
from smith_lib.storage import Shard, write
from smith_lib.types import Coverage, Function, Repo, RepoOutcome, StageRun, StageStatus, Test
from smith_lib.validate.baseline import TRACED, Baseline, baseline
from smith_lib.validate.calibrate import calibrate
from smith_lib.validate.called import called
from smith_lib.validate.coverage import Gathered

VERSION = 7
NO_SUITE = (RepoOutcome.NO_INTERPRETER, RepoOutcome.BUILD_FAILED, RepoOutcome.SUITE_FAILED)
"""Rejections after which no bug can be judged; all others are about what a dataset should hold."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A repository's rows."""

    repo: Repo
    tests: tuple[Test, ...] = ()
    functions: tuple[Function, ...] = ()
    coverage: tuple[Coverage, ...] = ()


def select(source: str, desk: Desk, *, to_judge: bool = False) -> StageRun:
    """The stage's ledger row, once the repository's shards are there.

    With `to_judge` only what cannot be judged is rejected: what has no environment, no suite that runs or no
    reliable test. Any other repository is made ready, and its row still says why no dataset would hold it.
    Raises `SourceError` where there is no such repository and `MachineryError` where something broke.
    """
    row, started = desk.start(source, "select"), time.monotonic()
    report("select", source, 0, 0, "pinning")
    pinned = desk.pins.get(source) or pin(source, desk.settings.select)
    groups = (desk.settings.select, desk.settings.environments, desk.settings.sandbox)
    # Where an image lies changes nothing of what is in it.
    wanted = [*(group.model_dump(exclude={"registry"}) for group in groups), desk.sandbox.name]
    key = desk.key("select", VERSION, pinned.source, wanted, drawn=False)
    shard = Shard("repos", slug(pinned.source), key)

    def make(shard: Shard, whatever: bool) -> list[Repo]:
        made = _select(pinned, desk, whatever)
        tables = (("tests", Test, made.tests), ("functions", Function, made.functions),
                  ("coverage", Coverage, made.coverage))  # fmt: skip
        for table, kind, rows in tables:
            desk.gate(table, rows)
            write(desk.root, replace(shard, table=table), kind, rows)
        return [made.repo]

    beside = (Test, Function, Coverage)
    [repo], status = desk.once(Repo, shard, partial(make, shard, False), *beside)
    if to_judge and repo.outcome not in NO_SUITE and not repo.tiers:  # it was given up too early for that
        shard = replace(shard, key=desk.key("select", VERSION, key, "whatever it is", drawn=False))
        [repo], status = desk.once(Repo, shard, partial(make, shard, True), *beside)
    usable = repo.outcome not in NO_SUITE and repo.n_reliable > 0
    if not (usable if to_judge else repo.outcome is RepoOutcome.KEPT):
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
        baseline_seconds=0.0, baseline_cpu_seconds=0.0, outside=(), patterns=(),
        sandbox="", tiers=(), tiers_reason="", outcome=RepoOutcome.KEPT, reason="", log="",
    )  # fmt: skip


def _select(pinned: Pin, desk: Desk, whatever: bool) -> Selected:
    """The repository's rows; with `whatever` it is run even where what it says of itself rejects it."""
    report("select", pinned.source, 0, 0, "fetching")
    tree = fetch(pinned, desk.cache, desk.settings.select)
    known = facts(tree.path)
    repo = _blank(tree, known)
    if (rejected := judge_static(tree, known, desk.settings.select)) is not None:
        repo = replace(repo, outcome=rejected[0], reason=rejected[1])
        if not whatever:
            return Selected(repo)
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
    usable = selected.repo.outcome not in NO_SUITE and base.n_reliable > 0
    wanted = selected.repo.outcome is RepoOutcome.KEPT or whatever
    return _calibrated(selected, base, tree, desk) if usable and wanted else selected


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
    if repo.outcome is not RepoOutcome.KEPT:
        return Selected(repo, base.tests)
    if repo.n_tests < want.min_tests:
        reason = f"{repo.n_tests} tests collected, at least {want.min_tests} wanted"
        return Selected(replace(repo, outcome=RepoOutcome.TOO_FEW_TESTS, reason=reason), base.tests)
    if rate <= want.min_pass_rate:
        reason = f"{base.n_reliable} of {ran} tests pass in every clean run, {rate:.1%}, "
        reason += f"more than {want.min_pass_rate:.0%} wanted"
        said = [" ".join(f"{x.exception}: {x.message}".split())[:200] for x in base.traced.failures]
        reason += f"; the commonest failure: {Counter(said).most_common(1)[0][0]}" if said else ""
        return Selected(replace(repo, outcome=RepoOutcome.TOO_FEW_PASSING, reason=reason), base.tests)
    return Selected(repo, base.tests)


def _calibrated(selected: Selected, base: Baseline, tree: Tree, desk: Desk) -> Selected:
    """With what the clean suite shows in warm processes."""
    repo = selected.repo
    limits = replace(desk.limits, seconds=desk.limits.seconds * TRACED)

    def afresh(tests: tuple[str, ...]) -> SuiteReport:
        job = SuiteJob(repo.test_args, hash_seed=1, trace=True, only=tests)
        return run_suite(desk.sandbox, environment_of(repo), job, limits)

    found = calibrate(
        repo.repo_id, partial(desk.worker, repo), selected.tests, base.traced, repo.source_files,
        desk.settings.workers, afresh,
    )  # fmt: skip
    repo = replace(
        repo, tiers=tuple(t.value for t in found.tiers), tiers_reason=found.reason, outside=found.modules,
        patterns=found.patterns,
    )  # fmt: skip
    executed = Gathered(repo.source_files)
    for run in base.traced.executed:
        executed.add("", run.lines, ())
    lines = executed.executed() if found.coverage or base.traced.executed else None
    functions = called(repo.repo_id, tree.path, repo.source_files, lines)
    return Selected(repo, tuple(map(found.of, selected.tests)), functions, found.coverage)


def _test_functions(tree: Tree, module: str) -> int:
    """Test functions in a module that could not be collected; at least one."""
    try:
        nodes = ast.walk(syntax.parse((tree.path / module).read_bytes()))
    except (OSError, SyntaxError, ValueError):
        return 1
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return max(1, sum(isinstance(n, kinds) and n.name.startswith("test") for n in nodes))
