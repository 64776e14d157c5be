"""A bug that does harm is judged like any other and does not reach the next one."""

import os
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from smith_lib import diffs
from smith_lib.sandbox.protocol import Limits, Sandbox
from smith_lib.sandbox.suite import SuiteJob, run_suite
from smith_lib.settings import ValidateSettings
from smith_lib.types import Candidate, Outcome, Verdict
from smith_lib.validate.crew import Crew, verdicts
from smith_lib.validate.judge import Bench, judge
from tests.e2e.called import running
from tests.rows import a_candidate
from tests.sandbox.conftest import by_hand

pytestmark = [pytest.mark.timeout(400), pytest.mark.network]

FILE = "tiny/money.py"
BEFORE = "    if not 0 <= percent <= 100:\n"
"""A line of a function that a few tests call."""
HARM = {
    "deletes": """
        import os, shutil
        for place in ("/testbed", "/opt/venv", "/home/smith", "/tmp"):
            shutil.rmtree(place, ignore_errors=True)
    """,
    "stays": """
        import os, site
        os.makedirs(site.getusersitepackages(), exist_ok=True)
        for place in ("/testbed", "/testbed/tests", "/tmp", "/dev/shm", site.getusersitepackages()):
            for name in ("conftest.py", "sitecustomize.py", "usercustomize.py"):
                with open(os.path.join(place, name), "w") as file:
                    file.write("import os; os._exit(1)")
    """,
    "exits": """
        import os
        os._exit(0)
    """,
    "forks": """
        import os
        while True:
            try:
                os.fork()
            except OSError:
                pass
    """,
    "hangs": """
        import time
        time.sleep(1_000_000)
    """,
    "writes": """
        for number in range(1 << 10):
            print("x" * (1 << 20))
    """,
}


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("docker", marks=pytest.mark.engine),
        pytest.param("namespaces", marks=pytest.mark.namespaces),
    ],
)
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """One sandbox after the other."""
    found: Sandbox = request.getfixturevalue(f"{request.param}_sandbox")
    return found


@pytest.fixture(scope="module")
def bench(sandbox: Sandbox, tiny_tree: Path) -> Bench:
    """The tiny repository, ready to judge bugs in it."""
    environment = by_hand(sandbox.base())
    sandbox.build(environment, tiny_tree, Limits(240))
    limits = Limits(4, memory_mb=512, processes=64, disk_mb=64, output_kb=64)
    run, args = partial(run_suite, sandbox, environment), ("-p", "no:randomly")
    clean = run(SuiteJob(args), limits)
    assert clean.ended == "finished", clean.detail
    return Bench(
        run=run, args=args, reliable=tuple(sorted(clean.tests)),
        clean=lambda path: (tiny_tree / path).read_text(), limits=limits, idle_seconds=3,
        settings=ValidateSettings(runs=2),
    )  # fmt: skip


def bug(tree: Path, name: str, old: str, new: str) -> Candidate:
    clean = (tree / FILE).read_text()
    assert clean.count(old) == 1
    patch = diffs.make({FILE: clean}, {FILE: clean.replace(old, new)})
    return a_candidate(candidate_id=name, bug_patch=patch)


@pytest.fixture(scope="module")
def harmless(tiny_tree: Path) -> Candidate:
    """A bug that breaks a few tests."""
    less = "return self.amount < other.amount"
    return bug(tiny_tree, "harmless", less, less.replace("<", ">"))


@pytest.fixture(scope="module")
def alone(bench: Bench, harmless: Candidate) -> Verdict:
    """What is said of the harmless bug when there is no other."""
    verdict = judge(harmless, bench)
    assert verdict.outcome is Outcome.VALID, verdict.reason
    return verdict


@pytest.fixture(scope="module")
def judged(bench: Bench, alone: Verdict, harmless: Candidate, tiny_tree: Path) -> dict[str, Verdict]:
    """Every harmful bug with the harmless one after it, two at the same time."""
    row = []
    for name, code in HARM.items():
        lines = [line[4:] + "\n" for line in code.strip("\n").rstrip().splitlines()]
        row += [bug(tiny_tree, name, BEFORE, "".join(lines) + BEFORE)]
        row += [replace(harmless, candidate_id=f"after {name}")]
    return {verdict.candidate_id: verdict for verdict in verdicts(row, bench, Crew(2))}


@pytest.fixture(autouse=True)
def nothing_left(sandbox: Sandbox) -> Iterator[None]:
    """Nothing runs on after a test."""
    yield
    assert running(os.getpid()) == []


@pytest.mark.parametrize("name", HARM)
def test_the_next_bug_is_judged_as_if_it_were_alone(name: str, judged: dict[str, Verdict], alone: Verdict):
    after = judged[f"after {name}"]
    assert replace(after, candidate_id=alone.candidate_id, seconds=alone.seconds) == alone


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("deletes", Outcome.NO_FAILURE),  # what is loaded runs on
        ("stays", Outcome.NO_FAILURE),
        ("exits", Outcome.VALID),  # with the tests after it
        ("forks", Outcome.TIMEOUT),
        ("hangs", Outcome.TIMEOUT),
        ("writes", Outcome.SUBTLE),  # the one test that wrote too much
    ],
)
def test_harm_is_judged_by_what_it_breaks(name: str, outcome: Outcome, judged: dict[str, Verdict]) -> None:
    assert judged[name].outcome is outcome, judged[name].reason
