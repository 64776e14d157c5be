"""The command line in this process and in one of its own, and flows that tell their arguments."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from smith_lib.cli.app import smith
from smith_lib.sandbox.backends import BACKENDS


class Idle:
    """A sandbox that answers and is never run in."""

    def __init__(self, *_: object) -> None: ...

    def check(self) -> str:
        return "idle"

    def base(self) -> str:
        return "none"

    def close(self) -> None: ...


TREE = Path(__file__).parents[2]

FLOWS = """
import json
from smith_lib import errors, ledger, progress
from smith_lib.storage import Root

SUMMARY = {"run_id": "r1", "version": "v1", "path": "x/published/v1", "counts": {}, "failed": 0, "repos": [
    {"source": "pypi:h11", "repo_id": "pypi__h11.12345678", "outcome": "kept", "reason": "",
     "stage": "package", "status": "done"}]}

def run(sources, settings, until="publish"):
    if sources[0].startswith("pypi:raise-"):
        raise getattr(errors, sources[0][11:])("it went wrong")
    if sources[0] in ("pypi:refused", "pypi:empty"):
        root, gate = Root.at(settings.out), sources[0] == "pypi:refused"
        error = (errors.GateFailed if gate else errors.InputError)("nothing to publish: row 3, rule 4")
        ledger.begin(root, ledger.RunRecord("r1", tuple(sources), settings, until))
        ledger.end(root, "r1", {**SUMMARY, "version": None, "refused": str(error)})
        raise error
    progress.report("validate", "pypi__h11.12345678", 1, 2)
    progress.report("validate", "pypi__h11.12345678", 2, 2)
    failed = sum(s == "pypi:bad" for s in sources)
    version = None if until != "publish" or "pypi:nothing" in sources else "v1"
    called = {"sources": sources, "settings": settings.model_dump(mode="json"), "until": until}
    summary = {**SUMMARY, "failed": failed, "version": version, "called": called}
    if failed:
        raise errors.RepositoriesFailed("1 of 2 repositories failed", summary)
    return summary

def publish_root(settings):
    return {"version": "v2", "path": f"{settings.out}/published/v2", "rows": 3, "new": True}

def validate_given(source, candidates, settings):
    from pathlib import Path
    from smith_lib.given.read import read
    from smith_lib.storage import Shard, write
    from smith_lib.types import Outcome, Stability, Test, Verdict
    from tests.rows import a_test, a_verdict

    if source.startswith("pypi:raise-"):
        run([source], settings)
    root = Root.at(settings.out)
    tests = [a_test(n) for n in range(3)] + [a_test(9, stability=Stability.FLAKY)]
    broken = (tests[1].test_id,)
    rows = [a_verdict(candidate_id=bug.instance_id, outcome=Outcome.TOO_BROKEN, reason=candidates,
                      fail_to_pass=broken, pass_to_pass=()) for bug in read(Path(candidates))]
    places = {"tests": write(root, Shard("tests", "r", "k"), Test, tests).path,
              "verdicts": write(root, Shard("verdicts", "r", "k"), Verdict, rows).path}
    return {"repo_id": "some__repo.01234567", "candidates": "", **places}

def rerun_failed(run_id, out):
    return {**SUMMARY, "called": {"run_id": run_id, "out": out}}
"""

ENTRY_POINTS = """[smith.flows]
run = told_flows:run
publish = told_flows:publish_root
rerun-failed = told_flows:rerun_failed
validate-given = told_flows:validate_given
"""


@pytest.fixture
def told_flows(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A distribution before Smith's own on the path; its entry points are flows that tell their arguments."""
    folder = tmp_path_factory.mktemp("flows")
    info = folder / "smith-99.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: smith\nVersion: 99\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (folder / "told_flows.py").write_text(FLOWS)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setitem(BACKENDS, "docker", Idle)
    return folder


@pytest.fixture
def invoke(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """Call `smith` in this process, which afterwards handles signals as before."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for name in ("PREFECT_API_URL", "GX_ANALYTICS_ENABLED"):
        monkeypatch.delenv(name, raising=False)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(smith, [str(a) for a in arguments])

    yield call
    signal.set_wakeup_fd(-1)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def process() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Call `smith` in a process of its own."""

    def call(*arguments: str, **kwargs: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from smith_lib.cli import main; main()", *map(str, arguments)]
        options = {"capture_output": True, "text": True, "timeout": 60, "check": False, **kwargs}
        return subprocess.run(command, **options)

    return call
