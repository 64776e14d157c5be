"""Publishing as a task: the choice, the gate, the version, and the artifacts that show them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from smith_lib.errors import GateFailed
from smith_lib.progress import report
from smith_lib.settings import Settings
from smith_lib.stages.publish import Proposal, propose, publish
from smith_lib.storage import Root
from smith_lib.types import StageRun
from tasks.gate import gate
from tasks.states import curable


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

    def check(proposal: Proposal, docs: Path) -> None:
        chosen = [*proposal.choice.main, *proposal.choice.subtle]
        report("publish", settings.out, 0, len(chosen), "at the gate")
        references = {"repos": proposal.repos, "candidates": proposal.judged}
        try:
            checked = gate("published", chosen, settings, docs=docs, **references)
        except GateFailed as error:
            create_markdown_artifact(key="gate", markdown=f"**Refused.** {error}")
            raise
        warned = "".join(f"\n- {broken}" for broken in checked.failures)
        told = f"**Passed**: {len(chosen)} rows, {checked.rules} rules.{warned}"
        create_markdown_artifact(key="gate", markdown=told)

    root = Root.at(settings.out)
    report("publish", settings.out, 0, 0, "choosing")
    proposal = propose(rows, root, settings)
    _show("funnel", proposal.metrics["funnel"])
    _show("distribution", proposal.metrics["distribution"])
    made = publish(proposal, root, settings, check)
    report("publish", settings.out, made.rows, made.rows, made.version)
    told = f"`{made.path}`: {made.rows} rows{'' if made.new else ', as before'}; data docs in `data_docs/`"
    create_markdown_artifact(key="version", markdown=told)
    return {"version": made.version, "path": made.path, "rows": made.rows, "new": made.new}


def _show(key: str, figures: Mapping[str, Any]) -> None:
    """Put figures, nested or not, into Prefect's UI as a table."""
    table = []
    for name, value in figures.items():
        inner = value if isinstance(value, Mapping) else {"": value}
        table += [{"what": name, "which": which, "figure": figure} for which, figure in inner.items()]
    create_table_artifact(key=key, table=table)
