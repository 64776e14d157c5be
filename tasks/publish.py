"""Publishing as a task: the choice, the gate, the version, and the artifacts that show them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from smith_lib.curate.choose import Choice
from smith_lib.errors import GateFailed
from smith_lib.settings import Settings
from smith_lib.stages.publish import publish
from smith_lib.storage import Root
from smith_lib.types import Candidate, Outcome, Repo, StageRun
from tasks.states import curable


def _checked(settings: Settings) -> Any:
    def check(choice: Choice, repos: Sequence[Repo], candidates: Sequence[Candidate], docs: Path) -> None:
        from expectations import checkpoint

        try:
            checkpoint.gate(
                "instances",
                [*choice.main, *choice.subtle],
                docs=docs,
                settings=settings,
                repo_ids={r.repo_id for r in repos},
                candidate_ids={c.candidate_id for c in candidates},
            )
        except GateFailed as error:
            create_markdown_artifact(key="gate", markdown=f"**The gate refused.**\n\n{error}")
            raise
        create_markdown_artifact(key="gate", markdown=f"The gate let {len(choice.main)} rows pass.")

    return check


@task(
    name="publish",
    retries=3,
    retry_delay_seconds=exponential_backoff(2),
    retry_condition_fn=curable,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def publish_version(rows: Sequence[StageRun], settings: Settings) -> dict[str, Any]:
    """The version that those rows' instances make, as plain data; raises `GateFailed` where it is refused."""
    published = publish(rows, Root.at(settings.out), settings, _checked(settings))
    told = f"`{published.path}`: {published.rows} rows{'' if published.new else ' (not new)'}"
    create_markdown_artifact(key="version", markdown=told)
    return {
        "version": published.version,
        "path": published.path,
        "rows": published.rows,
        "new": published.new,
    }


def show_funnel(outcomes: Counter[Outcome]) -> None:
    """Put the funnel into Prefect's UI."""
    create_table_artifact(
        key="funnel", table=[{"outcome": str(o), "candidates": n} for o, n in sorted(outcomes.items())]
    )
