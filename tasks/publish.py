"""Publishing as a task: the choice, the gate, the version, and the artifacts that show them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.tasks import exponential_backoff

from smith_lib.curate.history import drift, nights, of_night, remember
from smith_lib.deadline import limited
from smith_lib.errors import GateFailed
from smith_lib.progress import report
from smith_lib.publish import Published, figures, place, refused_docs
from smith_lib.settings import Settings
from smith_lib.stages.publish import Proposal, propose, publish, source_of_rows, unchanged
from smith_lib.storage import Root
from smith_lib.types import StageRun
from tasks import shown
from tasks.gate import gate_version
from tasks.states import curable

AS_BEFORE = "**Passed** before: the rows are those of this version, under the same rules."


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
    root = Root.at(settings.out)
    report("publish", settings.out, 0, 0, "choosing")
    made_from = source_of_rows(rows, root, settings)
    if (same := unchanged(made_from, root)) is not None:
        held = figures(root, same.version)
        shown.funnel(held.get("funnel", {}))
        shown.distribution(held.get("distribution", {}), settings.publish)
        made = Published(same.version, place(root, same.version), same.rows, new=False)
        return _shown(made, AS_BEFORE, same.left_out, settings)
    passed = AS_BEFORE

    warnings: list[str] = []

    def check(proposal: Proposal, docs: Path) -> None:
        nonlocal passed
        size = len(proposal.choice.main) + len(proposal.choice.subtle)
        report("publish", settings.out, 0, size, "at the gate")
        checked = gate_version(proposal, drift(tonight, before), settings, docs=docs)
        warnings.extend(map(str, checked.failures))
        warned = "".join(f"\n- {broken}" for broken in warnings)
        passed = f"**Passed**: {size} rows, {checked.rules} rules.{warned}"

    proposal = propose(rows, root, settings)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    tonight, before = of_night(proposal.metrics), [night["figures"] for night in nights(root)]
    shown.funnel(proposal.metrics["funnel"])
    shown.distribution(proposal.metrics["distribution"], settings.publish)
    try:
        made = publish(proposal, root, settings, check, made_from)
    except GateFailed as error:
        shown.gate(f"**Refused.** {str(error).partition('; data docs: ')[0]}", refused_docs(root))
        remember(root, tonight, "", at, [str(error)])
        raise
    if made.new:
        remember(root, tonight, made.version, at, warnings)
    return _shown(made, passed, dict(proposal.choice.why), settings)


def _shown(made: Published, told: str, left_out: Mapping[str, int], settings: Settings) -> dict[str, Any]:
    """The version as plain data, shown with what the gate said."""
    shown.gate(told, f"{made.path}/data_docs/index.html")
    report("publish", settings.out, made.rows, made.rows, made.version)
    said = f"`{made.path}`: {made.rows} rows{'' if made.new else ', as before'}; data docs in `data_docs/`"
    create_markdown_artifact(key="version", markdown=said)
    return {
        "version": made.version, "path": made.path, "rows": made.rows, "new": made.new,
        "left_out": dict(left_out),
    }  # fmt: skip
