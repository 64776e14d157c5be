"""A run's records: the ledger's entries, and what is found in them again."""

import traceback
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.futures import PrefectFuture
from prefect.tasks import exponential_backoff

from smith_lib import accounts, ledger
from smith_lib.again import new_id
from smith_lib.errors import InputError, may_be_cured
from smith_lib.settings import Settings
from smith_lib.stages.there import by_source, ended
from smith_lib.storage import Root
from smith_lib.types import StageRun, StageStatus
from tasks import tried
from tasks.states import curable


@task(
    name="begin",
    retries=3,
    retry_delay_seconds=exponential_backoff(2),
    retry_condition_fn=curable,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def begin_run(sources: Sequence[str], settings: Settings, until: str, of: str = "") -> str:
    """The id of a new run, entered in the ledger; `of` is the run whose failures it takes up."""
    root, flow = Root.at(settings.out), FlowRunContext.get()
    run_id = new_id(root)
    if flow is not None and (found := flow.flow_run) is not None:
        facts = accounts.facts(str(found.deployment_id or ""), tried.page("flow-run", str(found.id)))
    else:
        facts = accounts.facts()
    ledger.begin(root, ledger.RunRecord(run_id, tuple(sources), settings, until, of, facts=facts))
    return run_id


def failure(state: State[Any]) -> BaseException | None:
    """The exception that a task ended with, or None where it never ran for want of the stage before."""
    if not (state.is_failed() or state.is_crashed()):
        return None
    error = state.result(raise_on_failure=False)
    return error if isinstance(error, BaseException) else RuntimeError(state.message or state.name)


def settled(
    sources: Sequence[str],
    stages: Sequence[tuple[str, Sequence[PrefectFuture[StageRun]]]],
    settings: Settings,
    run_id: str,
) -> list[StageRun]:
    """Every stage's ledger row, in the order of stages and sources; failed ones are entered here."""
    root = Root.at(settings.out)
    rows: list[StageRun] = []
    lost: set[str] = set()
    for stage, futures in stages:
        for source, future in zip(sources, futures, strict=True):
            future.wait()
            if source in lost:
                continue
            if (error := failure(future.state)) is None:
                rows.append(future.result())
                continue
            lost.add(source)
            before = [r for r in rows if r.source == source][-1:]
            blank = StageRun(run_id, source, "", "", stage, StageStatus.FAILED, "", False, 0, 0.0, "", "", "")
            row = replace(
                before[0] if before else blank,
                stage=stage,
                status=StageStatus.FAILED,
                reason=f"{type(error).__name__}: {error}",
                curable=may_be_cured(error),
                rows=0,
                seconds=0.0,  # those of the stage before are not its own
                shard="",
                key="",
                started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            )
            ledger.enter(root, row)
            told = "".join(traceback.format_exception(error))
            root.write_bytes(ledger.error_log(row), told.encode(errors="replace"))
            rows.append(row)
    return rows


@dataclass(frozen=True, slots=True)
class Failed:
    """What failed in a run, and what did not."""

    run_id: str
    sources: list[str]
    kept: list[StageRun]
    """The rows of the sources that did not fail."""
    settings: Settings
    until: Any


def failed_of(out: str, run_id: str | None) -> Failed:
    """The repositories that failed in a run (the newest where none is named), or that it was cut off before.

    A run that is itself a rerun stands for the run it took up. Raises `InputError` where nothing failed.
    """
    root = Root.at(out)
    record = ledger.record(root, run_id)
    settings = record.settings.model_copy(update={"out": out})  # the root may have moved since
    chain = ledger.chain(root, record)
    rows: dict[str, list[StageRun]] = {}
    for one in chain:
        rows.update(by_source(ledger.stages(root, one.run_id)))
    good = {source for source, found in rows.items() if ended(found[-1], record.until)}
    sources = [source for source in chain[0].sources if source not in good]
    if not sources:
        raise InputError(f"nothing failed in run {record.run_id}")
    kept = [row for source in chain[0].sources if source in good for row in rows[source]]
    return Failed(record.run_id, sources, kept, settings, record.until)
