"""The main job: select, inject, validate, package and publish."""

from typing import Any

from prefect import flow
from prefect.task_runners import ThreadPoolTaskRunner

from flows.part import parts
from flows.stages import Until, staged
from smith_lib.settings import DEFAULTS, Settings
from smith_lib.sources.table import anchored
from tasks import Ended, begin_run, end_run, firsts, publish_version


def process(sources: list[str], settings: Settings, until: Until, run_id: str) -> list[Any]:
    """The ledger rows of these sources, taken through the stages here or, spread, by any worker."""
    first = firsts(sources, settings, run_id)
    work = parts if settings.spread else staged
    return work(sources, first, settings, until, run_id)


@flow(name="run", flow_run_name="run {sources}", task_runner=ThreadPoolTaskRunner(max_workers=8))
def run(sources: list[str], settings: Settings = DEFAULTS, until: Until = "publish") -> Ended:
    """Make a dataset version of these sources, as far as `until`.

    Args:
        sources: repositories: `pypi:name[==version]`, `github:owner/name[@ref]`, `git+URL[@ref]`, a path
        settings: everything a run depends on; the defaults where left out
        until: the last stage wanted
    """
    sources = list(dict.fromkeys(map(anchored, sources)))
    run_id = begin_run(sources, settings, until)
    rows = process(sources, settings, until, run_id)
    published = publish_version(rows, settings, return_state=True) if until == "publish" else None
    return end_run(run_id, sources, rows, settings, published)
