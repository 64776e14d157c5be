"""A bug that does harm is judged as it would be cold, and does not reach the next one in the same worker."""

import os
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from smith_lib.sandbox.protocol import Limits, Sandbox
from smith_lib.settings import ValidateSettings
from smith_lib.types import Candidate, Outcome, Tier, Verdict
from tests.e2e.called import running
from tests.e2e.harm import HARM
from tests.sandbox.conftest import by_hand
from tests.validate.warmed import Warmed, warmed

pytestmark = [pytest.mark.timeout(600), pytest.mark.network]

PLAIN = ("-p", "no:randomly", "-p", "no:rerunfailures")
"""The latter has a thread, and so no warm process that has collected."""
WORKERS = 4
"""Most harm is waited for."""
FILE = "tiny/money.py"
BEFORE = "    if not 0 <= percent <= 100:\n"
"""A line of a function that a few tests call."""


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
def tiny(sandbox: Sandbox, tiny_tree: Path) -> Warmed:
    """The tiny repository, ready to judge bugs in it."""
    limits = Limits(60, memory_mb=512, processes=64, disk_mb=64, output_kb=64)
    settings = ValidateSettings(runs=2, timeout_factor=1, timeout_floor=2)
    made = warmed(sandbox, by_hand(sandbox.base()), tiny_tree, limits, settings, PLAIN)
    assert made.found.tiers == tuple(Tier), made.found.reason
    return replace(made, bench=replace(made.bench, limits=replace(limits, seconds=4), idle_seconds=2))


@pytest.fixture(scope="module")
def harmless(tiny: Warmed) -> Candidate:
    """A bug that breaks a few tests."""
    less = "return self.amount < other.amount"
    return tiny.bug("harmless", FILE, less, less.replace("<", ">"))


@pytest.fixture(scope="module")
def alone(tiny: Warmed, harmless: Candidate) -> Verdict:
    """What is said of the harmless bug when there is no other."""
    [verdict] = tiny.warm(harmless)
    assert (verdict.outcome, verdict.tier) == (Outcome.VALID, Tier.SWAP), verdict.reason
    return verdict


@pytest.fixture(scope="module")
def harmful(tiny: Warmed) -> dict[str, Candidate]:
    """The bugs."""
    made = {}
    for name, code in HARM.items():
        lines = textwrap.indent(textwrap.dedent(code).strip("\n"), "    ").rstrip() + "\n"
        made[name] = tiny.bug(name, FILE, BEFORE, lines + BEFORE)
    return made


@pytest.fixture(scope="module")
def judged(
    tiny: Warmed, alone: Verdict, harmless: Candidate, harmful: dict[str, Candidate]
) -> dict[str, Verdict]:
    """Every harmful bug with the harmless one after it, by several workers at the same time."""
    rows: list[list[Candidate]] = [[] for _ in range(WORKERS)]
    for at, (name, bug) in enumerate(harmful.items()):
        rows[at % WORKERS] += [bug, replace(harmless, candidate_id=f"after {name}")]
    with ThreadPoolExecutor(WORKERS) as pool:
        return {v.candidate_id: v for made in pool.map(lambda row: tiny.warm(*row), rows) for v in made}


@pytest.fixture(scope="module")
def cold(tiny: Warmed, harmful: dict[str, Candidate]) -> dict[str, Verdict]:
    """What cold runs say of the harmful bugs."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return {v.candidate_id: v for v in pool.map(tiny.cold, harmful.values())}


@pytest.fixture(autouse=True)
def nothing_left(sandbox: Sandbox) -> Iterator[None]:
    """Nothing runs on after a test."""
    yield
    assert running(os.getpid()) == []


@pytest.mark.parametrize("name", HARM)
def test_the_next_bug_is_judged_as_if_it_were_alone(name: str, judged: dict[str, Verdict], alone: Verdict):
    after = judged[f"after {name}"]
    assert replace(after, candidate_id=alone.candidate_id, seconds=alone.seconds) == alone


@pytest.mark.parametrize("name", HARM)
def test_harm_is_judged_as_it_is_cold(name: str, judged: dict[str, Verdict], cold: dict[str, Verdict]):
    there, here = cold[name], judged[name]
    assert here.outcome is there.outcome, (here, there)
    if there.outcome in (Outcome.VALID, Outcome.SUBTLE):
        assert here.fail_to_pass == there.fail_to_pass, (here, there)


def test_what_ends_the_suite_takes_along_the_tests_after_it(judged: dict[str, Verdict]) -> None:
    verdict = judged["exits"]
    assert (verdict.outcome, verdict.tier) == (Outcome.VALID, Tier.COLD), verdict.reason
    assert {test.split("::")[0] for test in verdict.fail_to_pass} > {"tests/test_money.py"}
