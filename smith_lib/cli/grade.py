"""`smith grade`: predictions, judged by the tasks' own tests."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from smith_lib.cli import interrupt, screen
from smith_lib.cli.bars import shown
from smith_lib.cli.ending import UNFINISHED
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.cli.records import published, version_named
from smith_lib.cli.verify import source_in
from smith_lib.errors import InputError
from smith_lib.grade.grader import Grader
from smith_lib.grade.opening import opened
from smith_lib.grade.predictions import SPECIAL, Prediction, predictions
from smith_lib.grade.run import Kept, grades, summary
from smith_lib.publish.version import FOLDER
from smith_lib.settings import Settings
from smith_lib.storage import Root, read_at
from smith_lib.storage.shards import to_parquet, to_table
from smith_lib.types import Grade, GradeOutcome, Instance


@click.command(
    "grade",
    cls=Command,
    examples=[
        "smith grade data --predictions preds.jsonl",
        "smith grade data/published/v0001-1a2b3c4d --predictions preds.json --workers 2 --json",
        "smith grade data --predictions gold",
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
@click.option("--cold", is_flag=True, help="Grade every patch in a fresh sandbox; slower, the same verdicts.")
@with_settings("--workers", "--sandbox")
@json_option
def grade_predictions(
    dataset: str, asked: str, out: str, cold: bool, settings: Settings, as_json: bool
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
        done = judged(dataset, asked, out, settings, cold)
    if as_json:
        screen.document(done.document)
    else:
        _show(done.grades, done.tasks, f"{done.place}.parquet and .json")
    if unfinished(asked, done.grades):
        click.get_current_context().exit(UNFINISHED)


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of predictions."""

    grades: list[Grade]
    tasks: dict[str, Instance]
    """By id, those without a prediction too."""
    document: dict[str, Any]
    """The figures and the grades as plain data."""
    place: str
    """Where both were written, without the suffixes `.parquet` and `.json`."""


def judged(dataset: str, asked: str, out: str, settings: Settings, cold: bool = False) -> Judged:
    """The grades of what `asked` names, written below `out`; what is graded there is not graded again.

    Raises `InputError` where dataset or predictions cannot be read.
    """
    root, rows = dataset_at(dataset)
    made = predictions(asked, rows)
    target = Root.at(out)
    found = graded(made, rows, root, None if cold else Kept(target), settings, cold)
    name = asked if asked in SPECIAL else Path(asked).stem
    by_id = {row.instance_id: row for row in rows}
    told = {"dataset": dataset, "predictions_file": asked, **summary(found, by_id)}
    document = {**told, "grades": [{**asdict(grade), "resolved": grade.resolved} for grade in found]}
    target.write_bytes(f"{name}.parquet", to_parquet(to_table(Grade, found)))
    target.write_bytes(f"{name}.json", json.dumps(document, indent=1).encode())
    return Judged(found, by_id, document, f"{target.url}/{name}")


def dataset_at(place: str) -> tuple[Root, list[Instance]]:
    """The root that a dataset lies in, and its tasks, all subsets, sorted by id.

    Raises `InputError` where there is none, `StorageError` where it is not what was published.
    """
    root = Root.at(place)
    if root.exists(f"{FOLDER}/latest"):
        rows = published(root, version_named(root, "latest"))
    else:
        files = [name for name in root.names("data") if name.endswith(".parquet")]
        if not files:
            raise InputError(f"{place!r} is no published version, and no data folder with one: no "
                             f"{FOLDER}/latest and no data/*.parquet in it")  # fmt: skip
        rows = [row for name in files for row in read_at(root, name, Instance)]
        head, slash, _ = place.rstrip("/").rpartition(f"/{FOLDER}/")
        root = Root.at(head) if slash else root
    if not rows:
        raise InputError(f"{place!r} holds no task")
    return root, sorted(rows, key=lambda row: row.instance_id)


def graded(
    made: Sequence[Prediction], rows: Sequence[Instance], root: Root, kept: Kept | None, settings: Settings,
    cold: bool,
) -> list[Grade]:  # fmt: skip
    """A grade for each prediction, in their order, from a sandbox that is opened for it."""
    by_id = {row.instance_id: row for row in rows}
    wanted = {prediction.instance_id for prediction in made}
    with opened(settings, partial(source_in, root)) as box:
        tasks = [row for row in rows if row.instance_id in wanted]
        with Grader(
            box.sandbox, box.tree_of, box.limits, settings.validation, settings.workers, tasks, warm=not cold
        ) as grader:
            return grades(made, by_id, grader, kept)


def unfinished(asked: str, found: Sequence[Grade]) -> bool:
    """Whether a task's environment could not be had, a `gold` does not resolve, or a `nothing` does."""
    if any(grade.outcome is GradeOutcome.UNGRADED for grade in found):
        return True
    resolved = sum(grade.resolved for grade in found)
    return (asked == "gold" and resolved < len(found)) or (asked == "nothing" and resolved > 0)


def _show(found: Sequence[Grade], rows: dict[str, Instance], where: str) -> None:
    by_repo: dict[str, list[Grade]] = {}
    for grade in found:
        by_repo.setdefault(grade.repo_id or "(unknown)", []).append(grade)
    columns = ("repository", "predictions", "resolved", "share", "fixed", "kept", "seconds")
    lines = [_line(name, some) for name, some in sorted(by_repo.items())]
    if len(lines) != 1:
        lines.append(_line("total", found))
    screen.table("", columns, lines, columns[1:])
    for grade in found:
        if not grade.resolved:
            what = f"{grade.outcome} ({grade.problem})" if grade.problem else str(grade.outcome)
            click.echo(f"{grade.instance_id}: {what}: {grade.reason}")
        if grade.ignored:
            click.echo(f"{grade.instance_id}: left out: {', '.join(grade.ignored[:5])}")
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
