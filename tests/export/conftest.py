"""A task that can be run: a small repository, its image, and the row of one bug in it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from smith_lib import diffs
from smith_lib.environments.dockerfile import text
from smith_lib.export import world
from smith_lib.export.images import Engine
from smith_lib.package import hidden
from smith_lib.sandbox.protocol import Limits, Sandbox
from smith_lib.sources.protocol import Pin, Tree
from smith_lib.storage import digest
from smith_lib.types import CodeFile, Instance
from smith_lib.validate.row_environment import environment_in
from tests.rows import an_instance, filled

REQUIREMENTS = "iniconfig==2.0.0\npackaging==24.2\npluggy==1.5.0\npytest==8.3.5\n"
FILE, TESTS = "shelf/books.py", "tests/test_books.py"
CLEAN = '''"""A shelf of books."""


def heaviest(weights, most):
    """The weights that fit together, heavy ones first."""
    taken, left = [], most
    for weight in sorted(weights, reverse=True):
        if weight <= left:
            taken.append(weight)
            left -= weight
    return taken


def titled(words):
    return " ".join(word.capitalize() for word in words.split())
'''
TEST = '''import pytest

from shelf.books import heaviest, titled


@pytest.fixture
def weights():
    return [1, 2, 3]


def test_all_that_fits_is_taken(weights):
    assert heaviest(weights, 6) == [3, 2, 1]


def test_nothing_fits(weights):
    assert heaviest(weights, 0) == []


@pytest.mark.parametrize("words", ["a b", "a  b", "c%"])
def test_titled(words):
    assert titled(words).istitle()
'''
FILES = {FILE: CLEAN, "shelf/__init__.py": "", TESTS: TEST, "tests/data.txt": "kept\n",
         "conftest.py": "", ".gitignore": "tests/data.txt\n"}  # fmt: skip
LIMITS = Limits(300, memory_mb=1_024)


def a_task(**changes: object) -> Instance:
    """The row of the bug, as it would be published; its environment is named and not built."""
    buggy = CLEAN.replace("weight <= left", "weight < left")
    failing = (f"{TESTS}::test_all_that_fits_is_taken",)
    tree = filled(Tree, repo_id="local__shelf.00000000", commit="0" * 40, pin=Pin("./shelf", "local/shelf"))
    dockerfile = text(tree, "smith-base:bookworm", "python3.11", (), (("PYTHONPATH", "/testbed"),))
    made_from = digest("export", dockerfile, REQUIREMENTS, FILES)
    fewer = hidden.hide(failing, FILES.__getitem__, [TESTS])
    row = an_instance(
        instance_id="local__shelf.00000000.swap.1a2b3c4d", repo="local/shelf", repo_id=tree.repo_id,
        dockerfile=dockerfile, requirements=REQUIREMENTS, image_digest=made_from,
        image=f"smith/export-test:{made_from[:12]}", test_command="python -m pytest -q",
        buggy_code=(CodeFile(FILE, buggy),), oracle_code=(CodeFile(FILE, CLEAN),),
        patch=diffs.make({FILE: buggy}, {FILE: CLEAN}), bug_patch=diffs.make({FILE: CLEAN}, {FILE: buggy}),
        test_patch=diffs.make(fewer, {TESTS: TEST}), FAIL_TO_PASS=failing,
        PASS_TO_PASS=tuple(sorted(f"{TESTS}::{name}" for name in (
            "test_nothing_fits", "test_titled[a b]", "test_titled[a  b]", "test_titled[c%]"))),
    )  # fmt: skip
    return replace(row, **changes)  # type: ignore[arg-type]


@pytest.fixture
def row() -> Instance:
    """The task."""
    return a_task()


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's clean tree."""
    tree = tmp_path_factory.mktemp("shelf") / "tree"
    for path, text_ in FILES.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text_)
    return tree


@pytest.fixture(scope="session")
def built(docker_sandbox: Sandbox, shelf: Path) -> Iterator[Engine]:
    """The engine, once it has the task's image and the repository's."""
    task = a_task()
    docker_sandbox.build(environment_in(task), shelf, LIMITS)
    with Engine() as engine:
        engine.build(world.image_of(task), world.context(task), environment_in(task).base)
        yield engine


@pytest.fixture
def in_task(built: Engine) -> Callable[[str], str]:
    """Run a shell script in a fresh container of the task's image, as root, as the harnesses do."""

    def run(script: str) -> str:
        program = b"import subprocess as s, sys; s.run(['sh', '-e'], stdin=sys.stdin, stderr=1, check=True)"
        return built.ask(world.image_of(a_task()), program, script.encode()).decode()

    return run
