"""One small repository taken through the stages without Prefect, as often as a fault asks for it."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from smith_lib import ledger
from smith_lib.errors import MachineryError
from smith_lib.sandbox.backends import open_sandbox
from smith_lib.sandbox.protocol import Sandbox
from smith_lib.settings import EnvironmentSettings, SandboxSettings, load
from smith_lib.stages import Desk, inject, package, select, validate
from smith_lib.stages.publish import propose, publish
from smith_lib.storage import Root
from smith_lib.types import StageRun
from tests.conftest import lacking
from tests.faults import small
from tests.faults.comparing import published

SETTINGS = {**small.SMALL, "inject.limit": "6", "seed": "5"}


@dataclass(frozen=True)
class Line:
    """What takes a repository from its source to a published version, in this process."""

    source: str
    cache: Path
    sandbox: Sandbox

    def desk(self, out: str | Path, **changes: Any) -> Desk:
        """A desk for that root."""
        settings = load(None, {**SETTINGS, "out": str(out), **changes})
        root = Root.at(settings.out)
        return Desk("run", settings, root, self.sandbox, self.cache, lambda table, rows: None)

    def stages(self, desk: Desk) -> list[StageRun]:
        """The rows of the four stages, entered in the ledger."""
        selected = select(self.source, desk)
        injected = inject(selected, desk)
        validated = validate(selected, injected, desk)
        rows = [selected, injected, validated, package(selected, injected, validated, desk)]
        for row in rows:
            ledger.enter(desk.root, row)
        return rows

    def at_last(self, desk: Desk, tries: int = 20) -> dict[str, bytes]:
        """The same where machinery fails now and then: tried again, as Prefect does."""
        for _ in range(tries - 1):
            with suppress(MachineryError):
                return self.through(desk)
        return self.through(desk)

    def through(self, desk: Desk) -> dict[str, bytes]:
        """The data files of the version that is published then."""
        proposal = propose(self.stages(desk), desk.root, desk.settings)
        publish(proposal, desk.root, desk.settings, lambda proposal, docs: None)
        return published(desk.root)


@pytest.fixture(scope="session")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """The line over one small repository, in docker where an engine answers."""
    folder = tmp_path_factory.mktemp("line")
    (source,) = small.smallest(folder / "repositories", "gauge")
    kind = "namespaces" if lacking("docker") else "docker"
    sandbox = open_sandbox(kind, EnvironmentSettings(), SandboxSettings(), folder / "cache", slots=2)
    sandbox.base()
    yield Line(source, folder / "cache", sandbox)
    sandbox.close()


@dataclass(frozen=True)
class Undisturbed:
    """A root to which nothing happened."""

    folder: Path
    data: Mapping[str, bytes]
    """What was published there."""

    def copy(self, place: Path, without: tuple[str, ...] = ()) -> Path:
        """Another root with the same shards, but for these tables and for what was published."""
        left_out = shutil.ignore_patterns("published", "runs", *without)
        return Path(shutil.copytree(self.folder, place, ignore=left_out))


@pytest.fixture(scope="session")
def undisturbed(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """That, once the line went through it."""
    folder = tmp_path_factory.mktemp("undisturbed") / "out"
    data = line.through(line.desk(folder))
    assert data
    return Undisturbed(folder, data)


Copy = Callable[..., Path]


@pytest.fixture
def copy(undisturbed: Undisturbed, tmp_path: Path) -> Copy:
    """Make a root with the undisturbed one's shards, but for the tables that are named."""
    return lambda *without: undisturbed.copy(tmp_path / "out", without)
