"""Publishing as a task: the choice, the gate, the version, and the artifacts that show them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from smith_lib.deadline import limited
from smith_lib.errors import GateFailed
from smith_lib.progress import report
from smith_lib.publish import refused_docs
from smith_lib.settings import Settings
from smith_lib.stages.publish import Proposal, propose, publish
from smith_lib.storage import Root
from smith_lib.types import StageRun
from tasks import shown
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
    with limited("publish", [settings.out], settings.stage_seconds):
        return _published(rows, settings)


def _published(rows: Sequence[StageRun], settings: Settings) -> dict[str, Any]:
    passed = "**Passed** before: the rows are those of this version, under the same rules."

    def check(proposal: Proposal, docs: Path) -> None:
        nonlocal passed
        chosen = [*proposal.choice.main, *proposal.choice.subtle]
        report("publish", settings.out, 0, len(chosen), "at the gate")
        references = {"repos": proposal.repos, "candidates": proposal.judged}
        checked = gate("published", chosen, settings, docs=docs, **references)
        warned = "".join(f"\n- {broken}" for broken in checked.failures)
        passed = f"**Passed**: {len(chosen)} rows, {checked.rules} rules.{warned}"

    root = Root.at(settings.out)
    report("publish", settings.out, 0, 0, "choosing")
    proposal = propose(rows, root, settings)
    shown.funnel(proposal.metrics["funnel"])
    shown.distribution(proposal.metrics["distribution"], settings.publish)
    try:
        made = publish(proposal, root, settings, check)
    except GateFailed as error:
        shown.gate(f"**Refused.** {str(error).partition('; data docs: ')[0]}", refused_docs(root))
        raise
    shown.gate(passed, f"{made.path}/data_docs/index.html")
    report("publish", settings.out, made.rows, made.rows, made.version)
    told = f"`{made.path}`: {made.rows} rows{'' if made.new else ', as before'}; data docs in `data_docs/`"
    create_markdown_artifact(key="version", markdown=told)
    left_out = dict(proposal.choice.why)
    return {
        "version": made.version, "path": made.path, "rows": made.rows, "new": made.new, "left_out": left_out,
    }  # fmt: skip
