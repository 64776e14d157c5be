import json
import os
import shutil
import socket
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest
import requests

TREE = Path(__file__).parent.parent
PACKAGES = ("flows", "tasks", "expectations", "smith_lib")
UV = Path(sys.executable).with_name("uv")

pytestmark = pytest.mark.network


def outside(folder: Path) -> dict[str, str]:
    """The environment without anything that leads back to the checkout or this virtual environment."""
    kept = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV", "UV_CONSTRAINT")}
    return kept | {"PATH": "/usr/local/bin:/usr/bin:/bin", "PREFECT_HOME": str(folder / "prefect")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [UV, "build", "--quiet", "--wheel", "--python", sys.executable, "--out-dir", folder, TREE]
    subprocess.run(command, env=outside(folder), check=True, timeout=120)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The bin folder of an empty environment that the wheel was installed into, with the locked releases."""
    folder = tmp_path_factory.mktemp("installed")
    lock = TREE / "requirements" / "run.lock"
    pip = [UV, "pip", "install", "--quiet", "--python", folder / "venv" / "bin" / "python", "--no-deps"]
    for command in (
        [UV, "venv", "--quiet", "--python", sys.executable, folder / "venv"],
        [*pip, "--require-hashes", "--requirement", lock],
        [*pip, wheel],
    ):
        subprocess.run(command, env=outside(folder), check=True, timeout=240)
    return folder / "venv" / "bin"


def run(installed: Path, *command: str, seconds: float = 120) -> str:
    """Standard output of a program of that environment, run in a folder of its own."""
    folder = installed.parent.parent
    program = [installed / command[0], *command[1:]]
    done = subprocess.run(
        program, cwd=folder, env=outside(folder), capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_wheel_holds_all_of_the_packages_and_nothing_else(wheel):
    inside = {n for n in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in n}
    wanted = {
        path.relative_to(TREE).as_posix()
        for package in PACKAGES
        for path in (TREE / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted - inside == set()
    locks = {f"smith_lib/export/requirements/{name}.lock" for name in ("datasets", "harbor", "swebench")}
    assert inside - wanted == {"flows/prefect.yaml", *locks}


def test_the_wheel_holds_its_licence(wheel):
    archive = zipfile.ZipFile(wheel)
    (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/licenses/LICENSE"))
    assert archive.read(name) == (TREE / "LICENSE").read_bytes()


def test_what_is_installed_is_what_runs(installed):
    code = f"for name in {PACKAGES}: print(__import__(name).__file__)"
    places = run(installed, "python", "-c", code).split()
    assert len(places) == len(PACKAGES)
    for place in places:
        assert Path(place).is_relative_to(installed.parent)


def test_the_command_is_there(installed):
    assert "Usage: smith" in run(installed, "smith", "--help")
    assert "0.1.0" in run(installed, "smith", "--version")


def test_the_operators_come_with_it(installed):
    assert len(run(installed, "smith", "operators").splitlines()) > 28


def test_the_flows_are_found(installed):
    code = (
        "from importlib.metadata import entry_points\n"
        "for point in entry_points(group='smith.flows'): print(point.name, callable(point.load()))"
    )
    found = dict(line.split() for line in run(installed, "python", "-c", code).splitlines())
    wanted = ("run", "rerun-failed", "nightly", "grade", "publish", "pool", "validate-given")
    assert found == dict.fromkeys(wanted, "True")


@pytest.mark.server
@pytest.mark.timeout(900)
def test_what_is_installed_is_deployed_and_worked_for_without_a_checkout(installed, monkeypatch):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PREFECT_SERVER_API_PORT", str(free.getsockname()[1]))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    folder = installed.parent.parent
    try:
        done = json.loads(run(installed, "smith", "deploy", "--json", "--out", "empty", seconds=600))
        assert {one["name"] for one in done["deployments"]} >= {"nightly/nightly", "grade/grade"}
        found = requests.get(f"{done['api']}/deployments/name/rerun-failed/rerun-failed", timeout=30).json()
        [step] = found["pull_steps"]
        [where] = step.values()
        assert Path(where["directory"], "flows", "rerun.py").is_relative_to(installed.parent)
        url = f"{done['api']}/deployments/{found['id']}/create_flow_run"
        made = requests.post(url, json={}, timeout=30).json()
        with subprocess.Popen([installed / "smith", "worker"], cwd=folder, env=outside(folder)) as worker:
            deadline = time.monotonic() + 200
            while (at := requests.get(f"{done['api']}/flow_runs/{made['id']}", timeout=30).json())[
                "state_type"
            ] not in ("COMPLETED", "FAILED", "CRASHED"):
                assert time.monotonic() < deadline, at["state"]
                time.sleep(1)
            worker.terminate()
        # The flow was found and run: what it says is that this root has no run to take up.
        assert f"no run in '{folder / 'empty'}'" in at["state"]["message"]
    finally:
        run(installed, "prefect", "server", "stop")


@pytest.mark.engine
@pytest.mark.server
@pytest.mark.timeout(900)
def test_a_run_of_what_is_installed_publishes(installed):
    folder = installed.parent.parent
    ignored = shutil.ignore_patterns("__pycache__", ".pytest_cache")
    shutil.copytree(TREE / "tests" / "data" / "tiny", folder / "tiny", ignore=ignored)
    options = ["--limit", "4", "--seed", "1", "--sandbox", "docker", "--out", str(folder / "out"), "--json"]
    smaller = ("select.min_loc=0", "select.clean_runs=2", "validation.runs=1", f"cache={folder / 'cache'}")
    options += [word for setting in smaller for word in ("--set", setting)]
    summary = json.loads(run(installed, "smith", "run", str(folder / "tiny"), *options, seconds=800))
    assert summary["rows"] > 0
    assert list(Path(summary["path"], "data").glob("*.parquet"))
