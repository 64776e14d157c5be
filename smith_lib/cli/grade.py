"""`smith grade`: predictions, judged by the tasks' own tests."""

from collections.abc import Sequence

import click

from smith_lib.cli import interrupt, screen
from smith_lib.cli.bars import shown
from smith_lib.cli.ending import UNFINISHED
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.grade.judged import judged, unfinished
from smith_lib.grade.run import summary
from smith_lib.settings import Settings
from smith_lib.types import Grade, Instance, PatchProblem


@click.command(
    "grade",
    cls=Command,
    examples=[
        "smith grade data --predictions preds.jsonl",
        "smith grade data/published/v0001-1a2b3c4d --predictions preds.json --workers 2 --json",
        "smith grade data --predictions gold --sample 20",
        "smith grade data --predictions nothing --sandbox namespaces",
    ],
)
@click.argument("dataset")
@click.option(
    "--predictions", "-p", "asked", required=True, metavar="FILE",
    help="SWE-bench predictions: .jsonl, or .json (a list, or an object by instance id), with instance_id, "
    "model_name_or_path and model_patch; or the word `gold` or `nothing`.",
)  # fmt: skip
@click.option(
    "--out", "out", default="grades", show_default=True, metavar="DIR",
    help="Where results go: NAME.parquet and NAME.json after FILE, and what is graded already.",
)  # fmt: skip
@click.option("--sample", type=click.IntRange(1), help="Only so many predictions, drawn by --seed.")
@click.option("--cold", is_flag=True, help="Grade every patch in a fresh sandbox; slower, the same verdicts.")
@with_settings("--seed", "--workers", "--sandbox")
@json_option
def grade_predictions(
    dataset: str, asked: str, out: str, sample: int | None, cold: bool, settings: Settings, as_json: bool
) -> None:
    """Grade predictions: resolved, tests fixed and kept, what is wrong.

    DATASET is a published version's folder, or the data folder whose newest version is meant. Each patch is
    applied to its task's buggy code, and the task's own tests, with everything that configures them, judge
    it in a sandbox; what a patch does to those is left out. Tests that must fail run among them: a patch that
    makes them pass is cheating. A prediction is resolved if all of FAIL_TO_PASS and PASS_TO_PASS pass. `gold`
    stands for each task's own fix, `nothing` for a patch that fixes nothing.

    What is graded already is not graded again. Exits with 1 where a task's environment could not be had,
    where a `gold` does not resolve, or where a `nothing` does.
    """
    interrupt.install()
    with shown(quiet=as_json):
        done = judged(dataset, asked, out, settings, cold, sample)
    if as_json:
        screen.document(done.document)
    else:
        _show(done.grades, done.tasks, f"{done.place}.parquet and .json")
    if unfinished(asked, done.grades):
        click.get_current_context().exit(UNFINISHED)


def _show(found: Sequence[Grade], rows: dict[str, Instance], where: str) -> None:
    by_repo: dict[str, list[Grade]] = {}
    for grade in found:
        by_repo.setdefault(grade.repo_id or "(unknown)", []).append(grade)
    columns = ("repository", "predictions", "resolved", "share", "fixed", "kept", "seconds")
    lines = [_line(name, some) for name, some in sorted(by_repo.items())]
    if len(lines) != 1:
        lines.append(_line("total", found))
    screen.table("", columns, lines, columns[1:])
    several = len({grade.model for grade in found}) > 1
    for grade in found:
        name = f"{grade.instance_id} by {grade.model}" if several else grade.instance_id
        if not grade.resolved:
            what = f"{grade.outcome} ({grade.problem})" if grade.problem else str(grade.outcome)
            click.echo(f"{name}: {what}: {grade.reason}")
        if grade.ignored:
            click.echo(f"{name}: left out: {', '.join(grade.ignored[:5])}")
    if found and rows and all(grade.problem is PatchProblem.UNKNOWN_INSTANCE for grade in found):
        click.echo(f"no prediction is of a task of this dataset, whose ids are like {min(rows)!r}")
    figures = summary(found, rows)
    for name, count in figures["outcomes"].items():
        click.echo(f"{name}: {count:,}")
    if figures["without_prediction"]:
        click.echo(f"without a prediction: {screen.many(figures['without_prediction'], 'task')}")
    share = f"{figures['resolved_share']:.1%}" if found else "none"
    click.echo(f"resolved {figures['resolved']:,} of {screen.many(len(found), 'prediction')} ({share})")
    click.echo(where)


def _line(name: str, some: Sequence[Grade]) -> tuple[str | int, ...]:
    resolved, n = sum(grade.resolved for grade in some), len(some) or 1
    return (name, len(some), resolved, f"{resolved / n:.1%}", f"{sum(g.fixed_share for g in some) / n:.1%}",
            f"{sum(g.kept_share for g in some) / n:.1%}", f"{sum(g.seconds for g in some):.1f}")  # fmt: skip
