"""A run that is spread: its sources in parts, each a flow run that any worker of the pool takes up."""

from typing import Any

from prefect import flow, unmapped
from prefect.task_runners import ThreadPoolTaskRunner

from flows.stages import Until, staged
from smith_lib.settings import DEFAULTS, Settings
from tasks import Ended, end_part, gathered, hand_out, parted, take_part


@flow(name="part", flow_run_name="part of {run_id}", task_runner=ThreadPoolTaskRunner(max_workers=8))
def part(
    sources: list[str],
    first: list[str],
    run_id: str,
    pins: dict[str, list[str]] | None = None,
    settings: Settings = DEFAULTS,
    until: Until = "publish",
) -> Ended:
    """Take some of a run's repositories through the stages; a run with the setting `spread` starts it.

    Args:
        sources: the repositories of this part
        first: for each of them the source that stands for it, often itself
        run_id: the run that they are part of
        pins: what sources were pinned to, each as its pinned source and its repository's name
        settings: those of the run
        until: the last stage wanted
    """
    take_part(run_id, pins or {})
    return end_part(staged(sources, first, settings, until, run_id), run_id, settings)


@flow(name="parts", flow_run_name="parts of {run_id}", task_runner=ThreadPoolTaskRunner(max_workers=64))
def parts(sources: list[str], first: list[str], settings: Settings, until: Until, run_id: str) -> list[Any]:
    """The ledger rows of a run's sources, which the workers of the pool take through the stages.

    Args:
        sources: repositories
        first: for each of them the source that stands for it
        settings: those of the run; `spread` says how many repositories make a part
        until: the last stage wanted
        run_id: the run
    """
    handed = parted(sources, first, settings, run_id)
    ended = hand_out.map(handed, settings=unmapped(settings), until=unmapped(until), run_id=unmapped(run_id))
    return gathered(handed, ended, settings, until, run_id)
