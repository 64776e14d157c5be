"""The service over the tiny repository's task, graded for real, at a free port of this machine."""

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from smith_lib.cli.serve import counted
from smith_lib.grade import Rewarder
from smith_lib.serve.app import Bounds, app
from smith_lib.serve.counts import Counts
from smith_lib.serve.desk import Desk, Grades
from smith_lib.serve.running import listening, served
from smith_lib.settings import load
from smith_lib.types import Instance
from tests.grade.tasks import a_task
from tests.rows import an_instance

Start = Callable[..., httpx.Client]


@pytest.fixture(scope="session")
def task(namespaces_sandbox, tiny_tree) -> Instance:
    """The task."""
    return a_task(namespaces_sandbox, tiny_tree)


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a service over these grades and give a client of it; all end with the test."""
    with ExitStack() as stack:

        def service(
            grades: Grades, *rows: Instance, room: int = 8, token: str = "", bounds: Bounds | None = None
        ) -> httpx.Client:
            counts = Counts()
            desk = stack.enter_context(Desk(counted(grades, counts), room, 4))
            known = {row.instance_id: row for row in rows or [an_instance()]}
            where, url = stack.enter_context(listening("127.0.0.1", 0))
            stack.enter_context(served(app(known, desk, counts, bounds or Bounds(), token), where, 64))
            client = stack.enter_context(httpx.Client(base_url=url, timeout=120))
            client.desk = desk  # type: ignore[attr-defined]
            return client

        yield service
    gc.collect()


@pytest.fixture(scope="module")
def rewarder(namespaces_sandbox, task) -> Iterator[Rewarder]:
    """A rewarder that runs the task's tests."""
    cache = str(namespaces_sandbox._cache.parent)
    made = Rewarder(load(None, {"sandbox.kind": "namespaces", "cache": cache, "workers": 2}), [task])
    yield made
    made.close()
