"""One task and its graders, warm and cold, in the sandbox of namespaces."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from smith_lib.grade.grader import Grader
from smith_lib.sandbox.protocol import Sandbox
from smith_lib.settings import ValidateSettings
from smith_lib.types import Grade, Instance
from tests.grade.tasks import LIMITS, a_task, patch_of

Judge = Callable[[str], Grade]


@pytest.fixture(scope="session")
def task(namespaces_sandbox: Sandbox, tiny_tree: Path) -> Instance:
    """The task."""
    return a_task(namespaces_sandbox, tiny_tree)


@pytest.fixture(scope="session", params=["warm", "cold"])
def grader(
    request: pytest.FixtureRequest, namespaces_sandbox: Sandbox, tiny_tree: Path, task: Instance
) -> Iterator[Grader]:
    """A grader that goes on; a warm one has graded enough to have warm processes."""
    warm = request.param == "warm"
    with Grader(namespaces_sandbox, lambda _: tiny_tree, LIMITS, ValidateSettings(), 2, warm=warm) as made:
        if warm:
            grades = made.grade([(task, "gold", task.patch)] * 3)
            assert {grade.tier for grade in grades} == {"swap"}
        yield made


@pytest.fixture
def judged(grader: Grader, task: Instance) -> Judge:
    """The grade of a patch for the task."""
    return lambda patch: grader.grade([(task, "a model", patch)])[0]


@pytest.fixture
def patch(task: Instance, tiny_tree: Path) -> Callable[[Mapping[str, str | None]], str]:
    """The patch that makes these files of the task's tree hold these texts; None deletes one."""
    return lambda changed: patch_of(task, tiny_tree, changed)
