"""Environments found in real sandboxes, from a real package index."""

import re
import shutil
from pathlib import Path

import pytest

from smith_lib.environments.find import find
from smith_lib.errors import NetworkError
from smith_lib.sandbox.backends import open_sandbox
from smith_lib.sandbox.protocol import Job, Limits, Sandbox
from smith_lib.settings import EnvironmentSettings, SandboxSettings
from smith_lib.sources.protocol import Pin, Tree
from smith_lib.types import RepoOutcome

SANDBOXES = [
    pytest.param("docker", marks=[pytest.mark.engine, pytest.mark.network]),
    pytest.param("namespaces", marks=[pytest.mark.namespaces, pytest.mark.network]),
]


@pytest.fixture(params=SANDBOXES)
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    opened: Sandbox = request.getfixturevalue(f"{request.param}_sandbox")
    return opened


def tree(path: Path) -> Tree:
    pin = Pin(f"{path}@{'b' * 40}", "local/tiny")
    return Tree(path, "local__tiny.bbbbbbbb", pin, "b" * 40, "2025-06-01T00:00:00Z", "1.2.0", "MIT")


def test_the_tiny_repository_is_installed_and_its_tests_run(sandbox: Sandbox, tiny_tree: Path) -> None:
    found = find(tree(tiny_tree), sandbox, EnvironmentSettings(), Limits(300))
    assert found.outcome is RepoOutcome.KEPT, found.log
    environment = found.environment
    assert environment is not None and sandbox.has(environment)
    assert environment.dockerfile.count("\nARG BASE=smith-base:") == 1
    assert found.recipe == "extra test, releases of its time"
    # Of June 2025: a dated install does not drift.
    assert re.search(r"^pytest==8\.\d", environment.requirements, re.M)
    ran = sandbox.run(environment, Job(("python", "-m", "pytest", "-q", *found.test_args)), Limits(120))
    assert b" passed" in ran.stdout and ran.exit_code == 0, ran.stdout
    command = ("python", "-c", "import tiny; print(tiny.__file__)")
    where = sandbox.run(environment, Job(command, cwd="/"), Limits(60))
    assert where.stdout == b"/testbed/tiny/__init__.py\n"


def test_a_failed_build_tells_recipe_and_cause_and_keeps_the_log(
    sandbox: Sandbox, tmp_path: Path, tiny_tree: Path
) -> None:
    broken = tmp_path / "tree"
    shutil.copytree(tiny_tree, broken)
    (broken / "pyproject.toml").unlink()
    (broken / "setup.py").write_text("raise RuntimeError('the header is missing')\n")
    (broken / "tiny/__init__.py").write_text("raise RuntimeError('not built')\n")
    found = find(tree(broken), sandbox, EnvironmentSettings(dated=False), Limits(300))
    assert found.outcome is RepoOutcome.SUITE_FAILED and found.environment is None
    assert [attempt.installed for attempt in found.attempts] == [False, True]
    assert "source on the path" in found.reason and "not built" in found.reason
    assert found.attempts[0].reason == "RuntimeError: the header is missing"
    assert "the header is missing" in found.log


@pytest.mark.engine
def test_an_index_that_is_gone_is_a_network_error(
    tmp_path: Path, tiny_tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nothing listens there
    opened = open_sandbox("docker", EnvironmentSettings(), SandboxSettings(), tmp_path, 1)
    try:
        with pytest.raises(NetworkError, match=r"package index did not answer.*local__tiny"):
            find(tree(tiny_tree), opened, EnvironmentSettings(), Limits(300))
    finally:
        opened.close()
