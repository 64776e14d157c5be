"""Tonight's dataset version."""

from prefect import flow

from flows.run import run
from smith_lib.inject.short_of import by_newest
from smith_lib.settings import DEFAULTS, SearchSettings, Settings
from tasks import Ended, passed_on, search_repos


@flow(name="nightly")
def nightly(
    sources: list[str] | None = None, search: SearchSettings | None = None, settings: Settings = DEFAULTS
) -> Ended:
    """Run the main job over a list of repositories and what a GitHub search finds.

    Args:
        sources: repositories, or `@file` for a file that lists them, one a line
        search: what to look for on GitHub; no search where left out
        settings: everything a run depends on; the defaults where left out
    """
    found = search_repos(sources or [], search, settings)
    return passed_on(run(found, by_newest(settings), return_state=True))
