"""`smith export`: a published version in a format that trainers read."""

from dataclasses import asdict

import click

from smith_lib.cli import interrupt, screen
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.export.dataset import SUBSETS, dataset
from smith_lib.export.folder import fit, sample, write
from smith_lib.export.formats import FORMATS
from smith_lib.settings import Settings


@click.command(
    "export",
    cls=Command,
    examples=[
        "smith export data --to swebench data/swebench",
        "smith export data/published/v0001-1a2b3c4d --to harbor tasks --limit 20",
        "smith export data --to sft sft --subset all --json",
    ],
)
@click.argument("dataset_", metavar="DATASET")
@click.argument("out", metavar="OUT")
@click.option(
    "--to",
    "kind",
    required=True,
    type=click.Choice(list(FORMATS)),
    help="The format: " + "; ".join(f"{name}: {one.about}" for name, one in FORMATS.items()) + ".",
)
@click.option("--subset", type=click.Choice(SUBSETS), default="main", show_default=True, help="Which tasks.")
@click.option("--split", help="What the split is called; the format's own custom where not given.")
@click.option(
    "--limit", type=click.IntRange(1), help="At most so many tasks, chosen by --seed; all where not given."
)
@with_settings("--seed")
@json_option
def export(
    dataset_: str, out: str, kind: str, subset: str, split: str | None, limit: int | None,
    settings: Settings, as_json: bool,
) -> None:  # fmt: skip
    """Write a published version in a format that trainers read.

    DATASET is the folder (or object-store URL) that `--out` named in `smith run`, of which the newest version
    is taken, or a version's own folder in it. OUT is a new folder, or an earlier export, which is replaced.
    """
    interrupt.install()
    found = dataset(dataset_, subset)
    split = split or FORMATS[kind].split
    rows, left_out = fit(sample(found.rows, limit, settings.seed), kind)
    folder = write(out, rows, left_out, kind, found.name, split)
    if as_json:
        told = {"format": kind, "version": found.name, "folder": str(folder), "tasks": len(rows)}
        screen.document({**told, "left_out": [asdict(one) for one in left_out]})
        return
    for one in left_out:
        click.echo(f"left out: {one.instance_id}: {one.reason}")
    click.echo(f"{screen.many(len(rows), 'task')} of {found.name} as {kind} in {folder}")
