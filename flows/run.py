"""The main job: select, inject, validate, package and publish."""

from typing import Any, Literal

from prefect import flow, unmapped
from prefect.task_runners import ThreadPoolTaskRunner

from smith_lib.settings import DEFAULTS, Settings
from smith_lib.sources.table import anchored
from tasks import (
    Ended,
    asking,
    begin_run,
    end_run,
    firsts,
    inject_repo,
    package_repo,
    publish_version,
    select_repo,
    settled,
    validate_repo,
)

Until = Literal["select", "inject", "validate", "package", "publish"]
ORDER: tuple[Until, ...] = ("select", "inject", "validate", "package", "publish")


def process(sources: list[str], settings: Settings, until: Until, run_id: str) -> list[Any]:
    """The ledger rows of these sources, each taken through the stages as far as `until`."""
    shared = {"settings": unmapped(settings), "run_id": unmapped(run_id)}
    last = ORDER.index(until)
    selected = select_repo.map(sources, firsts(sources, settings, run_id), **shared)
    steps = [("select", selected)]
    if last >= 1:
        injected = asking(inject_repo, settings).map(sources, selected, **shared)
        steps.append(("inject", injected))
    if last >= 2:
        validated = validate_repo.map(sources, selected, injected, **shared)
        steps.append(("validate", validated))
    if last >= 3:
        steps.append(("package", package_repo.map(sources, selected, injected, validated, **shared)))
    return settled(sources, steps, settings, run_id)


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
