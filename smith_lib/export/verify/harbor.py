"""Harbor on an export, by its registry file: the oracle's mean is 1, the mean of doing nothing is 0."""

import json
import shutil
import tempfile
from pathlib import Path

from smith_lib.errors import InputError
from smith_lib.export.harbor import ORG
from smith_lib.export.verify.check import Check, run

SECONDS = 300
"""Per task."""


def verify(client: Path, folder: Path, split: str, ids: list[str]) -> list[Check]:
    """Two checks: `oracle` and `nop`. Raises `InputError` where there is no `docker` command."""
    if shutil.which("docker") is None:
        raise InputError("harbor calls `docker`, and none is on PATH; install Docker's command line")
    [told] = json.loads((folder / "registry.json").read_text())
    with tempfile.TemporaryDirectory(prefix="smith-harbor-") as temporary:
        place = Path(temporary)
        plugins = place / "docker/cli-plugins"
        plugins.mkdir(parents=True)
        (plugins / "docker-compose").symlink_to(client / "bin/docker-compose")
        oracle = _mean(client, folder, told["version"], ids, place, "oracle")
        nop = _mean(client, folder, told["version"], ids, place, "nop")
    return [
        Check("harbor run -a oracle", oracle == (len(ids), 0, 1.0), _words(oracle)),
        Check("harbor run -a nop", nop == (len(ids), 0, 0.0), _words(nop)),
    ]


def _words(seen: tuple[int, int, float]) -> str:
    return f"mean {seen[2]:.3f} over {seen[0]}, {seen[1]} errors"


def _mean(
    client: Path, folder: Path, version: str, ids: list[str], place: Path, agent: str
) -> tuple[int, int, float]:
    """Trials, errors and the mean reward."""
    chosen = [word for one in ids for word in ("-i", one)]
    jobs = place / agent
    words = ["run", "--registry-path", "registry.json", "-d", f"{ORG}@{version}", *chosen, "-a", agent]
    words += ["-n", "1", "-q", "-y", "-o", str(jobs)]
    environ = {"DOCKER_CONFIG": str(place / "docker")}
    run([client / "bin/harbor", *words], folder, 120 + SECONDS * len(ids), environ)
    [result] = jobs.glob("*/result.json")
    [seen] = json.loads(result.read_text())["stats"]["evals"].values()
    return seen["n_trials"], seen["n_errors"], float(seen["metrics"][0]["mean"])
