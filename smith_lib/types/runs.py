"""What a run did."""

from dataclasses import dataclass

from smith_lib.types.values import StageStatus


@dataclass(frozen=True, slots=True)
class StageRun:
    """How far a run came with one source: a row of the run's ledger."""

    run_id: str
    source: str
    """As it was asked for."""
    pin: str
    """Fixed to a commit or release; empty until the source is resolved."""
    repo_id: str
    """Empty until the source is fetched."""
    stage: str
    """The stage this row is about: select, inject, validate, package."""
    status: StageStatus
    reason: str
    """One line: why it was rejected or failed."""
    curable: bool
    """Whether another try may help."""
    rows: int
    seconds: float
    shard: str
    """The shard's path relative to the root, or an empty string."""
    key: str
    """The shard's key, from which the next stage's derives."""
    started_at: str


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """What a run did in one stage of one repository, and what run it was: a row of `ledger/RUN.parquet`."""

    run_id: str
    of: str
    """The run whose failures it took up, or an empty string."""
    started_by: str
    """User and machine."""
    deployment: str
    """The id of Prefect's deployment; empty where it was started by hand."""
    began_at: str
    ended_at: str
    until: str
    """The last stage wanted."""
    settings: str
    """All of them, as JSON."""
    smith: str
    """Releases: of Smith, Python and Prefect."""
    python: str
    prefect: str
    judge: int
    """The version of the way in which bugs are judged, and of that in which tasks are written up."""
    packager: int
    version: str
    """The dataset version that the run published, or an empty string."""
    source: str
    repo_id: str
    pin: str
    stage: str
    status: StageStatus
    outcome: str
    """`kept` or why the repository was rejected, once it is selected; else the status."""
    reason: str
    attempts: int
    """How often it was tried; 0 where it was skipped or never reached."""
    started_at: str
    seconds: float
    cost_usd: float
    """What models were paid for what the stage made, whichever run paid it."""
    rows: int
    shard: str
    log: str
    """Where the traceback of a failed stage lies, relative to the root."""
    flow_run_url: str
    """In Prefect's UI; empty where the run had a server of its own that is gone."""
    task_run_url: str
