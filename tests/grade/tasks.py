"""A task made of the tiny repository, and patches for it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from smith_lib import diffs
from smith_lib.environments.dockerfile import text
from smith_lib.package import hidden
from smith_lib.sandbox.protocol import Limits, Sandbox
from smith_lib.sandbox.suite import SuiteJob, run_suite
from smith_lib.sources.protocol import Pin, Tree
from smith_lib.storage import digest
from smith_lib.types import CodeFile, Instance
from smith_lib.validate.row_environment import environment_in
from tests.rows import an_instance, filled

REQUIREMENTS = "iniconfig==2.0.0\npackaging==24.2\npluggy==1.5.0\npytest==8.3.5\n"
FILE, TESTS = "tiny/intervals.py", "tests/test_intervals.py"
BUG = ("start <= out[-1][1]", "start < out[-1][1]")
LIMITS = Limits(300, memory_mb=1_024)


def a_task(
    sandbox: Sandbox, tree: Path, python: str = "python3", file: str = FILE, bug: tuple[str, str] = BUG
) -> Instance:
    """A task of one bug in the tiny repository, its lists taken from runs of the suite in the sandbox."""
    clean = (tree / file).read_text()
    buggy = clean.replace(*bug, 1)
    assert buggy != clean
    made = filled(Tree, repo_id="local__tiny.00000000", commit="0" * 40, pin=Pin("./tiny", "local/tiny"))
    dockerfile = text(made, sandbox.base(), python, (), (("PYTHONPATH", "/testbed"),))
    made_from = digest(dockerfile, REQUIREMENTS, *(path.read_text() for path in sorted(tree.rglob("*.py"))))
    task = an_instance(
        repo_id=made.repo_id,
        dockerfile=dockerfile,
        requirements=REQUIREMENTS,
        image_digest=made_from,
        image=f"smith/grade-test:{made_from[:12]}",
        test_command="pytest -q",
        buggy_code=(CodeFile(file, buggy),),
        oracle_code=(CodeFile(file, clean),),
        patch=diffs.make({file: buggy}, {file: clean}),
        bug_patch=diffs.make({file: clean}, {file: buggy}),
        test_patch="",
    )
    environment = environment_in(task)
    sandbox.build(environment, tree, LIMITS)
    every = run_suite(sandbox, environment, SuiteJob(args=("-q",)), LIMITS)
    broken = run_suite(sandbox, environment, SuiteJob(args=("-q",), files={file: buggy}), LIMITS)
    tests = sorted(t for t, result in every.tests.items() if result.outcome == "passed")
    failing = tuple(t for t in tests if broken.tests[t].outcome != "passed")
    assert failing if file != FILE else failing == (f"{TESTS}::test_merge",)
    modules = sorted({test.partition("::")[0] for test in failing})
    fewer = hidden.hide(failing, lambda path: (tree / path).read_text(), modules)
    return replace(
        task,
        FAIL_TO_PASS=failing,
        PASS_TO_PASS=tuple(t for t in tests if t not in failing),
        test_patch=diffs.make(fewer, {path: (tree / path).read_text() for path in modules}),
    )


def patch_of(task: Instance, tree: Path, changed: Mapping[str, str | None]) -> str:
    """The diff from the task's tree, as an agent has it, to the changed files; None deletes one."""
    files = hidden.task_files(task, lambda path: (tree / path).read_text())

    def before(path: str) -> str | None:
        if path in files:
            return files[path]
        return (tree / path).read_text() if (tree / path).exists() else None

    old = {path: was for path in changed if (was := before(path)) is not None}
    return diffs.make(old, {path: now for path, now in changed.items() if now is not None})
