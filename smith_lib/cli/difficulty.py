"""`smith difficulty`: how hard a dataset's tasks are, by rule and by how often they were solved."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from smith_lib.cli import screen
from smith_lib.cli.options import Command, json_option
from smith_lib.curate.solved import solved
from smith_lib.errors import InputError
from smith_lib.package.difficulty import LEVELS
from smith_lib.publish.reading import dataset_at
from smith_lib.storage import Root, read_at
from smith_lib.storage.shards import to_parquet, to_table
from smith_lib.types import Grade, Solved

NAME = "difficulty.parquet"


@click.command(
    "difficulty",
    cls=Command,
    examples=[
        "smith difficulty data",
        "smith difficulty data --grades grades/preds.parquet --grades grades/other.parquet --json",
    ],
)
@click.argument("dataset")
@click.option(
    "--grades", "files", multiple=True, metavar="FILE", type=click.Path(path_type=Path),
    help="What `smith grade` wrote of a model's or an agent's predictions: NAME.parquet. Repeatable.",
)  # fmt: skip
@click.option(
    "--out", default="grades", show_default=True, metavar="DIR", help=f"Where the table {NAME} goes."
)
@json_option
def difficulty(dataset: str, files: tuple[Path, ...], out: str, as_json: bool) -> None:
    """Tell how hard tasks are, by rule and by how often they were solved.

    DATASET is a published version's folder, or the data folder whose newest version is meant. A row for each
    of its tasks is written as Parquet, with the attempts in the grades, the share of them that solved it, and
    the difficulty that follows: the rule's, or one level easier or harder where three attempts or more show
    it. The dataset itself stays as it is. `gold` and `nothing` are no attempts.
    """
    instances = dataset_at(dataset, "all").rows
    known = {row.instance_id for row in instances}
    grades = [grade for file in files for grade in _grades(file)]
    rows = solved(instances, grades)
    target = Root.at(out)
    target.write_bytes(NAME, to_parquet(to_table(Solved, rows)))
    told: dict[str, Any] = {
        "dataset": dataset,
        "instances": len(rows),
        "tried": sum(row.tries > 0 for row in rows),
        "of_other_datasets": sum(grade.instance_id not in known for grade in grades),
        "levels": {level: _figures(level, rows) for level in LEVELS},
        "table": f"{target.url}/{NAME}",
    }
    if as_json:
        screen.document({**told, "rows": [asdict(row) for row in rows]})
        return
    columns = ("by rule", "tasks", "tried", "attempts", "solved", "easier", "harder")
    lines = [(level, *_figures(level, rows).values()) for level in LEVELS]
    screen.table("", columns, lines, columns[1:])
    if told["of_other_datasets"]:
        click.echo(f"{screen.many(told['of_other_datasets'], 'grade')} of tasks that are not in the dataset")
    click.echo(told["table"])


def _grades(file: Path) -> list[Grade]:
    """The file's grades. Raises `InputError` where it is no Parquet file, `StorageError` as reading does."""
    if not file.is_file() or file.suffix != ".parquet":
        raise InputError(f"{file}: a Parquet file that `smith grade` wrote was wanted")
    return read_at(Root.at(file.resolve().parent), file.name, Grade)


def _figures(level: str, rows: Sequence[Solved]) -> dict[str, int | float | str]:
    some = [row for row in rows if row.by_rule == level]
    moved = Counter(LEVELS.index(row.difficulty) - LEVELS.index(level) for row in some)
    tries, resolved = sum(row.tries for row in some), sum(row.resolved for row in some)
    share = f"{resolved / tries:.1%}" if tries else "-"
    tried = sum(row.tries > 0 for row in some)
    return {"tasks": len(some), "tried": tried, "attempts": tries, "solved": share,
            "easier": moved[-1], "harder": moved[1]}  # fmt: skip
