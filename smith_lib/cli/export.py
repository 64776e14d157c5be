"""`smith export`: a published version in a format that trainers read."""

import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click

from smith_lib.cli import interrupt, screen
from smith_lib.cli.bars import shown
from smith_lib.cli.ending import UNFINISHED
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.curate.splits import SPLITS
from smith_lib.errors import SandboxUnavailable
from smith_lib.export.folder import LeftOut, chosen, fit, write
from smith_lib.export.formats import FORMATS
from smith_lib.export.images import Engine, TaskImage, make
from smith_lib.export.verify import CLIENTS, Check
from smith_lib.grade.opening import opened
from smith_lib.publish.reading import SUBSETS, dataset_at, source_in
from smith_lib.settings import Settings
from smith_lib.storage import Root
from smith_lib.types import Instance


@click.command(
    "export",
    cls=Command,
    examples=[
        "smith export data --to swebench data/swebench --verify",
        "smith export data/published/v0001-1a2b3c4d --to harbor tasks --limit 20",
        "smith export data --to sft sft --subset all --only train --json",
        "smith export data --to huggingface hub --push OWNER/NAME",
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
@click.option("--only", type=click.Choice(SPLITS), help="Only the tasks of that split of the version.")
@click.option("--split", help="What the split is called: `train`, or `test` for swebench, where not given.")
@click.option(
    "--limit", type=click.IntRange(1), help="At most so many tasks, chosen by --seed; all where not given."
)
@click.option(
    "--images/--no-images",
    default=None,
    help="Whether to build each task's image in this machine's engine. With --no-images what they are built "
    "from is written only.  [default: where the format's tasks run in images]",
)
@click.option("--verify", is_flag=True, help="Hand the export to the format's own client.")
@click.option(
    "--sample", type=click.IntRange(1), default=3, show_default=True, help="How many tasks --verify runs."
)
@click.option("--push", metavar="OWNER/NAME", help="Put it onto the Hugging Face hub, by the token HF_TOKEN.")
@with_settings("--seed", "--workers")
@json_option
def export(
    dataset_: str, out: str, kind: str, subset: str, only: str | None, split: str | None, limit: int | None,
    images: bool | None, verify: bool, sample: int, push: str | None, settings: Settings, as_json: bool,
) -> None:  # fmt: skip
    """Write a published version in a format that trainers read.

    DATASET is the folder (or object-store URL) that `--out` named in `smith run`, of which the newest version
    is taken, or a version's own folder in it. OUT is a new folder, or an earlier export, which is replaced.
    With --verify, the fix of every task in the sample must be accepted by the client, and doing nothing must
    not be; exits with 1 where that does not hold.
    """
    _consistent(kind, images, verify, push)
    interrupt.install()
    found = dataset_at(dataset_, subset, only)
    split = split or FORMATS[kind].split
    rows, left_out = fit(chosen(found.rows, limit, settings.seed), kind)
    with shown(quiet=as_json):
        wanted = FORMATS[kind].images if images is None else images
        built = _images(rows, kind, found.root, settings) if wanted else []
        problems = {one.instance_id: one.problem for one in built if one.problem}
        left_out += [LeftOut(name, f"its image holds clean code: {path}") for name, path in problems.items()]
        rows = [row for row in rows if row.instance_id not in problems]
        more = _sizes(built)
        folder = write(out, rows, left_out, kind, found.name, split, more)
        tried = [row.instance_id for row in chosen(rows, sample, settings.seed)] if verify else []
        checks = _verified(kind, folder, split, tried, settings) if verify else []
    told: dict[str, Any] = {"format": kind, "version": found.name, "folder": str(folder), "tasks": len(rows)}
    told |= {"left_out": [asdict(one) for one in left_out], **more, "checks": [asdict(one) for one in checks]}
    if push is not None and all(one.holds for one in checks):
        from smith_lib.export.push import push as put

        told["pushed"] = put(folder, push, found.name)
    if as_json:
        screen.document(told)
    else:
        _show(told, checks)
    if not all(one.holds for one in checks):
        click.get_current_context().exit(UNFINISHED)


def _consistent(kind: str, images: bool | None, verify: bool, push: str | None) -> None:
    if push is not None and kind != "huggingface":
        raise click.UsageError(f"--push goes with --to huggingface, not with {kind}")
    if verify and images is False and FORMATS[kind].images:
        raise click.UsageError(f"--verify runs the images of {kind}: leave --no-images out")


def _images(rows: Sequence[Instance], kind: str, root: Root, settings: Settings) -> list[TaskImage]:
    in_docker = settings.sandbox.model_copy(update={"kind": "docker"})
    with ExitStack() as stack:
        try:
            wanted = settings.model_copy(update={"sandbox": in_docker})
            box = stack.enter_context(opened(wanted, partial(source_in, root)))
        except SandboxUnavailable as error:
            raise SandboxUnavailable(f"{error}; with --no-images the files alone are written") from error
        engine = stack.enter_context(Engine())
        return list(make(rows, box.sandbox, box.tree_of, engine, FORMATS[kind].further))


def _sizes(built: Sequence[TaskImage]) -> dict[str, Any]:
    """What the images weigh: each repository's, and the median and sum of the tasks' own layers."""
    if not built:
        return {}
    layers = [one.layer_bytes for one in built]
    below = {one.repo_image: one.repo_bytes for one in built}
    median = round(statistics.median(layers))
    return {"images": {"repositories": below, "layer_bytes": median, "layers_bytes": sum(layers)}}


def _verified(kind: str, folder: Path, split: str, ids: list[str], settings: Settings) -> list[Check]:
    from smith_lib.export.verify.clients import client_in
    from smith_lib.progress import report
    from smith_lib.sources.table import cache_folder

    client = CLIENTS[kind]
    report("export", kind, 0, 0, f"making the environment of {client.name}")
    place = client_in(cache_folder(settings), client.name)
    report("export", kind, 0, 0, f"{client.name} on {screen.many(len(ids), 'task')}")
    return client.verify(place, folder, split, ids)


def _show(told: dict[str, Any], checks: Sequence[Check]) -> None:
    for one in told["left_out"]:
        click.echo(f"left out: {one['instance_id']}: {one['reason']}")
    tasks = screen.many(told["tasks"], "task")
    click.echo(f"{tasks} of {told['version']} as {told['format']} in {told['folder']}")
    if images := told.get("images"):
        below = sum(images["repositories"].values()) / 1e6
        many = screen.many(len(images["repositories"]), "repository", "repositories")
        click.echo(
            f"images: {below:.0f} MB for {many}, {images['layer_bytes'] / 1e6:.2f} MB more a task (median)"
        )
    for check in checks:
        click.echo(f"{'holds' if check.holds else 'DOES NOT HOLD'}: {check.what}: {check.seen}")
    if "pushed" in told:
        click.echo(f"pushed to {told['pushed']}")
