"""What the predictions on one repository's tasks are graded on: its environment without the fixes, its clean
tree, its clean run with canaries."""

import base64
import json
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from smith_lib.errors import InputError
from smith_lib.grade import canaries
from smith_lib.progress import report
from smith_lib.sandbox.protocol import VENV, Ended, Environment, Job, Limits, Sandbox
from smith_lib.sandbox.suite import SuiteJob, SuiteReport, run_suite
from smith_lib.settings import ValidateSettings
from smith_lib.sources.roles import is_source
from smith_lib.types import Instance
from smith_lib.validate.bench import idleness, patience
from smith_lib.validate.judge import failing
from smith_lib.validate.row_environment import environment_in
from smith_lib.validate.verify import suite_args

log = logging.getLogger(__name__)

HASH_SEED = 7
MOST_TWINS = 6
"""Of one run."""
LOOK = """
import base64, json, os, sys, sysconfig
found = {}
for parent, folders, names in os.walk("."):
    folders[:] = [name for name in folders if name not in (".git", "__pycache__")]
    for name in names:
        path = os.path.join(parent, name)[2:]
        if os.path.isfile(path) and not os.path.islink(path):
            data = None
            if os.path.getsize(path) <= 1 << 21:
                with open(path, "rb") as file:
                    data = base64.b64encode(file.read()).decode()
            found[path] = data
names = sorted({name.partition(".")[0] for name in os.listdir(sysconfig.get_paths()["purelib"])})
json.dump({"files": found, "installed": names}, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class Ground:
    """A repository made ready."""

    repo_id: str
    whole: Environment
    """With all of the clean tree; no patch is ever run in it."""
    environment: Environment
    """Without the files that any of its tasks changes: no run can read a fix there."""
    args: tuple[str, ...]
    """pytest's."""
    tree: Mapping[str, bytes | None]
    """The clean tree's files, relative; None for what is too large to be patched."""
    base: Mapping[str, str]
    """The clean text of the files that the environment lacks."""
    installed: frozenset[str]
    """Names of modules that are installed beside the project."""
    limits: Limits
    """Of a run; its seconds are of processor time."""
    idle_seconds: float
    hosts: tuple[canaries.Host, ...]
    """Test modules whose canaries failed on clean code, as they must."""
    words: tuple[str, ...]
    twins: frozenset[str]
    """Wanted tests whose twin failed there too."""
    usual: frozenset[str]
    """What the clean run's report contradicts itself in."""
    cpu_seconds: float
    """Of the clean run."""


@dataclass(frozen=True, slots=True)
class Sown:
    """The files of a run, and the canaries in them."""

    files: Mapping[str, str]
    """Path to text: what the environment lacks, and test modules with canaries."""
    canaries: tuple[str, ...]
    """Node ids."""
    twins: Mapping[str, str]
    """Those of them that are twins of a wanted test, with its id."""
    ran: frozenset[str] | None = None
    """The tests that are run beside them, all others being none that the patch can change; all where None."""


def prepared(
    rows: Sequence[Instance],
    sandbox: Sandbox,
    tree_of: Callable[[Instance], Path],
    limits: Limits,
    settings: ValidateSettings,
    kept: Path | None = None,
) -> Ground:
    """The ground of rows that share an environment, built again where the sandbox has lost it.

    What is found out is kept in the folder `kept`, under the rows' key, and not found out again. Raises
    `InputError` where it cannot be had, `EngineError` where the sandbox itself broke.
    """
    from smith_lib.grade import keeping

    environment, args, repo_id = environment_in(rows[0]), suite_args(rows[0]), rows[0].repo_id
    if not sandbox.has(environment):
        report("grade", repo_id, 0, 0, "building its environment")
        sandbox.build(environment, tree_of(rows[0]), limits)
    report("grade", repo_id, 0, 0, "clean run")
    name = f"{keeping.key_of(rows, sandbox.name)}.ground"
    before = keeping.read(kept, name, dict)
    if before is None:
        tree, installed = _looked(sandbox, environment, limits)
    else:
        tree, installed = keeping.tree_in(before), frozenset()
    changed = sorted({file.path for row in rows for file in row.oracle_code})
    if missing := [path for path in changed if tree.get(path) is None]:
        raise InputError(f"{repo_id}: its environment holds no {missing[0]}, which a task changes")
    base = {path: (tree[path] or b"").decode("utf-8", "surrogateescape") for path in changed}
    tests = sorted({test for row in rows for test in (*row.FAIL_TO_PASS, *row.PASS_TO_PASS)})
    ground = Ground(
        repo_id=repo_id, whole=environment, environment=sandbox.without(environment, changed),
        args=args, tree=tree, base=base,
        installed=installed - {path.partition("/")[0].partition(".")[0] for path in tree},
        limits=limits, idle_seconds=limits.seconds, hosts=_hosts(tree, tests) if before is None else (),
        twins=frozenset(), words=canaries.words_of(tests), usual=frozenset(), cpu_seconds=0.0,
    )  # fmt: skip
    if before is not None:
        return keeping.with_document(ground, before)
    wanted = sorted({test for row in rows for test in row.FAIL_TO_PASS})
    ground = _tried(ground, sandbox, tests, wanted, settings)
    keeping.write(kept, name, keeping.ground_document(ground))
    return ground


