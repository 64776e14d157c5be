"""Both sandboxes, and the tiny repository's environment in each, written by hand."""

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from smith_lib.sandbox.protocol import VENV, Environment, Job, Limits, Ran, Sandbox

REQUIREMENTS = """\
coverage==7.10.7
execnet==2.1.1
iniconfig==2.1.0
packaging==25.0
pluggy==1.6.0
pygments==2.19.2
pytest==8.4.2
pytest-cov==7.0.0
pytest-randomly==4.0.1
pytest-rerunfailures==16.0.1
pytest-xdist==3.8.0
setuptools==80.9.0
"""
DOCKERFILE = """\
FROM {base}
USER smith
COPY requirements.txt /opt/requirements.txt
RUN uv venv --python python3 /opt/venv && \\
    uv pip install --no-cache --python /opt/venv --no-deps -r /opt/requirements.txt
COPY --chown=smith:smith testbed /testbed
RUN uv pip install --no-cache --python /opt/venv --no-deps --no-build-isolation -e /testbed
ENV PATH=/opt/venv/bin:$PATH
WORKDIR /testbed
"""
LIMITS = Limits(30, memory_mb=512, processes=64, disk_mb=64, output_kb=64)


@pytest.fixture(
    scope="session",
    params=[
        pytest.param("docker", marks=[pytest.mark.engine, pytest.mark.network]),
        pytest.param("namespaces", marks=[pytest.mark.namespaces, pytest.mark.network]),
    ],
)
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    """One sandbox after the other."""
    found: Sandbox = request.getfixturevalue(f"{request.param}_sandbox")
    return found


def by_hand(base: str) -> Environment:
    """The tiny repository's environment on a base."""
    dockerfile = DOCKERFILE.format(base=base)
    digest = hashlib.sha256("\0".join((base, REQUIREMENTS, dockerfile)).encode()).hexdigest()
    return Environment(
        repo_id="tiny.00000000", base=base, python="python3", requirements=REQUIREMENTS,
        install=("--no-deps", "--no-build-isolation", "-e", "/testbed"), environ=(("TINY", "1"),),
        dockerfile=dockerfile, digest=digest, image=f"smith/tiny-test:{digest[:12]}",
    )  # fmt: skip


@pytest.fixture(scope="session")
def environment(sandbox: Sandbox, tiny_tree: Path) -> Environment:
    """It, built in the sandbox."""
    made = by_hand(sandbox.base())
    sandbox.build(made, tiny_tree, Limits(240))
    return made


Run = Callable[..., Ran]


@pytest.fixture
def run(sandbox: Sandbox, environment: Environment) -> Run:
    """Run Python code (or a whole job) in the sandbox; keywords change the limits."""

    def call(code: str | Job, *args: str, **limits: float) -> Ran:
        job = Job((f"{VENV}/bin/python", "-c", code, *args)) if isinstance(code, str) else code
        return sandbox.run(environment, job, replace(LIMITS, **limits))  # type: ignore[arg-type]

    return call


def said(ran: Ran) -> str:
    """Its standard output."""
    return ran.stdout.decode(errors="replace").strip()


def left_running(mark: str) -> list[str]:
    """Processes of this machine whose command line has the mark."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes()
        except OSError:
            continue
        if mark.encode() in line and file.parent.name != str(os.getpid()):
            found.append(line.decode())
    return found


@pytest.fixture
def mark(run: Run) -> Iterator[str]:
    """A word for command lines; afterwards nothing that has it runs, and the sandbox still works."""
    word = secrets.token_hex(8)
    yield word
    deadline = time.monotonic() + 15
    while (left := left_running(word)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []
    assert run("").exit_code == 0
