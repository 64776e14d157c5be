"""What the stages share: where they work, how a shard is made once, and how an ending is told."""

import logging
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from smith_lib.environments.recorded import environment_of
from smith_lib.errors import DamagedShard, StorageError
from smith_lib.ledger import slug
from smith_lib.sandbox.protocol import Limits, Sandbox
from smith_lib.sandbox.warm import Worker
from smith_lib.settings import Settings
from smith_lib.sources.protocol import Pin, Tree
from smith_lib.sources.table import fetch
from smith_lib.storage import Root, Shard, count_at, digest, read, table_name, write
from smith_lib.types import Repo, Row, StageRun, StageStatus

log = logging.getLogger(__name__)

R = TypeVar("R", bound=Row)

Gate = Callable[[str, Sequence[Any]], Any]
"""Refuses a table's rows by raising `GateFailed`."""


class Lacking(Exception):  # noqa: N818
    """A shard that is not there, where nothing is to be made."""


@dataclass(frozen=True)
class Desk:
    """Where the stages of one run work."""

    run_id: str
    settings: Settings
    root: Root
    sandbox: Sandbox
    cache: Path
    """Folder for clean trees and environments."""
    gate: Gate = field(repr=False)
    pins: Mapping[str, Pin] = field(default_factory=dict, repr=False)
    """Sources that the run has pinned already."""
    makes: bool = True
    """False for a look at what is there: a shard that is not raises `Lacking`."""

    @property
    def limits(self) -> Limits:
        """What one sandbox may use, with the longest time a suite may take."""
        box = self.settings.sandbox
        return Limits(
            seconds=self.settings.environments.suite_seconds,
            memory_mb=box.memory_mb,
            processes=box.processes,
            disk_mb=box.disk_mb,
            output_kb=box.output_kb,
        )

    def start(self, source: str, stage: str) -> StageRun:
        """The ledger's row of a stage that begins now. Raises `StorageError` where disk space is short."""
        for place in (self.cache, self.root.local):
            if place is not None:
                _has_room(place, self.settings.disk_free_gb, stage)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return StageRun(
            self.run_id, source, "", "", stage, StageStatus.DONE, "", False, 0, 0.0, "", "", now
        )

    def key(self, stage: str, version: int, upstream: str, settings: Any, drawn: bool = True) -> str:
        """The key of what a stage makes: its version, its settings, what it was made from, and the seed where
        anything is `drawn`."""
        return digest(stage, version, upstream, settings, self.settings.seed if drawn else None)[:16]

    def rows_of(self, row: type[R], selected: StageRun) -> list[R]:
        """The rows of a table that the select stage made: `Repo`, `Test` or `Function`."""
        return read(self.root, Shard(table_name(row), slug(selected.pin), selected.key), row)

    def tree_of(self, repo: Repo) -> Tree:
        """The repository's clean tree, on this machine."""
        return fetch(Pin(repo.source, repo.repo), self.cache, self.settings.select)

    def worker(self, repo: Repo) -> Worker:
        """A worker of the repository's environment; nothing is started yet."""
        tests = [name for name in repo.test_files if name.endswith(".py")]
        return Worker(
            self.sandbox, environment_of(repo), repo.test_args, self.limits, repo.source_files, tests,
            repo.patterns,
        )  # fmt: skip

    def once(
        self, row: type[R], shard: Shard, make: Callable[[], Sequence[R]], *beside: type[Row]
    ) -> tuple[list[R], StageStatus]:
        """The shard's rows: read where it is there and whole, else made, gated and written.

        `beside` are the rows of further tables that `make` writes under the same name and key before.
        """
        places = [(other, replace(shard, table=table_name(other))) for other in beside]
        if all(self.root.exists(place.path) for place in (shard, *(place for _, place in places))):
            try:
                for other, place in places:
                    count_at(self.root, place.path, other)
                return read(self.root, shard, row), StageStatus.CACHED
            except DamagedShard as error:
                log.warning("%s; it is made again", error)
        return self._made(row, shard, make), StageStatus.DONE

    def counted(
        self, row: type[R], shard: Shard, make: Callable[[], Sequence[R]]
    ) -> tuple[int, StageStatus]:
        """How many rows the shard has: of one that is there and whole, else made, gated and written."""
        if self.root.exists(shard.path):
            try:
                return count_at(self.root, shard.path, row), StageStatus.CACHED
            except DamagedShard as error:
                log.warning("%s; it is made again", error)
        return len(self._made(row, shard, make)), StageStatus.DONE

    def _made(self, row: type[R], shard: Shard, make: Callable[[], Sequence[R]]) -> list[R]:
        if not self.makes:
            raise Lacking(shard.path)
        rows = list(make())
        self.gate(table_name(row), rows)
        write(self.root, shard, row, rows)
        return rows


def _has_room(place: Path, wanted: float, stage: str) -> None:
    """Raises `StorageError` where fewer GB than wanted are free there."""
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free / 1e9
    if free < wanted:
        raise StorageError(
            f"{free:.2f} GB are free in {place}, and {stage} begins with {wanted:g} GB at least "
            "(disk_free_gb); `smith clean` shows what may go"
        )


def finish(row: StageRun, shard: Shard, started: float, **facts: Any) -> StageRun:
    """The row of a stage that has ended, with its shard and its seconds."""
    seconds = round(time.monotonic() - started, 3)
    return replace(row, shard=shard.path, key=shard.key, seconds=seconds, **facts)


def follows(before: StageRun) -> bool:
    """Whether anything follows a stage that ended so."""
    return before.status in (StageStatus.DONE, StageStatus.CACHED)