def _looked(
    sandbox: Sandbox, environment: Environment, limits: Limits
) -> tuple[dict[str, bytes | None], frozenset[str]]:
    """The clean tree's files, and the names of what is installed."""
    job = Job((f"{VENV}/bin/python", "-I", "-c", LOOK))
    ran = sandbox.run(environment, job, replace(limits, output_kb=1 << 18))
    if ran.ended is not Ended.EXITED or ran.exit_code:
        last = ran.stderr.decode(errors="replace").strip().splitlines()[-1:] or [str(ran.ended)]
        raise InputError(f"{environment.repo_id}: its tree cannot be read: {last[0]}")
    found = json.loads(ran.stdout)
    files = {
        path: None if data is None else base64.b64decode(data) for path, data in found["files"].items()
    }
    return files, frozenset(found["installed"])


def _hosts(tree: Mapping[str, bytes | None], tests: Sequence[str]) -> tuple[canaries.Host, ...]:
    by_module: dict[str, list[str]] = {}
    for test in tests:
        by_module.setdefault(test.partition("::")[0], []).append(test)
    found = []
    for path, its in by_module.items():
        data = tree.get(path)
        if data is None or not path.endswith(".py") or is_source(path):
            continue
        try:
            place = canaries.host(path, data.decode(), its)
        except UnicodeDecodeError:
            continue
        found += [place] if place is not None else []
    return tuple(found)


def _tried(
    ground: Ground, sandbox: Sandbox, tests: Sequence[str], wanted: Sequence[str], settings: ValidateSettings
) -> Ground:
    """The ground after a clean run: with limits, and with the hosts and twins that serve there."""
    for hosts in (ground.hosts, ()):
        made = sown(ground, hosts, secrets.token_hex(16), wanted)
        job = SuiteJob(ground.args, made.files, hash_seed=HASH_SEED)
        seen = run_suite(sandbox, ground.environment, job, ground.limits)
        if not failing(seen, tests):
            break
        log.warning("%s: with canaries in %d modules %d tests do not pass on clean code (%s)",
                    ground.repo_id, len(hosts), len(failing(seen, tests)), seen.ended)  # fmt: skip
    silent = [test for test in made.canaries if not fails(seen, test)]
    bad = {test.partition("::")[0] for test in silent if test not in made.twins}
    return replace(
        ground,
        hosts=tuple(place for place in hosts if place.path not in bad),
        twins=frozenset(of for test, of in made.twins.items() if test not in silent),
        usual=frozenset(seen.contradictions),
        limits=replace(ground.limits, seconds=patience(seen.cpu_seconds, settings)),
        idle_seconds=idleness(seen.seconds, settings),
        cpu_seconds=seen.cpu_seconds,
    )


def fails(seen: SuiteReport, test: str) -> bool:
    """Whether a run reported that test as failed."""
    return test in seen.tests and seen.tests[test].outcome in ("failed", "error")


def sown(ground: Ground, hosts: Sequence[canaries.Host], seed: str, wanted: Sequence[str] = ()) -> Sown:
    """The clean files that the ground's environment lacks, and canaries in all of these hosts, twins of
    wanted tests among them."""
    planted = canaries.plant(hosts, ground.words, Random(seed), wanted)
    ids = (*planted.ids, *(each.test_id for each in planted.twins))
    return Sown({**ground.base, **planted.files}, ids, {each.test_id: each.of for each in planted.twins})


def some_hosts(ground: Ground, wanted: Sequence[str], seed: str) -> list[canaries.Host]:
    """Hosts enough for a run: those that hold the wanted tests, and some others, as the seed draws them."""
    modules = {test.partition("::")[0] for test in wanted}
    shuffled = Random(seed).sample(ground.hosts, len(ground.hosts))
    first = [place for place in shuffled if place.path in modules]
    rest = [place for place in shuffled if place.path not in modules]
    return first[: canaries.MOST_HOSTS] + rest[: canaries.OTHER_HOSTS]


def some_twins(ground: Ground, row: Instance, seed: str) -> list[str]:
    """Wanted tests of the row that get a twin in a run."""
    found = sorted(ground.twins.intersection(row.FAIL_TO_PASS))
    return Random(seed).sample(found, min(len(found), MOST_TWINS))
