"""`smith review`: people look through a sample of a version."""

import os
import shlex
from contextlib import ExitStack

import click

from smith_lib.cli import interrupt, screen
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.errors import InputError, MachineryError
from smith_lib.publish.reading import SUBSETS, version_at
from smith_lib.report.held import Held, held
from smith_lib.review.agreement import Summary, summary
from smith_lib.review.answers import QUESTIONS, Book, reviewer_named, reviews, said
from smith_lib.review.app import app
from smith_lib.review.sample import drawn
from smith_lib.serve.running import TOKEN, check_host, check_installed, listening, served
from smith_lib.settings import Settings
from smith_lib.storage import Root

CONNECTIONS = 32


@click.command(
    "review",
    cls=Command,
    examples=[
        "smith review --out data",
        "smith review v0001-1a2b3c4d --out data --sample 100 --reviewer ada",
        "smith review data/published/v0001-1a2b3c4d --subset subtle --port 9001",
        "smith review --out data --summary",
        "smith review --out data --summary --json | jq .score",
    ],
)
@click.argument("version", default="latest")
@click.option(
    "--sample", type=click.IntRange(1, 10_000), default=100, show_default=True,
    help="How many tasks, drawn by --seed; a larger sample begins with the smaller one.",
)  # fmt: skip
@click.option("--subset", type=click.Choice(SUBSETS), default="all", show_default=True, help="Which tasks.")
@click.option("--reviewer", metavar="NAME", help="Whose answers these are.  [default: the user's name]")
@click.option(
    "--host", default="127.0.0.1", show_default=True,
    help=f"The address to listen at. Any but loopback asks for a token in the variable {TOKEN}.",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8_010, show_default=True, help="0 takes a free one."
)
@click.option("--summary", "summed", is_flag=True, help="Tell what the answers come to, and ask nothing.")
@with_settings("--out", "--seed")
@json_option
def review(
    version: str, sample: int, subset: str, reviewer: str | None, host: str, port: int, summed: bool,
    settings: Settings, as_json: bool,
) -> None:  # fmt: skip
    """Look through a sample of a version, and say what you think of it.

    VERSION is a version's name under --out, its folder, or a data folder whose newest version is meant; where
    it is not given, the newest under --out. A page on this machine shows one task after the other: the bug,
    the issue text, its reproduction, the failing tests, the environment. It asks whether the bug is
    realistic, the text clear and the difficulty right, is answered by keys (? tells which), and keeps every
    answer at once in reviews/VERSION/REVIEWER.parquet; the same command goes on where it was left. With
    --summary: the answers counted, the score, and Cohen's kappa of each pair of reviewers. Needs the extra
    `serve`.
    """
    if as_json and not summed:
        raise click.UsageError("--json goes with --summary: the page itself writes nothing")
    if not summed:
        check_installed("smith review")
    token = os.environ.get(TOKEN, "").strip()
    check_host(host, token)
    root, found = version_at(version, settings.out)
    rows = held(root, found)
    if summed:
        _summary(root, rows, as_json)
        return
    name = reviewer_named(reviewer)
    tasks = drawn(rows, sample, settings.seed, subset)
    book = Book(root, rows.name, name)
    ids = {task.instance_id for task in tasks}
    if gone := len(book.rows.keys() - set(rows.of("instance_id"))):
        click.echo(f"{screen.many(gone, 'answer')} of tasks that are not in {rows.name}: kept, not counted")
    interrupt.install()
    with ExitStack() as stack:
        where, url = stack.enter_context(listening(host, port))
        wait = stack.enter_context(served(app(rows.name, tasks, book, token), where, CONNECTIONS))
        behind = f"/#token={token}" if token else ""
        before = sum(said(row) for row in book.rows.values() if row.instance_id in ids)
        more = f", {before:,} of them answered before" if before else ""
        click.echo(f"{url}{behind} shows {screen.many(len(tasks), 'task')} to {name}{more}")
        click.echo(f"answers are kept in {_place(root, book.path)}; Ctrl-C ends it")
        wait()
    raise MachineryError("the server ended by itself; --verbose shows why")


def _place(root: Root, path: str) -> str:
    return str(root.local / path) if root.local else f"{root.url.rstrip('/')}/{path}"


def _summary(root: Root, rows: Held, as_json: bool) -> None:
    said_ = reviews(root, rows.name)
    told = summary(rows.name, said_, set(rows.of("instance_id")))
    if not said_:
        where = shlex.quote(str(root.local) if root.local else root.url)
        doing = f"smith review {rows.name} --out {where}"
        raise InputError(f"nobody has reviewed {rows.name} yet: `{doing}` does it")
    if as_json:
        screen.document(told.plain())
    else:
        _show(told)


def _show(told: Summary) -> None:
    who = ", ".join(f"{name} {count}" for name, count in told.reviewers.items())
    click.echo(f"{told.version}: {screen.many(told.tasks, 'task')} reviewed ({who or 'nobody'})")
    lines = [
        (name, QUESTIONS[name], one.yes, one.no, "-" if one.share is None else f"{one.share:.1%}")
        for name, one in told.questions.items()
    ]
    screen.table("", ("question", "", "yes", "no", "share"), lines, ("yes", "no", "share"))
    if told.agreement:
        pairs = [
            (one.question, one.first, one.second, one.tasks,
             "-" if one.agreed is None else f"{one.agreed:.1%}",
             "-" if one.kappa is None else f"{one.kappa:.2f}")
            for one in told.agreement
        ]  # fmt: skip
        columns = ("question", "reviewer", "reviewer", "tasks", "alike", "kappa")
        screen.table("agreement", columns, pairs, columns[3:])
    if told.gone:
        some = ", ".join(told.gone[:5]) + (", ..." if len(told.gone) > 5 else "")
        many = screen.many(len(told.gone), "task")
        click.echo(f"{many} reviewed and not in {told.version}: kept, not counted ({some})")
    click.echo("score: " + ("-" if told.score is None else f"{told.score:.3f}"))
