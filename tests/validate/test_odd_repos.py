"""Repositories with odd habits: the right tiers are found, and warm verdicts are what cold ones are."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from smith_lib.sandbox.protocol import Environment, Job, Limits, Sandbox
from smith_lib.settings import ValidateSettings
from smith_lib.types import Outcome, Tier
from tests.validate.odd_repos import PYTEST, REPOS, Odd
from tests.validate.warmed import Warmed, warmed

pytestmark = [pytest.mark.timeout(600), pytest.mark.network]
IN_DOCKER = ("c_extension", "server_at_fixed_port", "starts_processes", "src_layout", "loaded_otherwise")
HEADER = "import sysconfig; open(sysconfig.get_path('include') + '/Python.h')"
COMPILER = ("/bin/sh", "-c", f'cc --version && python3 -c "{HEADER}"')
LIMITS = Limits(60, memory_mb=512, processes=64, disk_mb=64, output_kb=64)
SETTINGS = ValidateSettings(runs=2, max_fail_ratio=1, subtle_below=0)


@dataclass(frozen=True)
class Judged:
    """A repository, ready to be judged."""

    odd: Odd
    ready: Warmed


@pytest.fixture(
    scope="module",
    params=[pytest.param(("namespaces", name), marks=pytest.mark.namespaces, id=name) for name in REPOS]
    + [pytest.param(("docker", name), marks=pytest.mark.engine, id=f"{name}-docker") for name in IN_DOCKER],
)
def repo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Judged:
    """One repository after the other."""
    kind, name = request.param
    odd = REPOS[name]()
    sandbox: Sandbox = request.getfixturevalue(f"{kind}_sandbox")
    tree = odd.write(tmp_path_factory.mktemp(name) / "tree")
    if name == "c_extension" and sandbox.trial(tree, Job(COMPILER), LIMITS).exit_code != 0:
        pytest.skip("no compiler for C in this sandbox")
    environment = environment_of(name, odd, sandbox.base())
    return Judged(odd, warmed(sandbox, environment, tree, LIMITS, SETTINGS, odd.args))


def environment_of(
    name: str, odd: Odd, base: str, python: str = "python3", pytests: Sequence[str] = PYTEST
) -> Environment:
    """Where it runs, under that Python and that pytest."""
    requirements = "".join(f"{line}\n" for line in sorted((*pytests, *odd.requirements)))
    install = ("--no-deps", "--no-build-isolation", "-e", "/testbed") if odd.editable else ()
    last = f"RUN uv pip install --no-cache --python /opt/venv {' '.join(install)}" if install else ""
    dockerfile = f"""\
FROM {base}
USER smith
COPY requirements.txt /opt/requirements.txt
RUN uv venv --python {python} /opt/venv && \\
    uv pip install --no-cache --python /opt/venv --no-deps -r /opt/requirements.txt
COPY --chown=smith:smith testbed /testbed
{last}
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /testbed
"""
    digest = hashlib.sha256(f"{name}\0{base}\0{dockerfile}\0{odd!r}\0{requirements}".encode()).hexdigest()
    return Environment(
        repo_id=f"{name}.00000000", base=base, python=python, requirements=requirements, install=install,
        environ=(), dockerfile=dockerfile, digest=digest, image=f"smith/odd-test:{digest[:12]}",
    )  # fmt: skip


def test_what_tests_execute_is_known(repo: Judged) -> None:
    assert repo.ready.bench.coverage.known or "what tests execute is not known" in repo.odd.reason


def test_the_right_tiers_are_found(repo: Judged) -> None:
    odd, found, bench = repo.odd, repo.ready.found, repo.ready.bench
    assert (found.tiers, odd.reason in found.reason) == (odd.tiers, True), found.reason
    cold = {test for test, tier in bench.slowest.items() if tier is Tier.COLD}
    needy = set(bench.reliable) - found.alone if bench.coverage.known else set()
    assert (cold, needy, bench.together) == (set(odd.cold_tests), set(odd.needy), set())


def test_warm_verdicts_are_what_cold_ones_are(repo: Judged) -> None:
    bugs = [repo.ready.bug(name, *bug) for name, bug in repo.odd.bugs.items()]
    wrong = []
    for bug, warm in zip(bugs, repo.ready.warm(*bugs), strict=True):
        cold = repo.ready.cold(bug)
        outcome = Outcome.NO_FAILURE if warm.outcome is Outcome.NOT_COVERED else warm.outcome
        if (outcome, warm.fail_to_pass) != (cold.outcome, cold.fail_to_pass):
            wrong.append((bug.candidate_id, warm.tier, warm.reason, warm.fail_to_pass, cold.reason))
            wrong.append(cold.fail_to_pass)
    assert not wrong
