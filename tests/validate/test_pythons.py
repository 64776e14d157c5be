"""Warm verdicts under older and newer Pythons, and an older pytest, are what cold ones are."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smith_lib.errors import InputError
from smith_lib.sandbox.backends import open_sandbox
from smith_lib.sandbox.base_image import put_python
from smith_lib.settings import EnvironmentSettings, SandboxSettings
from smith_lib.types import Outcome, Tier
from tests.validate.odd_repos import PYTEST, leaves_state
from tests.validate.test_odd_repos import LIMITS, SETTINGS, environment_of
from tests.validate.warmed import warmed

OLD = ("attrs==23.2.0", "iniconfig==2.0.0", "packaging==24.0", "pluggy==1.5.0", "py==1.11.0", "pytest==6.2.5",
       "toml==0.10.2")  # fmt: skip
PINS = {"3.8": OLD, "3.13": PYTEST}


def installed(minor: str) -> Path | None:
    """Where this machine has that Python, beside the one that runs this."""
    for folder in (Path(sys.base_prefix).parent, Path("/usr/local"), Path("/opt")):
        for prefix in (folder, *sorted(folder.glob(f"*{minor}*"))):
            if (prefix / f"lib/python{minor}/os.py").is_file() and (prefix / f"bin/python{minor}").is_file():
                return prefix
    return None


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image with the Pythons that this machine has."""
    import docker

    context = tmp_path_factory.mktemp("pythons")
    found = [name for minor in PINS if (prefix := installed(minor)) for name in [put_python(context, prefix)]]
    if not found:
        pytest.skip(f"none of Python {', '.join(PINS)} is installed here")
    lines = f"FROM {EnvironmentSettings().base_image}\nCOPY . /\nRUN ldconfig\n"
    (context / "Dockerfile").write_text(lines)
    client = docker.from_env()
    name = "smith-test:pythons"
    try:
        client.images.build(path=str(context), tag=name, rm=True)
        yield name
        client.images.remove(name, force=True)
    finally:
        client.close()


@pytest.mark.engine
@pytest.mark.network
@pytest.mark.timeout(300)
@pytest.mark.parametrize("minor", PINS)
def test_warm_verdicts_are_what_cold_ones_are_under(minor: str, base: str, tmp_path: Path) -> None:
    if installed(minor) is None:
        pytest.skip(f"Python {minor} is not installed here")
    odd = leaves_state()
    tree = odd.write(tmp_path / "tree")
    settings = EnvironmentSettings(base_image=base)
    sandbox = open_sandbox("docker", settings, SandboxSettings(), tmp_path, slots=2)
    try:
        name = f"python{minor}"
        environment = environment_of(name, odd, sandbox.base(), name, PINS[minor])
        ready = warmed(sandbox, environment, tree, LIMITS, SETTINGS, odd.args)
        assert ready.found.tiers == tuple(Tier), ready.found.reason
        bugs = [ready.bug(name, *bug) for name, bug in odd.bugs.items()]
        told = ready.warm(*bugs)
        assert {verdict.tier for verdict in told} >= {Tier.SWAP, Tier.FORK}
        for bug, warm in zip(bugs, told, strict=True):
            cold = ready.cold(bug)
            outcome = Outcome.NO_FAILURE if warm.outcome is Outcome.NOT_COVERED else warm.outcome
            assert (outcome, warm.fail_to_pass) == (cold.outcome, cold.fail_to_pass), bug.candidate_id
    finally:
        sandbox.close()


def test_a_folder_without_a_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no Python: no bin/python3\.X"):
        put_python(tmp_path / "root", tmp_path)
