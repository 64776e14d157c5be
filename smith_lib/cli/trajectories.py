"""`smith trajectories`: what agents did right, as chats to learn from."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from smith_lib.cli import interrupt, screen
from smith_lib.cli.bars import shown
from smith_lib.cli.ending import UNFINISHED
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.export.folder import document, put
from smith_lib.grade.judged import graded
from smith_lib.grade.predictions import Prediction
from smith_lib.grade.run import Kept
from smith_lib.publish.reading import dataset_at
from smith_lib.settings import Settings
from smith_lib.storage import Root
from smith_lib.trajectories import sft
from smith_lib.trajectories.read import Trajectory, Unread, trajectories
from smith_lib.types import Grade


@click.command(
    "trajectories",
    cls=Command,
    examples=[
        "smith trajectories data runs/mini --out sft-agents",
        "smith trajectories data/published/v0001-1a2b3c4d one.traj --out sft-agents --cap 1 --json",
    ],
)
@click.argument("dataset")
@click.argument("place", metavar="FOLDER|FILE", type=click.Path(path_type=Path))
@click.option("--out", required=True, metavar="OUT", help="A new folder, or an earlier one of this command.")
@click.option("--cap", type=click.IntRange(1), default=3, show_default=True, help="At most so many a task.")
@click.option(
    "--grades", "kept", default="grades", show_default=True, metavar="DIR",
    help="Where `smith grade` keeps what is graded already.",
)  # fmt: skip
@with_settings("--seed", "--workers", "--sandbox")
@json_option
def import_trajectories(
    dataset: str, place: Path, out: str, cap: int, kept: str, settings: Settings, as_json: bool
) -> None:
    """Make chats to learn from of agents' trajectories that resolve.

    DATASET is a published version's folder, or the data folder whose newest version is meant. Every
    mini-swe-agent (.traj.json) and SWE-agent (.traj) trajectory in the folder is read and its patch graded
    by its task's tests; those that resolve are written as Parquet and JSON lines, at most --cap a task, drawn
    by --seed. `export.json` tells what became of each. Exits with 1 where none is kept, or a task's
    environment could not be had.
    """
    tasks = dataset_at(dataset, "all")
    found = list(trajectories(place))
    read = [one for one in found if isinstance(one, Trajectory)]
    interrupt.install()
    with shown(quiet=as_json):
        # By place, since a model may have tried a task more than once.
        asked = [Prediction(one.instance_id, one.place, one.patch) for one in read]
        grades = graded(asked, tasks.rows, tasks.root, Kept(Root.at(kept)), settings, False) if asked else []
    right = [one for one, grade in zip(read, grades, strict=True) if grade.resolved]
    chosen = sft.chosen(right, cap, settings.seed)
    told = _told(found, read, grades, chosen)
    if chosen:
        by_id = {row.instance_id: row for row in tasks.rows}
        told["folder"] = str(put(out, (*sft.files(chosen, by_id), ("export.json", document(told)))))
    if as_json:
        screen.document(told)
    else:
        _show(told)
    if not chosen or told["outcomes"].get("ungraded"):
        click.get_current_context().exit(UNFINISHED)


def _told(
    found: Sequence[Trajectory | Unread], read: Sequence[Trajectory], grades: Sequence[Grade],
    chosen: Sequence[Trajectory],
) -> dict[str, Any]:  # fmt: skip
    kept = {one.place for one in chosen}
    left_out = [
        {"place": one.place, "outcome": "unread", "reason": one.reason}
        for one in found if isinstance(one, Unread)
    ]  # fmt: skip
    for one, grade in zip(read, grades, strict=True):
        if one.place not in kept:
            reason = "another one of its task is there" if grade.resolved else grade.reason
            left_out.append({"place": one.place, "outcome": str(grade.outcome), "reason": reason})
    return {
        "format": "trajectories",
        "trajectories": len(found),
        "kept": len(chosen),
        "tasks": len({one.instance_id for one in chosen}),
        "outcomes": dict(Counter(str(grade.outcome) for grade in grades).most_common()),
        "left_out": sorted(left_out, key=lambda one: one["place"]),
    }


def _show(told: dict[str, Any]) -> None:
    for one in told["left_out"]:
        click.echo(f"left out: {one['place']}: {one['outcome']}: {one['reason']}")
    many = screen.many(told["trajectories"], "trajectory", "trajectories")
    click.echo(f"{told['kept']:,} of {many} kept, over {screen.many(told['tasks'], 'task')}")
    if "folder" in told:
        click.echo(told["folder"])
