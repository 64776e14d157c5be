"""Published instances proved again, each from its row alone, in fresh sandboxes."""

import base64
import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from pathlib import Path

from smith_lib import diffs
from smith_lib.errors import InputError
from smith_lib.package import hidden
from smith_lib.progress import report
from smith_lib.sandbox.protocol import VENV, Ended, Environment, Job, Limits, Sandbox
from smith_lib.sandbox.suite import SuiteJob, SuiteReport, run_suite
from smith_lib.settings import ValidateSettings
from smith_lib.types import Instance
from smith_lib.validate.bench import SuiteRunner, idleness, patience
from smith_lib.validate.judge import failing
from smith_lib.validate.row_environment import environment_in

READ = (
    "import base64, json, sys; "
    "read = lambda path: base64.b64encode(open(path, 'rb').read()).decode(); "
    "json.dump({path: read(path) for path in json.load(sys.stdin)}, sys.stdout)"
)
HASH_SEED = 4_201
"""None that the judge uses: what it found must hold under any."""
MOST_UNRELIABLE = 0.1
"""The share of a kept repository's tests that may be unreliable, and so in no list."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was seen of one instance."""

    instance_id: str
    repo_id: str
    problems: tuple[str, ...]
    """One line for everything that does not hold; empty where all does."""
    tests: int
    """FAIL_TO_PASS and PASS_TO_PASS together."""
    seconds: float
    """Of the run on buggy code."""

    @property
    def holds(self) -> bool:
        """Whether the row keeps every promise."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Clean:
    """A repository's environment, brought back from a row, and what its clean tree holds and does."""

    environment: Environment
    run: SuiteReport
    files: Mapping[str, bytes]
    limits: Limits
    """Of a run on buggy code; its seconds are of processor time."""
    idle_seconds: float
    """How long such a run may use hardly any processor time."""


def verify(
    instances: Sequence[Instance],
    sandbox: Sandbox,
    tree_of: Callable[[Instance], Path],
    limits: Limits,
    settings: ValidateSettings,
    workers: int,
) -> list[Proof]:
    """A proof for each instance, sorted by repository and id.

    For each: the image's files are `oracle_code`; the clean suite passes FAIL_TO_PASS and PASS_TO_PASS; the
    suite on `buggy_code` fails exactly FAIL_TO_PASS; `patch` takes buggy to the clean bytes, by git's reading
    too, and `bug_patch` goes back; `test_patch` gives the clean tests back. `tree_of` gives a repository's
    tree where its environment must be built again. Raises `EngineError` where the sandbox itself broke.
    """
    ordered = sorted(instances, key=lambda row: (row.repo_id, row.image_digest, row.instance_id))
    proofs: list[Proof] = []
    with ThreadPoolExecutor(workers) as pool:
        for (repo_id, _), group in groupby(ordered, key=lambda row: (row.repo_id, row.image_digest)):
            rows = list(group)
            report("verify", repo_id, 0, len(rows), "clean run")
            clean = bring_back(rows, sandbox, tree_of, limits, settings)
            run = partial(run_suite, sandbox, clean.environment)
            for done, proof in enumerate(pool.map(partial(prove, clean=clean, run=run), rows), 1):
                proofs.append(proof)
                report("verify", repo_id, done, len(rows))
    return proofs


def bring_back(
    rows: Sequence[Instance],
    sandbox: Sandbox,
    tree_of: Callable[[Instance], Path],
    limits: Limits,
    settings: ValidateSettings,
) -> Clean:
    """The environment that the rows share, built again where the sandbox has lost it, and its clean run."""
    environment = environment_in(rows[0])
    if not sandbox.has(environment):
        report("verify", rows[0].repo_id, 0, len(rows), "building its environment")
        sandbox.build(environment, tree_of(rows[0]), limits)
    run = run_suite(sandbox, environment, SuiteJob(args=suite_args(rows[0]), hash_seed=HASH_SEED), limits)
    wanted = {file.path for row in rows for file in row.oracle_code}
    wanted |= {path for row in rows if row.test_patch for path in diffs.paths(row.test_patch)}
    files = files_in(sandbox, environment, sorted(wanted), limits)
    most = replace(limits, seconds=patience(run.cpu_seconds, settings))
    return Clean(environment, run, files, most, idleness(run.seconds, settings))


def suite_args(row: Instance) -> tuple[str, ...]:
    """pytest's arguments in the row's test command. Raises `InputError` where it does not call pytest."""
    words = shlex.split(row.test_command)
    for at, word in enumerate(words):
        if word.rpartition("/")[2] in ("pytest", "py.test"):
            return tuple(words[at + 1 :])
    raise InputError(f"{row.instance_id}: the test command does not call pytest: {row.test_command!r}")


def files_in(
    sandbox: Sandbox, environment: Environment, paths: Sequence[str], limits: Limits
) -> dict[str, bytes]:
    """The bytes of the clean tree's files, read in the sandbox. Raises `InputError` where one is missing."""
    job = Job((f"{VENV}/bin/python", "-I", "-c", READ), stdin=json.dumps(list(paths)).encode())
    ran = sandbox.run(environment, job, replace(limits, output_kb=1 << 17))
    if ran.ended is not Ended.EXITED or ran.exit_code:
        last = ran.stderr.decode(errors="replace").strip().splitlines()[-1:] or [str(ran.ended)]
        raise InputError(f"{environment.repo_id}: files of its image cannot be read: {last[0]}")
    return {path: base64.b64decode(data) for path, data in json.loads(ran.stdout).items()}


