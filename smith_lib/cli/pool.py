"""`smith pool`: fixes out of projects' histories, made, searched, compared and exported."""

import shlex
from collections import Counter
from typing import Any

import click

from smith_lib.cli import screen
from smith_lib.cli.ending import OK, UNFINISHED
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.cli.runs import call, ready
from smith_lib.cli.sources import gathered
from smith_lib.settings import MANY, Settings

VERBS = ("search", "compare", "export")


class WithVerbs(Command):
    """A command whose first word may be a verb that has a command of its own."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """The verb's context where there is one, else its own."""
        if args and args[0] in VERBS:
            from smith_lib.cli import pool_verbs

            verb: click.Command = getattr(pool_verbs, args[0])
            return verb.make_context(f"{info_name} {args[0]}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command(
    "pool",
    cls=WithVerbs,
    examples=[
        "smith pool ./checkout --out data",
        "smith pool github:owner/name git+https://host/name --limit 500 --out data",
        "smith pool ./checkout --record-only --out data",
        'smith pool search "rounding of negative numbers" --out data',
        'smith pool search "$(git diff)" --top 3 --json --out data',
        "smith pool compare data --out data",
        "smith pool export chats --out data",
    ],
)
@click.argument("sources", nargs=-1, metavar="SOURCE...")
@click.option(
    "--limit", type=click.IntRange(1, MANY), help="Look at so many commits, the newest.  [default: 5000]"
)
@click.option("--record-only", is_flag=True, help="Take fixes as they are: install nothing, run nothing.")
@with_settings("--out", "--seed", "--workers", "--sandbox")
@json_option
def pool(
    sources: tuple[str, ...], limit: int | None, record_only: bool, settings: Settings, as_json: bool
) -> None:
    """Learn from projects' own histories: their fixes, judged and searchable.

    A fix is a commit that changes source files in place, and tests. It is kept with what people said of it,
    the code before and after, and what it does to the syntax tree. It is undone on today's code, and the
    tests that then fail are kept with it; operators make more bugs at the same lines, which are judged, too.
    A fix whose undoing no test notices, or that cannot be undone today, is kept as recorded only. What is
    made takes the place of what the pool had of that project.

    `smith pool search`, `compare` and `export` use what is there; each has a --help of its own. A folder of
    such a name is ./search.
    """
    wanted = gathered(sources, ())
    if not wanted:
        raise click.UsageError("no SOURCE given, e.g. ./checkout, github:owner/name, git+https://...")
    if limit is not None:
        inject = settings.inject.model_copy(update={"mirror_commits": limit})
        settings = settings.model_copy(update={"inject": inject})
    ready(wanted, settings)
    told = call("pool", as_json, wanted, settings, record=record_only)
    rows = told["projects"]
    if as_json:
        screen.document(rows)
    else:
        _show(rows, settings)
    click.get_current_context().exit(UNFINISHED if any(row["error"] for row in rows) else OK)


def _show(rows: list[dict[str, Any]], settings: Settings) -> None:
    columns = ("repository", "fixes", "validated", "variations", "valid ones", "error")
    screen.table("", columns, [_line(row, settings) for row in rows], columns[1:5])
    click.echo(f"look for one: smith pool search 'WORDS OR A DIFF' --out {shlex.quote(settings.out)}")


def _line(row: dict[str, Any], settings: Settings) -> tuple[Any, ...]:
    from smith_lib.storage import Root, read_at
    from smith_lib.types import Outcome, PastFix

    if row["error"]:
        return row["source"], "", "", "", "", row["error"]
    fixes = read_at(Root.at(settings.out), row["shard"], PastFix)
    made = Counter(one.outcome for fix in fixes for one in fix.variations)
    return (row["repo_id"], len(fixes), sum(fix.validated for fix in fixes), made.total(),
            made[Outcome.VALID] + made[Outcome.SUBTLE], "")  # fmt: skip
