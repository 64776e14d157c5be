"""`smith serve`: grades and rewards over HTTP."""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial

import click

from smith_lib import closing
from smith_lib.cli import interrupt, screen
from smith_lib.cli.options import Command, with_settings
from smith_lib.errors import InputError, MachineryError
from smith_lib.grade.grader import Told
from smith_lib.grade.rewards import Rewarder
from smith_lib.publish.reading import dataset_at, source_in
from smith_lib.serve.app import Bounds, app
from smith_lib.serve.counts import Counts
from smith_lib.serve.desk import Desk, Grades
from smith_lib.serve.running import TOKEN, check_host, check_installed, listening, served
from smith_lib.settings import Settings
from smith_lib.types import Grade, Instance

ROUND = 4
"""Patches for each worker that are given to the grader at a time."""
SPARE = 64
"""Connections beside those whose patches wait."""


@click.command(
    "serve",
    cls=Command,
    examples=[
        "smith serve data",
        "smith serve data/published/v0001-1a2b3c4d --port 9000 --workers 8 --queue 512",
        "smith serve data --host 0.0.0.0",
    ],
)
@click.argument("dataset")
@click.option(
    "--host", default="127.0.0.1", show_default=True,
    help=f"The address to listen at. Any but loopback asks for a token in the variable {TOKEN}.",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8_000, show_default=True, help="0 takes a free one."
)
@click.option(
    "--queue", type=click.IntRange(1), default=256, show_default=True,
    help="How many patches may wait; further ones are told to come again.",
)  # fmt: skip
@click.option("--batch", type=click.IntRange(1), default=64, show_default=True, help="Patches a request.")
@click.option("--body-mb", type=click.IntRange(1), default=16, show_default=True, help="MiB a request.")
@with_settings("--workers", "--sandbox")
def serve(
    dataset: str, host: str, port: int, queue: int, batch: int, body_mb: int, settings: Settings
) -> None:
    """Answer for patches over HTTP: grades and rewards.

    DATASET is a published version's folder, or the data folder whose newest version is meant. POST /reward
    and /grade take a patch or a completion for a task, /reward/batch and /grade/batch many; /health,
    /metrics and the page /docs tell the rest. Sandboxes stay warm between requests. Where the environment
    variable SMITH_SERVE_TOKEN is set, requests must bear it: `Authorization: Bearer TOKEN`. Needs the extra
    `serve`.
    """
    check_installed()
    token = os.environ.get(TOKEN, "").strip()
    check_host(host, token)
    if batch > queue:
        raise InputError(f"--batch {batch} is more than --queue {queue}: such a batch could never wait")
    found = dataset_at(dataset, "all")
    interrupt.install()
    with ExitStack() as stack:
        where, url = stack.enter_context(listening(host, port))
        rewarder = Rewarder(settings, found.rows, partial(source_in, found.root))
        stack.callback(rewarder.close)
        counts = Counts()
        desk = stack.enter_context(Desk(counted(rewarder.grades, counts), queue, ROUND * settings.workers))
        stack.callback(closing.register(desk.close))
        bounds = Bounds(batch, body_mb * 2**20)
        made = app({row.instance_id: row for row in found.rows}, desk, counts, bounds, token)
        wait = stack.enter_context(served(made, where, queue + SPARE))
        kept = "with a token" if token else "from this machine alone"
        click.echo(f"{url} answers for {screen.many(len(found.rows), 'task')}, {kept}; {url}/docs tells how")
        wait()
    raise MachineryError("the server ended by itself; --verbose shows why")


def counted(grades: Grades, counts: Counts) -> Grades:
    """The same, with every grade counted."""

    def both(asked: Sequence[tuple[Instance, str]], told: Told) -> None:
        def tell(at: int, grade: Grade) -> None:
            counts.grade(grade)
            told(at, grade)

        grades(asked, tell)

    return both
