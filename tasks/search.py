"""The night's list of repositories."""

from collections.abc import Sequence
from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from smith_lib.errors import InputError
from smith_lib.settings import SearchSettings, Settings
from smith_lib.sources.github import search
from tasks.states import curable


def listed(source: str) -> list[str]:
    """The sources that an argument stands for: itself, or the lines of the file that `@file` names.

    Raises `InputError` that names a file that cannot be read.
    """
    if not source.startswith("@"):
        return [source]
    try:
        lines = Path(source[1:]).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the list of sources {source[1:]!r}: {error}") from error
    return [text for line in lines if (text := line.partition("#")[0].strip())]


@task(
    name="search",
    retries=3,
    retry_delay_seconds=exponential_backoff(2),
    retry_condition_fn=curable,
    tags=["github"],
    cache_policy=NO_CACHE,
    persist_result=False,
)
def search_repos(sources: Sequence[str], wanted: SearchSettings | None, settings: Settings) -> list[str]:
    """The sources listed, and those that the search finds, each once. Raises `InputError` where none is."""
    found = [one for source in sources for one in listed(source)]
    if wanted is not None:
        found += search(wanted, settings.select)
    if not found:
        raise InputError("no repository to run: name sources, or give a search that finds some")
    return list(dict.fromkeys(found))
