"""How a version was made, as far as its root still tells: repositories, candidates, verdicts, time, cost."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from smith_lib import ledger
from smith_lib.errors import StorageError
from smith_lib.settings import Settings
from smith_lib.storage import Root, table_at
from smith_lib.types import UNJUDGED, Outcome, StageRun, StageStatus


@dataclass
class OfRepo:
    """One repository's way through the stages."""

    repo: str = ""
    loc: int = 0
    tests: int = 0
    pass_rate: float = 0.0
    candidates: int = 0
    judged: int = 0
    kept: int = 0
    """Judged valid or subtle."""
    seconds: float = 0.0


@dataclass
class OfOperator:
    """What came of an operator's bugs."""

    strategy: str
    judged: int = 0
    kept: int = 0
    """Valid or subtle."""
    cost: float = 0.0
    made: int = 0


@dataclass
class Made:
    """What the shards of a version's runs tell."""

    settings: Settings | None = None
    """Those of the run that published it."""
    started: str = ""
    repos: dict[str, OfRepo] = field(default_factory=dict)
    """By id."""
    operators: dict[tuple[str, str], OfOperator] = field(default_factory=dict)
    """By family and operator."""
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds by stage, over all repositories."""
    lost: list[str] = field(default_factory=list)
    """Shards that are gone or cannot be read, with why."""


def made(root: Root, version: str) -> Made:
    """What the runs tell that published the version; where none did, what the newest of each source do."""
    found = Made()
    newest: dict[tuple[str, str], StageRun] = {}
    run_ids = ledger.runs(root)
    for run_id in reversed(run_ids):
        try:
            record = ledger.record(root, run_id)
        except StorageError as error:
            found.lost.append(str(error))
            continue
        if version and (record.summary or {}).get("version") == version:
            found.settings = record.settings
            run_ids = [one.run_id for one in ledger.chain(root, record)]
            break
    for run_id in run_ids:
        for row in ledger.stages(root, run_id, found.lost):
            newest[row.source, row.stage] = row
            found.stages[row.stage] = found.stages.get(row.stage, 0.0) + _spent(row)
    found.started = min((row.started_at for row in newest.values() if row.started_at), default="")
    seen: set[str] = set()
    strategies: dict[str, tuple[str, str]] = {}
    for row in sorted(newest.values(), key=lambda row: ledger.STAGES.index(row.stage)):
        one = found.repos.setdefault(row.repo_id, OfRepo()) if row.repo_id else OfRepo()
        one.seconds += _spent(row)
        if row.shard and row.shard not in seen:  # two sources may be one repository
            seen.add(row.shard)
            try:
                _read(root, row, one, found, strategies)
            except StorageError as error:
                found.lost.append(str(error))
    return found


def _spent(row: StageRun) -> float:
    return 0.0 if row.status is StageStatus.CACHED else row.seconds


def _read(
    root: Root, row: StageRun, one: OfRepo, found: Made, strategies: dict[str, tuple[str, str]]
) -> None:
    def columns(*names: str) -> Iterable[tuple]:  # type: ignore[type-arg]
        table = table_at(root, row.shard, names)
        return zip(*(table.column(name).to_pylist() for name in names), strict=True)

    if row.stage == "select":
        for one.repo, one.loc, one.tests, one.pass_rate in columns("repo", "loc", "n_tests", "pass_rate"):
            pass
    elif row.stage == "inject":
        for name, strategy, operator, cost in columns("candidate_id", "strategy", "operator", "cost_usd"):
            strategies[name] = (strategy, operator)
            entry = found.operators.setdefault((strategy, operator), OfOperator(strategy))
            entry.made += 1
            entry.cost += cost
            one.candidates += 1
    elif row.stage == "validate":
        unjudged = set(map(str, UNJUDGED))
        for name, outcome in columns("candidate_id", "outcome"):
            if outcome in unjudged or name not in strategies:
                continue
            kept = outcome in (Outcome.VALID, Outcome.SUBTLE)
            one.judged, one.kept = one.judged + 1, one.kept + kept
            entry = found.operators[strategies[name]]
            entry.judged, entry.kept = entry.judged + 1, entry.kept + kept


def families(operators: dict[tuple[str, str], OfOperator]) -> dict[str, OfOperator]:
    """The same summed by family."""
    summed: dict[str, OfOperator] = {}
    for one in operators.values():
        entry = summed.setdefault(one.strategy, OfOperator(one.strategy))
        entry.judged, entry.kept = entry.judged + one.judged, entry.kept + one.kept
        entry.made, entry.cost = entry.made + one.made, entry.cost + one.cost
    return summed


def by_repo(columns: dict[str, list[object]]) -> dict[str, Counter[str]]:
    """Rows of each repository, by subset."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for repo_id, subset in zip(columns["repo_id"], columns["subset"], strict=True):
        counts[str(repo_id)][str(subset)] += 1
    return counts
