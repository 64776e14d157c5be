"""Rows proved in real sandboxes: the image is built again from the row, and a false row is found out."""

from dataclasses import replace
from pathlib import Path

import docker
import pytest

from smith_lib.sandbox.docker_images import running
from smith_lib.sandbox.protocol import Sandbox
from smith_lib.settings import ValidateSettings
from smith_lib.types import CodeFile, Instance
from smith_lib.validate.row_environment import environment_in
from smith_lib.validate.verify import Proof, verify
from tests.grade.tasks import FILE, LIMITS, TESTS, a_task

pytestmark = [pytest.mark.engine, pytest.mark.network]


@pytest.fixture(scope="module")
def row(docker_sandbox: Sandbox, tiny_tree: Path) -> Instance:
    """A task of one bug, its lists taken from runs of the suite."""
    return a_task(docker_sandbox, tiny_tree, "python3.11")


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
