"""The funnel of a run, from its ledger and the shards that the ledger names."""

from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from smith_lib import ledger
from smith_lib.cli.failures import at, log_of
from smith_lib.errors import DamagedShard
from smith_lib.publish.reading import column, data_files
from smith_lib.publish.version import versions
from smith_lib.storage import Root
from smith_lib.types import LedgerRow, StageRun, StageStatus


@dataclass
class Line:
    """One repository of a run."""

    source: str
    repo_id: str = ""
    outcome: str = "waiting"
    """kept, waiting, failed or duplicate; a rejected repository's own outcome, such as too_few_tests."""
    reason: str = ""
    log: str = ""
    """Where the build's log or the traceback lies, where the repository was not kept or failed."""
    stage: str = ""
    """The furthest stage that it came to."""
    status: str = ""
    candidates: int = 0
    parts_only: int = 0
    """How many of them become no tasks themselves, as only what combines them was asked for."""
    outcomes: dict[str, int] = field(default_factory=dict)
    valid: int = 0
    subtle: int = 0
    instances: int = 0
    published: int = 0
    seconds: float = 0.0
    loc: int = 0
    tests: int = 0
    pass_rate: float = 0.0

    @property
    def reached(self) -> str:
        """How far it came, in words."""
        return "published" if self.published else f"{self.stage} {self.status}".strip()

    @property
    def size(self) -> str:
        """What a kept repository holds, in words."""
        return f"{self.loc:,} lines of code, {self.tests:,} tests, {self.pass_rate:.1%} of them pass"

    @property
    def why(self) -> str:
        """Why it was not kept and where that can be read; empty where it was, or failed."""
        if not self.reason or self.outcome == "failed":
            return ""
        return f"{self.source}: {self.reason}" + (f" (log: {self.log})" if self.log else "")


COUNTED = ("candidates", "parts_only", "valid", "subtle", "instances", "published")


@dataclass(frozen=True, slots=True)
class Funnel:
    """How far a run came."""

    run_id: str
    until: str
    finished: bool
    version: str | None
    """The version that it published."""
    new: bool
    """False where an earlier run had published the same rows."""
    repositories: list[Line]
    totals: dict[str, Any]
    damaged: list[str]
    """What is wrong with each file that could not be read; its rows are missing above."""
    facts: dict[str, str] = field(default_factory=dict)
    """Who began it, when, and with which releases."""
    seconds: float = 0.0
    """Of all stages together."""
    cost_usd: float = 0.0
    tried_again: int = 0
    """Stages that took more than one attempt."""
    left_out: dict[str, int] = field(default_factory=dict)
    """How many instances the version left out, by reason."""

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def funnel(root: Root, run_id: str | None) -> Funnel:
    """The funnel of a run, the newest where none is named. Raises `InputError` where there is none."""
    record = ledger.record(root, run_id)
    version = (record.summary or {}).get("version")
    shipped: set[str] = set()
    damaged: list[str] = []
    for name in data_files(root, version) if version in versions(root) else ():
        try:
            shipped.update(column(root, name, "instance_id"))
        except DamagedShard as error:
            damaged.append(str(error))
    by_source: dict[str, list[StageRun]] = {source: [] for source in record.sources}
    for row in ledger.stages(root, record.run_id, damaged):
        by_source.setdefault(row.source, []).append(row)
    lines = [_line(root, source, rows, shipped, damaged) for source, rows in by_source.items()]
    new = bool((record.summary or {}).get("new", True))
    finished = record.summary is not None
    accounts = _accounts(root, record.run_id, damaged)
    return Funnel(
        record.run_id, record.until, finished, version, new, lines, _totals(lines), damaged, record.facts,
        seconds=round(sum(line.seconds for line in lines), 3),
        cost_usd=round(sum(row.cost_usd for row in accounts), 6),
        tried_again=sum(row.attempts > 1 for row in accounts),
        left_out=dict((record.summary or {}).get("left_out") or {}),
    )  # fmt: skip


def _accounts(root: Root, run_id: str, damaged: list[str]) -> list[LedgerRow]:
    try:
        return ledger.accounts(root, run_id)
    except DamagedShard as error:
        damaged.append(str(error))
        return []


def _line(root: Root, source: str, rows: list[StageRun], shipped: set[str], damaged: list[str]) -> Line:
    line = Line(source)
    for row in rows:
        line.repo_id = row.repo_id or line.repo_id
        line.stage, line.status = row.stage, str(row.status)
        line.reason = row.reason or line.reason
        line.seconds = round(line.seconds + row.seconds, 3)
        if row.status is StageStatus.FAILED:
            line.outcome, line.log = "failed", log_of(root, row)
        elif row.stage == "select" and row.status is StageStatus.REJECTED and not row.shard:
            line.outcome = "duplicate"
        elif row.shard and root.exists(row.shard):
            try:
                READERS[row.stage](root, row.shard, line, shipped)
            except DamagedShard as error:
                damaged.append(str(error))
    return line


def _select(root: Root, shard: str, line: Line, _: set[str]) -> None:
    outcomes, logs = column(root, shard, "outcome"), column(root, shard, "log")
    if len(outcomes) != 1:
        raise DamagedShard(f"shard {shard} is damaged ({len(outcomes)} rows, and 1 was wanted)")
    [line.outcome], [log] = outcomes, logs
    for name, of in (("loc", "loc"), ("tests", "n_tests"), ("pass_rate", "pass_rate")):
        setattr(line, name, column(root, shard, of)[0])
    if line.outcome != "kept" and log and root.exists(log):
        line.log = at(root, log)


def _inject(root: Root, shard: str, line: Line, _: set[str]) -> None:
    alone = column(root, shard, "part_only")
    line.candidates, line.parts_only = len(alone), sum(alone)


def _validate(root: Root, shard: str, line: Line, _: set[str]) -> None:
    line.outcomes = dict(sorted(Counter(column(root, shard, "outcome")).items()))
    line.valid, line.subtle = line.outcomes.get("valid", 0), line.outcomes.get("subtle", 0)


def _package(root: Root, shard: str, line: Line, shipped: set[str]) -> None:
    ids = column(root, shard, "instance_id")
    line.instances, line.published = len(ids), sum(i in shipped for i in ids)


READERS: dict[str, Callable[[Root, str, Line, set[str]], None]] = {
    "select": _select, "inject": _inject, "validate": _validate, "package": _package,
}  # fmt: skip


def _totals(lines: list[Line]) -> dict[str, Any]:
    # Two sources may be one repository, whose rows then count once: those of the one that came furthest.
    far = sorted(lines, key=lambda line: (line.candidates, line.instances))
    once = list({line.repo_id or line.source: line for line in far}.values())
    outcomes: Counter[str] = Counter()
    for line in once:
        outcomes.update(line.outcomes)
    return {
        "sources": len(lines),
        "repositories": dict(sorted(Counter(line.outcome for line in lines).items())),
        **{name: sum(getattr(line, name) for line in once) for name in COUNTED},
        "outcomes": dict(sorted(outcomes.items())),
    }
