"""`smith pool search`, `compare` and `export`: what is done with the fixes that are there."""

import re
import sys
from dataclasses import asdict
from typing import Any

import click

from smith_lib.cli import screen
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.errors import InputError
from smith_lib.settings import Settings
from smith_lib.storage import Root
from smith_lib.types import PastFix

SHOWN = ("fix_id", "repo", "commit", "date", "title", "functions", "files", "category", "edits", "validated",
         "outcome", "fail_to_pass", "patch")  # fmt: skip
MOST = 200_000
"""Characters of a question that count."""
LINES = 14
"""Changed lines of a diff that are shown."""


@click.command(
    "search",
    cls=Command,
    examples=[
        'smith pool search "rounding of negative numbers" --out data',
        'smith pool search "$(git diff)" --top 3 --json --out data',
        'smith pool search "KeyError for None" --project owner/name --by words --out data',
    ],
)
@click.argument("question", required=False, metavar="[TEXT]")
@click.option("--top", type=click.IntRange(1, 1_000), default=5, show_default=True, help="How many fixes.")
@click.option("--project", "projects", multiple=True, metavar="OWNER/NAME", help="Only this one. Repeatable.")
@click.option(
    "--by", type=click.Choice(("both", "vectors", "words")), default="both", show_default=True,
    help="What counts: the likeness of embeddings, of words, or both.",
)  # fmt: skip
@with_settings("--out")
@json_option
def search(
    question: str | None, top: int, projects: tuple[str, ...], by: Any, settings: Settings, as_json: bool
) -> None:
    """Find the fixes of the pool that are nearest to a text or a diff.

    TEXT may be what an issue says, code, or a diff; without it, standard input is read. Of a very long one
    the first 200,000 characters count.
    """
    from smith_lib.pool import text
    from smith_lib.pool.embed import embedder
    from smith_lib.pool.index import index_of
    from smith_lib.sources.table import cache_folder

    given = sys.stdin.buffer.read(4 * MOST) if question is None else question.encode("utf-8", "replace")
    asked = given.decode("utf-8", "replace")[:MOST]
    if not asked.strip():
        raise InputError("nothing to search for: give a text or a diff, as an argument or on standard input")
    index = index_of(Root.at(settings.out), projects)
    by_model = embedder(settings, cache_folder(settings), "pool")
    hits = index.nearest(text.of_question(asked), by_model, top, by)
    if as_json:
        told = [{"score": hit.score, "cosine": hit.cosine, "words": hit.words,
                 **{name: getattr(hit.row, name) for name in SHOWN}} for hit in hits]  # fmt: skip
        screen.document(told)
        return
    for hit in hits:
        _show(hit)
    of = screen.many(index.size, "fix", "fixes")
    click.echo(f"\nthe nearest of {of}" if hits else f"nothing in {of} is like that")


def _show(hit: Any) -> None:
    from rich.text import Text

    from smith_lib.cli.show import diff

    row, console = hit.row, screen.console()
    state = "validated" if row.validated else "recorded"
    commit = f"  {row.repo} {row.commit[:10]}  "
    head = Text.assemble((f"\n{hit.score:.3f}", "bold"), commit, (row.title, "bold"))
    console.print(head, soft_wrap=True)
    more = f" and {len(row.functions) - 3} more" if len(row.functions) > 3 else ""
    where = ", ".join(row.functions[:3]) + more
    console.print(Text(f"       {where}; {row.category}; {state}", style="dim"), soft_wrap=True)
    console.print(diff(short(row.patch)), soft_wrap=True, end="")


def short(patch: str) -> str:
    """The changed lines of a diff, the first of them, without what stands around."""
    lines = [line for line in patch.split("\n") if re.match(r"[+@]|-(?!-- )", line) and line[:4] != "+++ "]
    more = f"\n... {len(lines) - LINES} lines more" if len(lines) > LINES else ""
    return "\n".join(lines[:LINES]) + more


@click.command(
    "compare",
    cls=Command,
    examples=["smith pool compare data --out data", "smith pool compare data --project owner/name --json"],
)
@click.argument("dataset")
@click.option("--subset", type=click.Choice(("main", "subtle", "all")), default="main", show_default=True)
@click.option("--project", "projects", multiple=True, metavar="OWNER/NAME", help="Only its. Repeatable.")
@with_settings("--out", "--seed")
@json_option
def compare(
    dataset: str, subset: str, projects: tuple[str, ...], settings: Settings, as_json: bool
) -> None:
    """Tell how far a dataset's bugs are from the real fixes of the pool.

    DATASET is a published version's folder, or the data folder whose newest version is meant. By feature:
    the Jensen-Shannon distance (0 to 1) of shares, or the Wasserstein distance of numbers; beside it what
    chance alone makes of as many real fixes. The setting `inject.towards` moves what is drawn.
    """
    from smith_lib.pool.compare import compared
    from smith_lib.publish.reading import dataset_at

    found = dataset_at(dataset, subset)
    distances = compared(found.rows, _fixes(settings, projects), settings.seed)
    if as_json:
        screen.document([asdict(one) for one in distances])
        return
    columns = ("feature", "measure", "distance", "by chance", "made", "real")
    rows = [
        (x.feature, x.measure, f"{x.distance:.3f}", f"{x.floor:.3f}", _most(x.made), _most(x.real))
        for x in distances
    ]
    n_made, n_real = len(found.rows), max((one.n_real for one in distances), default=0)
    sides = f"{screen.many(n_made, 'bug')}, {screen.many(n_real, 'real fix', 'real fixes')}"
    screen.table(f"{found.name}: {sides}", columns, rows, columns[2:4])


def _most(shares: tuple[tuple[str, float], ...]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in shares[:4])


def _fixes(settings: Settings, projects: tuple[str, ...]) -> list[PastFix]:
    from smith_lib.pool.index import shards_of
    from smith_lib.storage import read_at

    root = Root.at(settings.out)
    return [row for path in shards_of(root, projects) for row in read_at(root, path, PastFix)]


@click.command(
    "export",
    cls=Command,
    examples=["smith pool export chats --out data", "smith pool export chats --validated --project o/name"],
)
@click.argument("folder", metavar="FOLDER")
@click.option("--validated", is_flag=True, help="Only fixes that today's tests notice when they are undone.")
@click.option("--project", "projects", multiple=True, metavar="OWNER/NAME", help="Only these. Repeatable.")
@with_settings("--out")
@json_option
def export(
    folder: str, validated: bool, projects: tuple[str, ...], settings: Settings, as_json: bool
) -> None:
    """Write the fixes of the pool as data for supervised fine-tuning.

    FOLDER is a new folder, or an earlier export, which is replaced. It gets prompts and completions, and
    chats: what people said of the bug with the code as it was, and the code as they fixed it.
    """
    from smith_lib.export.folder import MARK, document, put
    from smith_lib.pool.chats import files

    rows = [row for row in _fixes(settings, projects) if row.validated or not validated]
    if not rows:
        raise InputError("no fix to export: none of those in the pool is validated")
    validated_ones = sum(row.validated for row in rows)
    told = {"format": "pool", "split": "train", "fixes": len(rows), "validated": validated_ones}
    place = put(folder, (*files(rows, settings.out, "train"), (MARK, document(told))))
    if as_json:
        screen.document({**told, "folder": str(place)})
    else:
        click.echo(f"{screen.many(len(rows), 'fix', 'fixes')} in {place}")
