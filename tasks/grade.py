"""Predictions graded as a task, with the tables that show what came of them."""

from collections.abc import Sequence
from typing import Any

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed
from prefect.tasks import exponential_backoff

from smith_lib.errors import InputError, MachineryError
from smith_lib.grade.judged import Judged, judged, unfinished
from smith_lib.settings import Settings
from smith_lib.types import Grade, GradeOutcome
from tasks.following import followed
from tasks.states import curable

MOST = 1_000
"""Rows of the table by prediction; the files hold all."""


@task(
    name="grade",
    task_run_name="grade {asked}",
    tags=["engine"],
    retries=3,
    retry_delay_seconds=exponential_backoff(2),
    retry_condition_fn=curable,
    cache_policy=NO_CACHE,
    persist_result=False,
)
def grade_predictions(dataset: str, asked: str, settings: Settings, out: str | None) -> State[dict[str, Any]]:
    """The figures as plain data; what is graded already is not graded again.

    Raises `MachineryError` where a task's environment could not be had, and `InputError` where a `gold` does
    not resolve or a `nothing` does.
    """
    with followed("grade", None):
        done = judged(dataset, asked, out or f"{settings.out.rstrip('/')}/grades", settings)
    _show(done)
    told = f"resolved {done.document['resolved']} of {len(done.grades)} predictions; {done.place}.parquet"
    lacking = [grade for grade in done.grades if grade.outcome is GradeOutcome.UNGRADED]
    if lacking:
        first = lacking[0]
        why = f"{len(lacking)} of {len(done.grades)} predictions could not be graded: {first.instance_id}: "
        raise MachineryError(f"{why}{first.reason}; the same again grades only those")
    if unfinished(asked, done.grades):
        raise InputError(f"the tasks are not what they should be: with {asked!r}, {told}")
    figures = {name: value for name, value in done.document.items() if name != "grades"}
    return Completed(message=told, data={**figures, "place": done.place})


def _show(done: Judged) -> None:
    """Show the grades by model and repository, and one by one."""
    groups: dict[tuple[str, str], list[Grade]] = {}
    for grade in done.grades:
        groups.setdefault((grade.model, grade.repo_id or "(unknown)"), []).append(grade)
    table = [_line(model, repo, some) for (model, repo), some in sorted(groups.items())]
    create_table_artifact(table=table, key="grades", description=f"What became of {len(done.grades)} patches")
    ordered = sorted(done.grades, key=lambda grade: (grade.resolved, grade.instance_id))
    single = [
        {
            "instance_id": grade.instance_id,
            "model": grade.model,
            "outcome": str(grade.outcome),
            "problem": str(grade.problem),
            "reward": round(grade.reward, 4),
            "seconds": grade.seconds,
            "reason": grade.reason,
        }
        for grade in ordered[:MOST]
    ]
    more = f", the first {MOST:,}" if len(ordered) > MOST else ""
    create_table_artifact(table=single, key="graded", description=f"{done.place}.parquet{more}")


def _line(model: str, repo: str, some: Sequence[Grade]) -> dict[str, Any]:
    resolved = sum(grade.resolved for grade in some)
    return {
        "model": model,
        "repository": repo,
        "predictions": len(some),
        "resolved": resolved,
        "share": f"{resolved / len(some):.1%}",
        "fixed": f"{sum(grade.fixed_share for grade in some) / len(some):.1%}",
        "kept": f"{sum(grade.kept_share for grade in some) / len(some):.1%}",
        "reward": round(sum(grade.reward for grade in some) / len(some), 4),
        "seconds": round(sum(grade.seconds for grade in some), 1),
    }
