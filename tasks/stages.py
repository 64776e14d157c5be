"""The stages of one repository as tasks: one task run a repository and stage, never one a candidate."""

import functools
import inspect
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.tasks import exponential_backoff

from smith_lib import ledger, stages
from smith_lib.deadline import limited
from smith_lib.errors import SmithError
from smith_lib.settings import Settings
from smith_lib.sources.protocol import Pin
from smith_lib.sources.table import pin, source_of
from smith_lib.stages.frame import follows
from smith_lib.types import StageRun, StageStatus
from tasks import shown, tried
from tasks.desk import desk_for, remember
from tasks.following import followed
from tasks.states import curable, told


def stage_task(name: str, subject: str, tags: list[str]) -> Callable[[Callable[..., Any]], Task[..., Any]]:
    """What makes a function the task of one stage, tried again where that may cure it, its progress shown."""
    as_task = task(
        name=name,
        task_run_name=f"{name} {{{subject}}}",
        tags=tags,
        retries=3,
        retry_delay_seconds=exponential_backoff(2),
        retry_jitter_factor=0.5,
        retry_condition_fn=curable,
        # A finished shard is what is cached; Prefect keeps no rows.
        cache_policy=NO_CACHE,
        persist_result=False,
    )

    def decorate(function: Callable[..., Any]) -> Task[..., Any]:
        @functools.wraps(function)
        def stage(*args: Any, **kwargs: Any) -> Any:
            given = [*args, *kwargs.values()]
            names = [one.repo_id for one in given if isinstance(one, StageRun)]
            names += [one for one in given if isinstance(one, str)]
            [settings] = [one for one in given if isinstance(one, Settings)]
            called = inspect.signature(function).bind(*args, **kwargs).arguments
            tried.note(called.get("run_id", ""), called["source"], name)
            with followed(name, names), limited(name, names, settings.stage_seconds):
                return function(*args, **kwargs)

        return as_task(stage)

    return decorate


def _done(row: StageRun, run_id: str, settings: Settings) -> State[StageRun]:
    ledger.enter(desk_for(run_id, settings).root, row)
    return told(row)


def _skipped(before: StageRun, stage: str) -> State[StageRun]:
    row = replace(before, stage=stage, status=StageStatus.SKIPPED, shard="", key="", rows=0, seconds=0.0)
    return told(row)


@task(name="pin", cache_policy=NO_CACHE, persist_result=False)
def firsts(sources: Sequence[str], settings: Settings, run_id: str) -> list[str]:
    """For each source the first of them that is the same repository and commit; often itself.

    One that cannot be pinned stands for itself: its stage meets the same again, and tells it.
    """

    def pinned(source: str) -> Pin | None:
        try:
            return pin(source, settings.select)
        except SmithError:
            return None

    with ThreadPoolExecutor(8) as pool:
        pins = list(pool.map(pinned, sources))
    # A folder's pin is soon out of date, and made again at no cost.
    lasting = [found if found and source_of(found.source, settings.select).prefix else None for found in pins]
    remember(run_id, {source: found for source, found in zip(sources, lasting, strict=True) if found})
    first: dict[Any, str] = {}
    return [
        first.setdefault(found.same, source) if found else source
        for source, found in zip(sources, pins, strict=True)
    ]


@stage_task("select", "source", ["engine"])
def select_repo(source: str, first: str, settings: Settings, run_id: str) -> State[StageRun]:
    """The repository's row, kept or rejected, with its environment built and its tests known.

    A source that an earlier one (`first`) stands for already is rejected, so that no task comes twice.
    """
    if first != source:
        row = desk_for(run_id, settings).start(source, "select")
        reason = f"the same repository and commit as {first}"
        return _done(replace(row, status=StageStatus.REJECTED, reason=reason), run_id, settings)
    return _done(stages.select(source, desk_for(run_id, settings)), run_id, settings)


@stage_task("inject", "source", [])
def inject_repo(source: str, selected: StageRun, settings: Settings, run_id: str) -> State[StageRun]:
    """The repository's candidates."""
    if not follows(selected):
        return _skipped(selected, "inject")
    desk = desk_for(run_id, settings)
    state = _done(stages.inject(selected, desk), run_id, settings)
    if settings.llm.model:
        shown.cost_so_far(desk.root, run_id)
    return state


def asking(stage: Task[..., Any], settings: Settings) -> Task[..., Any]:
    """The task, tagged `model` where it may ask one, so that the limit of that tag counts it."""
    return stage.with_options(tags={*stage.tags, "model"}) if settings.llm.model else stage


@stage_task("validate", "source", ["engine"])
def validate_repo(
    source: str, selected: StageRun, injected: StageRun, settings: Settings, run_id: str
) -> State[StageRun]:
    """The verdicts on the repository's candidates."""
    if not follows(injected):
        return _skipped(injected, "validate")
    return _done(stages.validate(selected, injected, desk_for(run_id, settings)), run_id, settings)


@stage_task("package", "source", ["engine"])
def package_repo(
    source: str,
    selected: StageRun,
    injected: StageRun,
    validated: StageRun,
    settings: Settings,
    run_id: str,
) -> State[StageRun]:
    """The repository's instances."""
    if not follows(validated):
        return _skipped(validated, "package")
    row = stages.package(selected, injected, validated, desk_for(run_id, settings))
    return _done(row, run_id, settings)