def prove(row: Instance, clean: Clean, run: SuiteRunner) -> Proof:
    """What holds and what does not of one instance."""
    tests = sorted({*row.FAIL_TO_PASS, *row.PASS_TO_PASS})
    problems = [*_code_problems(row, clean.files), *_test_patch_problems(row, clean.files)]
    if not row.FAIL_TO_PASS:
        problems.append("FAIL_TO_PASS is empty")
    if both := set(row.FAIL_TO_PASS) & set(row.PASS_TO_PASS):
        problems.append(f"{len(both)} tests are in both lists, e.g. {min(both)}")
    if broken := failing(clean.run, tests):
        problems.append(f"clean ({clean.run.ended}): {_some(broken)} of its tests do not pass")
    files = {f.path: f.text for f in row.buggy_code}
    job = SuiteJob(suite_args(row), files, hash_seed=HASH_SEED, idle_seconds=clean.idle_seconds)
    buggy = run(job, clean.limits)
    seen, told = set(failing(buggy, tests)), set(row.FAIL_TO_PASS)
    if buggy.ended == "timeout":
        problems.append(f"buggy: the suite took more than {clean.limits.seconds:.0f} s")
    elif seen != told:
        if missing := told - seen:
            problems.append(f"buggy: {_some(sorted(missing))} of FAIL_TO_PASS pass")
        if extra := seen - told:
            problems.append(f"buggy: {_some(sorted(extra))} of PASS_TO_PASS fail")
    problems += _unlisted(row, clean, buggy, run, job)
    return Proof(row.instance_id, row.repo_id, tuple(problems), len(tests), round(buggy.seconds, 3))


def _unlisted(row: Instance, clean: Clean, buggy: SuiteReport, run: SuiteRunner, job: SuiteJob) -> list[str]:
    """What the row's lists leave out: tests that the bug breaks, or most of what passes.

    Unreliable tests are in no list, and may pass now and fail then; so what seems broken is run again, on
    clean code too.
    """
    listed = {*row.FAIL_TO_PASS, *row.PASS_TO_PASS}
    passing = [test for test, result in clean.run.tests.items() if result.outcome == "passed"]
    left_out = [test for test in passing if test not in listed]
    if buggy.ended != "finished" or not left_out:
        return []
    if len(left_out) > MOST_UNRELIABLE * len(passing):
        return [f"{_some(left_out)} of the tests that pass on clean code are in neither list"]
    if broken := failing(buggy, left_out):
        broken = failing(run(job, clean.limits), broken)
        again = run(replace(job, files=None), clean.limits)
        broken = tuple(test for test in broken if test not in failing(again, broken))
    return [f"buggy: {_some(broken)} fail that are in neither list"] if broken else []


def _some(tests: Sequence[str]) -> str:
    return f"{len(tests)} ({tests[0]}{', ...' if len(tests) > 1 else ''})"


def _code_problems(row: Instance, files: Mapping[str, bytes]) -> list[str]:
    clean = {file.path: file.text for file in row.oracle_code}
    buggy = {file.path: file.text for file in row.buggy_code}
    problems = [
        f"oracle_code of {path} is not what its image holds"
        for path, text in clean.items()
        if files.get(path) != text.encode()
    ]
    for name, patch, before, after in (
        ("patch", row.patch, buggy, clean),
        ("bug_patch", row.bug_patch, clean, buggy),
    ):
        try:
            if diffs.apply(patch, before.__getitem__) != after:
                problems.append(f"{name} does not give the other side's bytes")
            elif (why := _git_apply(patch, before, after)) is not None:
                problems.append(f"{name}: git {why}")
        except diffs.DoesNotApply as error:
            problems.append(f"{name} does not apply: {error}")
    return problems


def _git_apply(patch: str, before: Mapping[str, str], after: Mapping[str, str]) -> str | None:
    """Why `git apply` does not take `before` to `after`, or None where it does."""
    with tempfile.TemporaryDirectory(prefix="smith-verify-") as folder:
        for path, text in before.items():
            target = Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(text.encode())
        # Inside some repository, git would silently leave out paths that are not its own.
        environ = {**os.environ, "GIT_CEILING_DIRECTORIES": str(Path(folder).parent), "LC_ALL": "C"}
        ran = subprocess.run(
            ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"],
            input=patch.encode(), cwd=folder, env=environ, capture_output=True, timeout=60, check=False,
        )  # fmt: skip
        if ran.returncode:
            return f"refuses it: {ran.stderr.decode(errors='replace').strip()[:200]}"
        got = {path: Path(folder, path).read_bytes() for path in after}
        return None if got == {p: t.encode() for p, t in after.items()} else "gives other bytes"


def _test_patch_problems(row: Instance, files: Mapping[str, bytes]) -> list[str]:
    if not row.test_patch:
        return []
    clean = {path: files[path].decode("utf-8", "surrogateescape") for path in diffs.paths(row.test_patch)}
    try:
        task = hidden.task_files(row, clean.__getitem__)
        graded = hidden.graded_files(row, task)
    except (diffs.DoesNotApply, KeyError) as error:
        return [f"test_patch does not fit the tests: {error}"]
    return [] if graded == clean else ["test_patch does not give the clean tests back"]
