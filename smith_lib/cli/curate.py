"""`smith curate`: what a version would hold, and what bound the choice, without publishing it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from smith_lib.cli import screen
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.errors import InputError
from smith_lib.settings import Settings


@click.command(
    "curate",
    cls=Command,
    examples=[
        "smith curate --out data",
        "smith curate --out data --set publish.max_per_function=3 --json",
        "smith curate --out data --budget 1000 --beyond v0001-1a2b3c4d --ids next.txt",
    ],
)
@click.option(
    "--budget", type=click.IntRange(min=1), metavar="N",
    help="At most N tasks of the band, the best and most varied ones.",
)  # fmt: skip
@click.option(
    "--beyond", metavar="VERSION",
    help="With --budget: tasks of this published version are there already, and others are wanted.",
)  # fmt: skip
@click.option(
    "--ids", "ids_file", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
    help="Write the chosen ids here, one a line.",
)  # fmt: skip
@with_settings("--out", "--seed")
@json_option
def curate(
    budget: int | None, beyond: str | None, ids_file: Path | None, settings: Settings, as_json: bool
) -> None:
    """Show what a version would hold, without publishing it.

    Chosen is from the tasks that are there under --out, as `smith publish` does: the largest subset within
    the targets and caps of the settings (`publish.*`). Shown are the targets and caps with what bound them,
    the cells that the pool is short of, why tasks are left out, the splits, and the score of the dataset.
    """
    from smith_lib.publish.reading import dataset_at
    from smith_lib.publish.version import versions
    from smith_lib.stages.publish import asked_of, propose
    from smith_lib.stages.there import rows_there
    from smith_lib.storage import Root

    if beyond is not None and budget is None:
        raise click.UsageError("--beyond goes with --budget N: how many more are wanted")
    root = Root.at(settings.out)
    base = []
    if beyond is not None:
        if beyond not in (known := versions(root)):
            there = ", ".join(known[-10:]) or "none"
            raise InputError(f"--beyond: no version {beyond!r} in {settings.out!r}; known: {there}")
        place = f"{settings.out.rstrip('/')}/published/{beyond}"
        base = [row.instance_id for row in dataset_at(place, "all").rows]
    proposal = propose(rows_there(settings), root, settings, budget=budget, base=base)
    asked_of(proposal, root)
    choice, figures = proposal.choice, proposal.metrics
    ids = [row.instance_id for row in (*choice.main, *choice.subtle)]
    if ids_file is not None:
        ids_file.write_text("".join(f"{name}\n" for name in ids), encoding="utf-8")
    told: dict[str, Any] = {
        "pool": proposal.pool,
        "main": len(choice.main),
        "subtle": len(choice.subtle),
        **figures["curation"],
        "notes": list(choice.notes),
        "splits": dict(Counter(map(choice.split_of, choice.main))),
        "dataset_score": figures["dataset_score"],
    }
    if as_json:
        screen.document({**told, "ids": ids})
        return
    _show(told)


def _show(told: dict[str, Any]) -> None:
    click.echo(f"{told['main']:,} tasks and {told['subtle']:,} subtle ones of {told['pool']:,} instances")
    columns = ("target or cap", "pool", "taken", "from", "to", "bound")
    bounds = [(b["name"], b["pool"], b["taken"], b["low"], b["high"], b["binds"]) for b in told["bounds"]]
    screen.table("what bound the choice", columns, bounds, right=columns[1:5])
    _counts("left out", "why", told["left_out"])
    if short := told["shortfalls"]:
        columns = ("complexity", "category", "several files", "pool", "wanted", "lacking")
        rows: Sequence[Sequence[Any]] = [
            (*(s[key] for key in ("complexity", "category")), "yes" if s["multi_file"] else "",
             *(s[key] for key in ("pool", "wanted", "lacking")))
            for s in short
        ]
        screen.table("what the pool is short of", columns, rows, right=columns[3:])
    _counts("splits", "split", told["splits"])
    score = told["dataset_score"]
    factors = f"N = {score['N']:,}, D = {score['D']:.3f}, Q = {score['Q']:.3f}"
    click.echo(f"score {score['score']:.2f} = N^0.3 D^0.5 Q^0.7, {factors}")
    for note in told["notes"]:
        click.echo(note)


def _counts(title: str, what: str, counts: dict[str, int]) -> None:
    if counts:
        screen.table(title, (what, "tasks"), sorted(counts.items()), right=("tasks",))
