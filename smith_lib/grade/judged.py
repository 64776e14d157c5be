"""The grades of a file of predictions on a published dataset, written where they were asked for."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from smith_lib.grade.grader import Grader
from smith_lib.grade.opening import opened
from smith_lib.grade.predictions import SPECIAL, Prediction, predictions
from smith_lib.grade.run import KEPT, Kept, grades, summary
from smith_lib.publish.reading import dataset_at, some_of, source_in
from smith_lib.settings import Settings
from smith_lib.storage import Root
from smith_lib.storage.shards import to_parquet, to_table
from smith_lib.types import Grade, GradeOutcome, Instance


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of predictions."""

    grades: list[Grade]
    tasks: dict[str, Instance]
    """By id, those without a prediction too where nothing was drawn."""
    document: dict[str, Any]
    """The figures and the grades as plain data."""
    place: str
    """Where both were written, without the suffixes `.parquet` and `.json`."""


def judged(
    dataset: str, asked: str, out: str, settings: Settings, cold: bool = False, sample: int | None = None
) -> Judged:
    """The grades of what `asked` names, written below `out`; what is graded there is not graded again.

    Of the predictions as many as `sample` says are taken, drawn by the seed; all where it is None. Raises
    `InputError` where dataset or predictions cannot be read, `StorageError` where `out` cannot be.
    """
    found = dataset_at(dataset, "all")
    rows = found.rows
    made = some_of(predictions(asked, rows), sample, f"grade:{settings.seed}")
    target = Root.at(out)
    target.write_bytes(f"{KEPT}/.begun", b"")  # where nothing can be written, that is told before the work
    marks = graded(made, rows, found.root, None if cold else Kept(target), settings, cold)
    name = asked if asked in SPECIAL else Path(asked).stem
    drawn = {prediction.instance_id for prediction in made} if sample is not None else None
    by_id = {row.instance_id: row for row in rows if drawn is None or row.instance_id in drawn}
    told = {"dataset": dataset, "predictions_file": asked, **summary(marks, by_id)}
    document = {**told, "grades": [{**asdict(grade), "resolved": grade.resolved} for grade in marks]}
    target.write_bytes(f"{name}.parquet", to_parquet(to_table(Grade, marks)))
    target.write_bytes(f"{name}.json", json.dumps(document, indent=1).encode())
    return Judged(marks, by_id, document, f"{target.url}/{name}")


def graded(
    made: Sequence[Prediction], rows: Sequence[Instance], root: Root, kept: Kept | None, settings: Settings,
    cold: bool,
) -> list[Grade]:  # fmt: skip
    """A grade for each prediction, in their order, from a sandbox that is opened for it."""
    by_id = {row.instance_id: row for row in rows}
    wanted = {prediction.instance_id for prediction in made}
    with opened(settings, partial(source_in, root)) as box:
        # With all of a repository's, what is found out of it serves other predictions too.
        repos = {row.repo_id for row in rows if row.instance_id in wanted}
        tasks = [row for row in rows if row.repo_id in repos]
        with Grader(
            box.sandbox, box.tree_of, box.limits, settings.validation, settings.workers, tasks, warm=not cold,
            kept=box.kept,
        ) as grader:
            return grades(made, by_id, grader, kept)


def unfinished(asked: str, found: Sequence[Grade]) -> bool:
    """Whether a task's environment could not be had, a `gold` does not resolve, or a `nothing` does."""
    if any(grade.outcome is GradeOutcome.UNGRADED for grade in found):
        return True
    resolved = sum(grade.resolved for grade in found)
    return (asked == "gold" and resolved < len(found)) or (asked == "nothing" and resolved > 0)
