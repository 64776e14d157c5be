"""SWE-smith's validation harness, run as shipped on an image and a profile made here."""

import contextlib
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from smith_lib.sandbox.protocol import TESTBED, VENV
from smith_lib.sources.index import index_url
from smith_lib.types import Repo

RIVAL = ("swesmith==0.0.9", "swebench<5")
LONGEST = 150
"""Seconds that the harness may take for a candidate: its limit of 90, and its waits."""
IMAGE = """\
FROM {image}
USER root
RUN mkdir -p /opt/miniconda3/bin && \\
    echo 'conda() {{ export PATH={venv}/bin:$PATH; }}' > /opt/miniconda3/bin/activate && \\
    {{ {venv}/bin/python -m compileall -q -j 0 {venv}/lib > /dev/null 2>&1 || true; }}
RUN chown -R root:root {testbed} && cd {testbed} && rm -rf .git && git init -q && \\
    git config user.name swesmith && git config user.email swesmith@anon.com && git add --force . && \\
    git commit -q --no-gpg-sign -m 'Initial commit' && git branch -M main
"""
DRIVER = '''\
"""Runs SWE-smith's validation with one more profile, then tells how it reads the clean run."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

from swesmith.constants import LOG_DIR_RUN_VALIDATION
from swesmith.harness import valid
from swesmith.harness.grading import read_test_output
from swesmith.profiles import registry
from swesmith.profiles.python import PythonProfile

profile, bugs, workers = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])


@dataclass
class Source(PythonProfile):
    owner: str = profile["owner"]
    repo: str = profile["repo"]
    commit: str = profile["commit"]
    test_cmd: str = PythonProfile.test_cmd + profile["arguments"]
    _cache_repo_private: bool | None = False


registry.register_profile(Source)
assert Source().image_name == profile["image"] and Source().repo_name == profile["name"], Source()
valid.main(bugs, workers)
name = Source().repo_name
output, _ = read_test_output(LOG_DIR_RUN_VALIDATION / name / f"{name}.ref" / "test_output.txt")
Path("clean.json").write_text(json.dumps(Source().log_parser(output)))
'''


@dataclass(frozen=True, slots=True)
class Told:
    """What one of the two says of a candidate."""

    ended: bool
    """Whether its tests came to an end."""
    failing: frozenset[str]
    passing: frozenset[str]
    word: str
    """Its own word for what became of the candidate."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What one of the two made of all candidates."""

    seconds: float
    """Of the whole command."""
    each: float
    """Without what is done once a repository."""
    told: Mapping[str, Told]
    inside: tuple[float, ...]
    """Seconds of each test command, or of each verdict."""
    known: frozenset[str]
    """Tests that pass on clean code, as far as it can tell."""


def installed(folder: Path) -> Path:
    """The interpreter that has SWE-smith, in an environment of its own."""
    import uv

    python, done = folder / "bin/python", folder / "installed"
    if not done.exists():
        environ = {**os.environ, "UV_DEFAULT_INDEX": index_url(), "UV_CONSTRAINT": ""}
        tool = uv.find_uv_bin()
        for command in ([tool, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
                        [tool, "pip", "install", "--quiet", "--python", str(python), *RIVAL]):  # fmt: skip
            subprocess.run(command, env=environ, check=True, timeout=1_800)
        done.touch()
    return python


def profiled(repo: Repo) -> dict[str, str]:
    """What the harness has to know of a repository."""
    owner, _, name = repo.repo.partition("/")
    short = repo.commit[:8]
    arguments = f" {shlex.join(repo.test_args)}" if repo.test_args else ""
    return {"owner": owner, "repo": name, "commit": repo.commit, "arguments": arguments,
            "name": f"{owner}__{name}.{short}",
            "image": f"swebench/swesmith.x86_64.{owner}_1776_{name}.{short}".lower()}  # fmt: skip


def imaged(repo: Repo, name: str) -> None:
    """Make the image that the harness starts its containers from."""
    recipe = IMAGE.format(image=repo.image, venv=VENV, testbed=TESTBED)
    command = ["docker", "build", "--network", "none", "--tag", name, "-"]
    made = subprocess.run(command, input=recipe, capture_output=True, text=True, check=False, timeout=900)
    if made.returncode != 0:
        raise SystemExit(f"making {name} failed:\n{made.stdout[-2_000:]}{made.stderr[-2_000:]}")


def by_swesmith(
    profile: Mapping[str, str], bugs: Path, ids: Sequence[str], folder: Path, python: Path, workers: int
) -> Judged:
    """What the harness makes of the bugs, run in a folder of its own."""
    folder.mkdir()
    driver = folder / "driver.py"
    driver.write_text(DRIVER, encoding="utf-8")
    containers = [f"swesmith.val.{profile['name']}.{name}" for name in (*ids, f"{profile['name']}.ref")]
    swept(containers)
    began = time.time()
    with (folder / "harness.log").open("wb") as log:
        command = [str(python), str(driver), json.dumps(profile), str(bugs), str(workers)]
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait(1_200 + LONGEST * len(ids))
            seconds = time.time() - began
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(30)
            swept(containers)
    logs = folder / "logs/run_validation" / profile["name"]
    clean = logs / f"{profile['name']}.ref/run_instance.log"
    if code != 0 or not clean.exists():
        raise SystemExit(f"SWE-smith's harness ended with {code}; see {folder / 'harness.log'}")
    told = {name: reported(logs / name / "report.json") for name in ids}
    said = [(logs / name / "run_instance.log").read_text(encoding="utf-8", errors="replace") for name in ids]
    tests = [float(x.replace("_", "")) for text in said for x in re.findall(r"Test Runtime: ([\d_.]+)", text)]
    statuses = json.loads((folder / "clean.json").read_text(encoding="utf-8"))
    known = frozenset(test for test, status in statuses.items() if status == "PASSED")
    return Judged(seconds, seconds - (clean.stat().st_mtime - began), told, tuple(tests), known)


def swept(containers: Sequence[str]) -> None:
    """Remove those of the harness's containers that a run which was cut off left."""
    listed = ["docker", "ps", "--all", "--format", "{{.Names}}"]
    there = subprocess.run(listed, capture_output=True, text=True, check=True, timeout=60).stdout.split()
    if left := sorted(set(containers) & set(there)):
        remove = ["docker", "rm", "--force", *left]
        subprocess.run(remove, stdout=subprocess.DEVNULL, check=False, timeout=300)


def reported(report: Path) -> Told:
    """What the harness wrote of a candidate."""
    row = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {"timed_out": "no report"}
    if "timed_out" in row:
        missing = row.get("missing_pregold_output") or row["timed_out"] == "no report"
        return Told(False, frozenset(), frozenset(), "apply_failed" if missing else "timeout")
    failing, passing = frozenset(row["FAIL_TO_PASS"]), frozenset(row["PASS_TO_PASS"])
    return Told(True, failing, passing, "1+_f2p" if failing else "0_f2p")
