"""A run spread over the workers of a pool: its sources in parts, each a flow run of the deployment `part`.

Prefect hands the parts out. What they made lies in the ledger and in shards, so that only names travel.
A part whose worker died shows as crashed (`tasks.lost`) and is handed out again; what it had finished
is found there, and a worker that comes back after all writes the same shards once more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx
from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.futures import PrefectFuture
from prefect.states import Failed
from prefect.tasks import exponential_backoff

from smith_lib import ledger, remedies
from smith_lib.errors import InputError, MachineryError, RepositoriesFailed
from smith_lib.settings import Settings
from smith_lib.sources.protocol import Pin
from smith_lib.stages.there import ended
from smith_lib.storage import Root
from smith_lib.types import StageRun, StageStatus
from tasks.desk import pinned, remember
from tasks.ending import Ended
from tasks.records import failure
from tasks.states import curable

DEPLOYMENT = "part/part"
TRIES = 4
"""Flow runs that a part may have, each after one that crashed."""
ASKED_EVERY = 5.0
"""Seconds between two looks at how far a part is."""


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a run's sources."""

    name: str
    """What the flow run is called: `pypi:h11 and 3 more`."""
    sources: tuple[str, ...]
    first: tuple[str, ...]
    """The sources that stand for them."""
    pins: Mapping[str, Pin]


def parted(sources: Sequence[str], first: Sequence[str], settings: Settings, run_id: str) -> list[Part]:
    """The sources in parts of `settings.spread`, in their order."""
    pins, size = pinned(run_id), settings.spread
    found = []
    for at in range(0, len(sources), size):
        some = tuple(sources[at : at + size])
        name = some[0] if len(some) == 1 else f"{some[0]} and {len(some) - 1} more"
        known = {source: pins[source] for source in some if source in pins}
        found.append(Part(name, some, tuple(first[at : at + size]), known))
    return found


@task(
    name="part",
    task_run_name="part {part.name}",
    retries=3,
    retry_delay_seconds=exponential_backoff(2),
    retry_jitter_factor=0.5,
    retry_condition_fn=curable,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def hand_out(part: Part, settings: Settings, until: str, run_id: str) -> str:
    """What the flow run said in the end that took these sources; any worker of the pool takes it.

    One that crashed is followed by another. Asked again, the same ones are found. Raises `MachineryError`
    where the last one crashed or the server did not answer, `InputError` where there is no such deployment.
    """
    parameters = {
        "sources": list(part.sources),
        "first": list(part.first),
        "pins": {source: [pin.source, pin.repo] for source, pin in part.pins.items()},
        "settings": settings.model_dump(mode="json"),
        "until": until,
        "run_id": run_id,
    }
    said = ""
    for attempt in range(TRIES):
        run = _flow_run(part.name, parameters, f"{run_id} {part.name} {attempt}")
        state = run.state
        said = f"the flow run {run.name!r} ({run.id}) ended as {state.name if state else 'nothing'}"
        said += f": {(state.message if state else None) or 'without a word'}"
        if state is not None and not state.is_crashed():
            return said
    raise MachineryError(said)


def _flow_run(name: str, parameters: dict[str, Any], key: str) -> FlowRun:
    """The flow run of that key, made where there is none, once it has ended."""
    try:
        return run_deployment(
            DEPLOYMENT, parameters=parameters, flow_run_name=name, idempotency_key=key,
            poll_interval=ASKED_EVERY,
        )  # fmt: skip
    except ObjectNotFound as error:
        raise InputError(
            f"spread hands repositories to the workers of a Prefect server, and this one has no deployment "
            f"{DEPLOYMENT!r}: `smith deploy` makes it, `smith worker` works for it"
        ) from error
    except httpx.HTTPError as error:
        raise MachineryError(f"the Prefect server did not answer: {error}") from error


def gathered(
    parts: Sequence[Part],
    futures: Sequence[PrefectFuture[str]],
    settings: Settings,
    until: str,
    run_id: str,
) -> list[StageRun]:
    """The ledger's rows of all sources, in the order of stages and sources, once every part has ended.

    A source that no part brought to an end gets a row here that says it failed, and why.
    """
    root = Root.at(settings.out)
    told: dict[str, str] = {}
    for part, future in zip(parts, futures, strict=True):
        future.wait()
        error = failure(future.state)
        said = future.result() if error is None else f"{type(error).__name__}: {error}"
        told |= dict.fromkeys(part.sources, said)
    rows: dict[str, list[StageRun]] = {source: [] for source in told}
    for row in ledger.stages(root, run_id):
        rows.setdefault(row.source, []).append(row)
    for source, found in rows.items():
        if found and (found[-1].status is StageStatus.FAILED or ended(found[-1], until)):
            continue
        row = _lost(run_id, source, found, told[source])
        ledger.enter(root, row)
        found.append(row)
    return [row for stage in ledger.STAGES for found in rows.values() for row in found if row.stage == stage]


def _lost(run_id: str, source: str, found: Sequence[StageRun], why: str) -> StageRun:
    """The row of a source that no worker brought to an end, at the stage after the last that was."""
    blank = StageRun(run_id, source, "", "", "select", StageStatus.FAILED, "", True, 0, 0.0, "", "", "")
    stage = ledger.STAGES[ledger.STAGES.index(found[-1].stage) + 1] if found else "select"
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return replace(
        found[-1] if found else blank, stage=stage, status=StageStatus.FAILED, reason=why, curable=True,
        rows=0, seconds=0.0, shard="", key="", started_at=now,
    )  # fmt: skip


def take_part(run_id: str, pins: Mapping[str, Sequence[str]]) -> None:
    """Have the desks of this process know what the run's sources were pinned to, when it began."""
    remember(run_id, {source: Pin(*pin) for source, pin in pins.items()})


def end_part(rows: Sequence[StageRun], run_id: str, settings: Settings) -> Ended:
    """What came of a part, as plain data; a failed state where repositories failed in it."""
    last = {row.source: row for row in rows}
    failed = [row for row in last.values() if row.status is StageStatus.FAILED]
    summary: dict[str, Any] = {"run_id": run_id, "repositories": len(last), "failed": len(failed)}
    if not failed:
        return summary
    told = remedies.sentence(failed, len(last), run_id, settings.out)
    return Failed(message=told, data=RepositoriesFailed(told, summary))
