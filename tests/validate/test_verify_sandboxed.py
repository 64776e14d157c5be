"""Rows proved in real sandboxes: the image is built again from the row, and a false row is found out."""

from dataclasses import replace
from pathlib import Path

import docker
import pytest

from smith_lib import diffs
from smith_lib.environments.dockerfile import text
from smith_lib.package import hidden
from smith_lib.sandbox.docker_images import running
from smith_lib.sandbox.protocol import Limits, Sandbox
from smith_lib.sandbox.suite import SuiteJob, run_suite
from smith_lib.settings import ValidateSettings
from smith_lib.sources.protocol import Pin, Tree
from smith_lib.storage import digest
from smith_lib.types import CodeFile, Instance
from smith_lib.validate.row_environment import environment_in
from smith_lib.validate.verify import Proof, verify
from tests.rows import an_instance, filled

REQUIREMENTS = "iniconfig==2.0.0\npackaging==24.2\npluggy==1.5.0\npytest==8.3.5\n"
FILE, TESTS = "tiny/intervals.py", "tests/test_intervals.py"
BUG = ("start <= out[-1][1]", "start < out[-1][1]")
LIMITS = Limits(300, memory_mb=1_024)


pytestmark = [pytest.mark.engine, pytest.mark.network]


@pytest.fixture(scope="module")
def row(docker_sandbox: Sandbox, tiny_tree: Path) -> Instance:
    """A task of one bug, its lists taken from runs of the suite."""
    clean = (tiny_tree / FILE).read_text()
    buggy = clean.replace(*BUG, 1)
    assert buggy != clean
    tree = filled(Tree, repo_id="local__tiny.00000000", commit="0" * 40, pin=Pin("./tiny", "local/tiny"))
    dockerfile = text(tree, docker_sandbox.base(), "python3.11", (), (("PYTHONPATH", "/testbed"),))
    made_from = digest(dockerfile, REQUIREMENTS)
    task = an_instance(
        repo_id=tree.repo_id,
        dockerfile=dockerfile,
        requirements=REQUIREMENTS,
        image_digest=made_from,
        image=f"smith/verify-test:{made_from[:12]}",
        test_command="pytest -q",
        buggy_code=(CodeFile(FILE, buggy),),
        oracle_code=(CodeFile(FILE, clean),),
        patch=diffs.make({FILE: buggy}, {FILE: clean}),
        bug_patch=diffs.make({FILE: clean}, {FILE: buggy}),
        test_patch="",
    )
    environment = environment_in(task)
    docker_sandbox.build(environment, tiny_tree, LIMITS)
    every = run_suite(docker_sandbox, environment, SuiteJob(args=("-q",)), LIMITS)
    broken = run_suite(docker_sandbox, environment, SuiteJob(args=("-q",), files={FILE: buggy}), LIMITS)
    tests = sorted(t for t, result in every.tests.items() if result.outcome == "passed")
    failing = tuple(t for t in tests if broken.tests[t].outcome != "passed")
    assert failing == (f"{TESTS}::test_merge",)
    fewer = hidden.hide(failing, lambda path: (tiny_tree / path).read_text(), [TESTS])
    return replace(
        task,
        FAIL_TO_PASS=failing,
        PASS_TO_PASS=tuple(t for t in tests if t not in failing),
        test_patch=diffs.make(fewer, {TESTS: (tiny_tree / TESTS).read_text()}),
    )


def proofs(sandbox: Sandbox, tree: Path, *rows: Instance) -> list[Proof]:
    return verify(rows, sandbox, lambda _: tree, LIMITS, ValidateSettings(), 2)


def test_a_true_row_holds_and_false_ones_are_found_out(
    row: Instance, docker_sandbox: Sandbox, tiny_tree: Path
) -> None:
    other = f"{TESTS}::test_most_at_once"
    false = replace(
        row,
        instance_id="false",
        FAIL_TO_PASS=(other,),
        PASS_TO_PASS=(*row.FAIL_TO_PASS, *(t for t in row.PASS_TO_PASS if t != other)),
    )
    drifted = replace(row, instance_id="drifted", oracle_code=(CodeFile(FILE, "x = 1\n"),))
    by_id = {proof.instance_id: proof for proof in proofs(docker_sandbox, tiny_tree, row, false, drifted)}
    assert by_id[row.instance_id].problems == ()
    assert by_id[row.instance_id].tests == len(row.PASS_TO_PASS) + 1
    assert any(
        "1 (tests/test_intervals.py::test_most_at_once) of FAIL_TO_PASS pass" in p
        for p in by_id["false"].problems
    )
    assert any(
        "1 (tests/test_intervals.py::test_merge) of PASS_TO_PASS fail" in p for p in by_id["false"].problems
    )
    assert f"oracle_code of {FILE} is not what its image holds" in by_id["drifted"].problems


def test_an_image_that_the_engine_lost_is_built_again(
    row: Instance, docker_sandbox: Sandbox, tiny_tree: Path
) -> None:
    environment = environment_in(row)
    engine = docker.from_env()
    try:
        for tag in (running(environment), environment.image):
            engine.images.remove(tag, force=True)
    finally:
        engine.close()
    assert not docker_sandbox.has(environment)
    [proof] = proofs(docker_sandbox, tiny_tree, row)
    assert proof.problems == ()
    assert docker_sandbox.has(environment)
