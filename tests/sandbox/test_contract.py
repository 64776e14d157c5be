"""What every sandbox does."""

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from smith_lib.errors import InputError, SandboxUnavailable, UnknownName
from smith_lib.sandbox.backends import BACKENDS, open_sandbox
from smith_lib.sandbox.protocol import VENV, Ended, Environment, Job, Limits, Sandbox
from smith_lib.settings import EnvironmentSettings, SandboxSettings
from tests.sandbox.conftest import LIMITS, Run, by_hand, left_running, said


def test_a_command_gets_its_files_input_variables_and_folder(run: Run) -> None:
    code = """
import os, sys
print(os.getcwd(), os.environ["A"], os.environ["TINY"], open("/testbed/ü/x").read(), sys.stdin.read())
print("err", file=sys.stderr)
sys.exit(7)
"""
    command = (f"{VENV}/bin/python", "-c", code)
    ran = run(Job(command, {"/testbed/ü/x": b"content"}, b"input", {"A": "a b"}, "/testbed/tests"))
    assert (ran.ended, ran.exit_code, ran.stderr) == (Ended.EXITED, 7, b"err\n")
    assert said(ran) == "/testbed/tests a b 1 content input"


def test_a_file_is_changed_for_one_run_alone(run: Run) -> None:
    look = ("sh", "-c", "head -1 /testbed/LICENSE; echo x > /testbed/new; echo x > /tmp/new")
    assert said(run(Job(look, {"/testbed/LICENSE": b"mine\n"}))) == "mine"
    again = said(run(Job(("sh", "-c", "head -1 /testbed/LICENSE; ls -A /testbed /tmp /dev/shm"))))
    assert again.startswith("MIT License")
    assert "new" not in again


def test_bytecode_of_the_clean_file_does_not_fit_what_is_put_over_it(run: Run) -> None:
    place = "/testbed/tiny/__init__.py"
    date = ("stat", "-c", "%Y", place)
    assert said(run(Job(date))) != said(run(Job(date, {place: b"changed = 1\n"})))


def test_tests_run_in_it(run: Run) -> None:
    ran = run(Job((f"{VENV}/bin/python", "-m", "pytest", "-q", "tests/test_text.py")))
    assert "passed" in said(ran)
    assert ran.exit_code == 0


def test_a_command_that_is_not_there_is_a_value(run: Run) -> None:
    ran = run(Job(("no-such-command",)))
    assert (ran.ended, ran.exit_code) == (Ended.EXITED, 127)


def test_a_trial_has_uv_an_index_and_a_writable_copy(sandbox: Sandbox, tiny_tree: Path) -> None:
    sandbox.base()
    script = """
set -e
uv venv -q /opt/venv
uv pip install -q --python /opt/venv iniconfig==2.1.0
/opt/venv/bin/python -c 'import iniconfig'
echo x > LICENSE
id -u
cat LICENSE
ls -A /tmp
"""
    ran = sandbox.trial(tiny_tree, Job(("sh", "-c", script)), Limits(60, disk_mb=256))
    assert said(ran) == "10001\nx", ran.stderr
    assert (tiny_tree / "LICENSE").read_text().startswith("MIT")


def test_an_environment_is_built_once(sandbox: Sandbox, environment: Environment, tiny_tree: Path) -> None:
    assert sandbox.has(environment)
    assert sandbox.build(environment, tiny_tree, Limits(60)) == ""
    assert not sandbox.has(replace(environment, digest="0" * 64, image="smith/none:000000000000"))


def test_a_failed_build_says_why(sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[build-system]\nrequires = []\nbuild-backend = 'gone'\n")
    made = by_hand(sandbox.base())
    requirements = "setuptools==80.9.0\n"
    broken = replace(made, requirements=requirements, digest="1" * 64, image="smith/broken-test:1")
    with pytest.raises(InputError, match="gone"):
        sandbox.build(broken, tmp_path, Limits(60))
    assert not sandbox.has(broken)


def test_an_environment_that_was_not_built_is_an_error(sandbox: Sandbox, environment: Environment) -> None:
    with pytest.raises(InputError, match="built"):
        sandbox.run(replace(environment, digest="2" * 64, image="smith/none:2"), Job(("true",)), LIMITS)


def test_slots_bound_what_runs_at_once(run: Run) -> None:
    started = time.monotonic()
    threads = [threading.Thread(target=run, args=(Job(("sleep", "0.5")),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - started >= 1.0


def test_closing_ends_what_runs_and_refuses_what_comes(
    sandbox: Sandbox, environment: Environment, mark: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    cache = tmp_path_factory.getbasetemp() / "namespaces0"  # where the fixture's environments are
    other = open_sandbox(sandbox.name, EnvironmentSettings(), SandboxSettings(), cache, slots=2)
    raised: list[BaseException] = []
    hang = Job((f"{VENV}/bin/python", "-c", "import time; time.sleep(300)", mark))

    def work() -> None:
        try:
            other.run(environment, hang, replace(LIMITS, seconds=300))
        except SandboxUnavailable as error:
            raised.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    deadline = time.monotonic() + 25
    while not left_running(mark) and time.monotonic() < deadline:
        time.sleep(0.02)
    started = time.monotonic()
    other.close()
    thread.join(15)
    assert time.monotonic() - started < 15
    assert raised
    with pytest.raises(SandboxUnavailable, match="closed"):
        other.run(environment, hang, LIMITS)


def test_unknown_names_are_told_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match=r"unknown sandbox 'dokcer'; known: auto, docker, namespaces"):
        open_sandbox("dokcer", EnvironmentSettings(), SandboxSettings(), tmp_path, 1)


def test_without_any_sandbox_both_reasons_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailable) as caught:
        open_sandbox("auto", EnvironmentSettings(), SandboxSettings(), tmp_path, 1)
    assert "docker: no Docker engine answers" in str(caught.value)
    assert "namespaces: no `unshare` on PATH; install util-linux" in str(caught.value)
    assert list(BACKENDS) == ["docker", "namespaces"]
