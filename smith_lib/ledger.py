"""The ledger of runs: what was asked for, and how far each source came. `runs/<run id>/` under the root."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from smith_lib.errors import DamagedShard, InputError, StorageError
from smith_lib.settings import Settings
from smith_lib.storage import Root, Shard, digest, read_at, write
from smith_lib.storage.shards import to_parquet, to_table
from smith_lib.types import LedgerRow, StageRun

STAMP = "%Y%m%dT%H%M%S%f"
TIMED = re.compile(r"(\d{8}T\d{9})-\w+")
STAGES = ("select", "inject", "validate", "package")


@dataclass(frozen=True, slots=True)
class RunRecord:
    """What a run was asked for."""

    run_id: str
    sources: tuple[str, ...]
    settings: Settings
    until: str
    """The last stage wanted."""
    of: str = ""
    """The run whose failures it took up, or an empty string."""
    summary: dict[str, Any] | None = None
    """What came of it; None while it runs or where it was cut off."""
    facts: dict[str, str] = field(default_factory=dict)
    """Who began it, when and with which releases: columns of `LedgerRow`; empty in records of older ones."""


def slug(text: str) -> str:
    """The text as a file name: readable, and unique by a digest where characters had to go."""
    plain = re.sub(r"[^A-Za-z0-9_.=-]+", "-", text).strip("-.")[-80:]
    return plain if plain == text else f"{plain}-{digest(text)[:8]}"


def begin(root: Root, run: RunRecord) -> None:
    """Enter a new run."""
    asked = {
        "sources": run.sources,
        "settings": run.settings.model_dump(mode="json"),
        "until": run.until,
        "of": run.of,
        "facts": run.facts,
    }
    root.write_bytes(f"runs/{run.run_id}/run.json", json.dumps(asked, indent=1).encode())


def enter(root: Root, row: StageRun) -> None:
    """Enter how a stage of one source ended."""
    write(root, Shard("runs", f"{row.run_id}/{slug(row.source)}", row.stage), StageRun, [row])


def error_log(row: StageRun) -> str:
    """Where the traceback of a failed stage lies, relative to the root."""
    return f"logs/{slug(row.source)}-{row.stage}.error.log"


def end(root: Root, run_id: str, summary: dict[str, Any]) -> None:
    """Enter what came of a run."""
    root.write_bytes(f"runs/{run_id}/summary.json", json.dumps(summary, indent=1).encode())


def account(root: Root, run_id: str, rows: Sequence[LedgerRow]) -> None:
    """Write what a run did as one Parquet file, `ledger/RUN.parquet`."""
    root.write_bytes(f"ledger/{run_id}.parquet", to_parquet(to_table(LedgerRow, rows)))


def accounts(root: Root, run_id: str) -> list[LedgerRow]:
    """What a run did; empty while it runs and where it was cut off. Raises `StorageError` where damaged."""
    name = f"ledger/{run_id}.parquet"
    return read_at(root, name, LedgerRow) if root.exists(name) else []


def runs(root: Root) -> list[str]:
    """The ids of all runs, oldest first."""
    # An object store has no folder without a file in it, and a run's first is its `run.json`.
    sure = root.local is None
    return [one for one in root.folders("runs") if sure or root.exists(f"runs/{one}/run.json")]


def next_id(now: datetime, known: Sequence[str], mark: str) -> str:
    """The id of a run that begins now, `20260131T010004123-<mark>`, which sorts after all that are known.

    Where the clock was set back it is a millisecond after the newest: the newest run has to be the last.
    """
    if known and (last := TIMED.fullmatch(known[-1])) is not None:
        before = datetime.strptime(f"{last[1]}000", STAMP).replace(tzinfo=UTC)
        now = max(now, before + timedelta(milliseconds=1))
    return f"{now.strftime(STAMP)[:-3]}-{mark}"


def record(root: Root, run_id: str | None = None) -> RunRecord:
    """What a run (the newest where none is named) was asked for, and what came of it.

    Raises `InputError` that lists the known runs, and `StorageError` where its records are damaged.
    """
    known = runs(root)
    if not known:
        raise InputError(f"no run in {root.url!r}: `smith run SOURCE... --out {root.url}` makes one")
    if run_id is None:
        run_id = known[-1]
    if run_id not in known:
        raise InputError(f"no run {run_id!r} in {root.url!r}; known: {', '.join(known[-10:])}")
    asked, ended = f"runs/{run_id}/run.json", f"runs/{run_id}/summary.json"
    try:
        data = json.loads(root.read_bytes(asked))
        ending = json.loads(root.read_bytes(ended)) if root.exists(ended) else None
        _shaped(data, ending)
        return RunRecord(
            run_id=run_id,
            sources=tuple(data["sources"]),
            settings=Settings.model_validate(data["settings"]),
            until=data["until"],
            of=data["of"],
            summary=ending,
            facts=data.get("facts", {}),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise StorageError(f"the records of run {run_id!r} in {root.url!r} are damaged: {error}") from error


def _shaped(data: Any, ending: Any) -> None:
    """Raises `TypeError` that names the part of a run's records that is of another shape."""
    texts = isinstance(data["sources"], list) and all(isinstance(source, str) for source in data["sources"])
    if not isinstance(ending, dict | None):
        raise TypeError(f"an object was wanted, not {type(ending).__name__}")
    version, repos = (ending or {}).get("version"), (ending or {}).get("repos", [])
    for name, right in (
        ("sources", texts),
        ("until", isinstance(data["until"], str)),
        ("of", isinstance(data["of"], str)),
        ("version", version is None or isinstance(version, str)),
        ("repos", isinstance(repos, list)),
        ("facts", isinstance(data.get("facts", {}), dict)),
    ):
        if not right:
            raise TypeError(f"{name!r} is of another kind than was entered")


def stages(root: Root, run_id: str, damaged: list[str] | None = None) -> list[StageRun]:
    """How far each source came in a run, in the order of sources and stages.

    Raises `StorageError` where an entry is damaged; where a list is given, it is told there instead.
    """
    rows: list[StageRun] = []
    for name in root.names(f"runs/{run_id}"):
        if not name.endswith(".parquet"):
            continue
        try:
            rows += read_at(root, name, StageRun)
        except DamagedShard as error:
            if damaged is None:
                raise
            damaged.append(str(error))
    if unknown := {row.stage for row in rows} - set(STAGES):
        damage = f"unknown stage {unknown.pop()!r}"
        raise StorageError(f"the records of run {run_id!r} in {root.url!r} are damaged: {damage}")
    return sorted(rows, key=lambda r: (r.source, STAGES.index(r.stage)))


def chain(root: Root, run: RunRecord) -> list[RunRecord]:
    """The run with those whose failures it took up, oldest first.

    Raises `StorageError` where they lead back to themselves.
    """
    found = [run]
    while found[0].of:
        if found[0].of in {one.run_id for one in found}:
            damage = f"run {found[0].run_id!r} takes up {found[0].of!r}, which takes it up"
            raise StorageError(f"the records of runs in {root.url!r} are damaged: {damage}")
        found.insert(0, record(root, found[0].of))
    return found
