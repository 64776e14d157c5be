"""The recorded Dockerfile builds by itself, whichever sandbox the row was made in."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import docker
import pytest

from smith_lib.environments import dockerfile
from smith_lib.environments.trial import Best
from smith_lib.sandbox import archive
from smith_lib.sandbox.docker_images import build
from smith_lib.sandbox.protocol import VENV, Job, Limits, Sandbox
from smith_lib.settings import EnvironmentSettings
from smith_lib.sources.protocol import Pin, Tree
from smith_lib.validate.row_environment import environment_in
from tests.rows import an_instance, filled

PINNED = ("iniconfig==2.0.0", "packaging==24.2", "pluggy==1.5.0", "pytest==8.3.5")


def best(**changes: Any) -> Best:
    known = {"minor": 11, "mode": "source", "pythonpath": ("/testbed",), "requirements": PINNED, "date": ""}
    return filled(Best, **(known | changes))


def tree_at(path: Path) -> Tree:
    pin = Pin("pypi:tiny==1", "pypi/tiny")
    return filled(Tree, path=path, repo_id="pypi__tiny.00000000", commit="0" * 40, pin=pin)


def test_both_sandboxes_record_a_dockerfile_on_the_plain_base(tmp_path: Path) -> None:
    image = EnvironmentSettings().base_image
    texts = {
        dockerfile.environment(tree_at(tmp_path), base, image, best(), {}).dockerfile
        for base in ("smith-tools:0123456789ab", "/usr/bin/python3.11")
    }
    [text] = texts
    assert f"\nARG BASE={image}\n" in text and "smith-tools" not in text


@pytest.mark.engine
@pytest.mark.network
def test_the_dockerfile_builds_from_the_plain_base_alone(docker_sandbox: Sandbox, tiny_tree: Path) -> None:
    base = EnvironmentSettings().base_image
    made = dockerfile.environment(tree_at(tiny_tree), "/usr/bin/python3.11", base, best(), {})
    parts = [
        archive.member("Dockerfile", made.dockerfile.encode()),
        archive.member("requirements.txt", made.requirements.encode()),
        *archive.tree_members(tiny_tree, "testbed"),
    ]
    engine = docker.from_env()
    try:
        build(engine.api, archive.pack(iter(parts)), "smith/alone:test", {"smith": "1"}, Limits(300), "host")
        command = ["sh", "-c", "id -un; python -m pytest -q | tail -1"]
        told = engine.containers.run("smith/alone:test", command, network_mode="none", remove=True)
        assert told.split()[0] == b"smith" and b" passed" in told
    finally:
        engine.close()


@pytest.mark.engine
@pytest.mark.network
def test_a_row_made_with_namespaces_is_built_by_docker(docker_sandbox: Sandbox, tiny_tree: Path) -> None:
    base = EnvironmentSettings().base_image
    made = dockerfile.environment(tree_at(tiny_tree), "/opt/python/bin/python3.11", base, best(), {})
    row = an_instance(
        repo_id=made.repo_id, dockerfile=made.dockerfile, requirements=made.requirements,
        image=made.image, image_digest=made.digest, python="3.11.99",
    )  # fmt: skip
    read = environment_in(row)
    docker_sandbox.build(replace(read, image="smith/of-namespaces:test"), tiny_tree, Limits(300))
    job = Job((f"{VENV}/bin/python", "-m", "pytest", "-q", "tests/test_money.py"))
    ran = docker_sandbox.run(replace(read, image="smith/of-namespaces:test"), job, Limits(60))
    assert ran.exit_code == 0, ran.stdout
