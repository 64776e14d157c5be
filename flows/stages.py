"""The stages of a run's repositories, in this process."""

from typing import Any, Literal

from prefect import unmapped

from smith_lib.settings import Settings
from tasks import asking, inject_repo, package_repo, select_repo, settled, validate_repo

Until = Literal["select", "inject", "validate", "package", "publish"]
ORDER: tuple[Until, ...] = ("select", "inject", "validate", "package", "publish")


def staged(
    sources: list[str], first: list[str], settings: Settings, until: Until, run_id: str
) -> list[Any]:
    """The ledger rows of these sources, each taken through the stages as far as `until`.

    `first` are the sources that stand for them, as `firsts` gives them.
    """
    shared = {"settings": unmapped(settings), "run_id": unmapped(run_id)}
    last = ORDER.index(until)
    selected = select_repo.map(sources, first, **shared)
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
