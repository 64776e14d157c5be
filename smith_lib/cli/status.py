"""`smith status`: how far a run came, and where its candidates went."""

import click

from smith_lib.cli import failures, screen
from smith_lib.cli.ending import BROKEN
from smith_lib.cli.funnel import Funnel, funnel
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.cli.records import sizes
from smith_lib.settings import Settings
from smith_lib.storage import Root
from smith_lib.types import Outcome


@click.command(
    "status",
    cls=Command,
    examples=["smith status --out data", "smith status --out data --json | jq .totals"],
)
@click.argument("run_id", required=False, metavar="[RUN]")
@with_settings("--out")
@json_option
def status(run_id: str | None, settings: Settings, as_json: bool) -> None:
    """Show the funnel of a run.

    RUN is a run's id, the newest where none is named. For each repository: kept or why not, the stage that it
    came to, its candidates by outcome, and how many were published. Where a file is damaged it is named, the
    rest is shown, and the exit code is 5.
    """
    root = Root.at(settings.out)
    found = funnel(root, run_id)
    if as_json:
        screen.document(found.plain())
    else:
        _show(found, root, settings.out)
    for line in found.damaged:
        click.echo(click.style(f"smith: {line}", fg="red"), err=True)
    if found.damaged:
        click.get_current_context().exit(BROKEN)


def _show(found: Funnel, root: Root, out: str) -> None:
    columns = (
        "source",
        "repository",
        "outcome",
        "stage",
        "candidates",
        "valid",
        "subtle",
        "instances",
        "published",
    )
    right = columns[4:]
    rows = [
        (
            x.source, x.repo_id, screen.coloured(x.outcome), x.reached, x.candidates,
            x.valid, x.subtle, x.instances, x.published,
        )
        for x in found.repositories
    ]  # fmt: skip
    totals = found.totals
    kept = totals["repositories"].get("kept", 0)
    rows.append(("", "total", f"{kept} kept of {totals['sources']}", "", *(totals[name] for name in right)))
    state = "finished" if found.finished else "not finished"
    screen.table(f"run {found.run_id} (until {found.until}, {state})", columns, rows, right)
    if outcomes := totals["outcomes"]:
        judged = sum(outcomes.values())
        ordered = sorted(outcomes.items(), key=lambda item: -item[1])
        screen.table(
            "",
            ("outcome", "candidates", "share"),
            [(screen.coloured(name), n, f"{n / judged:.1%}") for name, n in ordered],
            ("candidates", "share"),
        )
    if Outcome.PART_NOT_VALID in outcomes:
        click.echo(f"{Outcome.PART_NOT_VALID}: combinations of which a part is no bug by itself; not judged")
    if alone := totals["parts_only"]:
        click.echo(f"{screen.many(alone, 'candidate')} only parts of combinations, and no tasks themselves")
    if began := _began(found):
        click.echo(began)
    for line in found.repositories:
        if line.why:
            click.echo(line.why)
    for told in failures.lines(root, failures.failed(root, found.run_id), found.run_id, out):
        click.echo(told)
    if found.version is None:
        click.echo("nothing published by this run")
        return
    held = sizes(root, found.version)
    what = "published" if found.new else "unchanged"
    click.echo(f"{what} {found.version}{': ' + held if held else ''}")
    if found.left_out:
        told = ", ".join(f"{n} ({why})" for why, n in found.left_out.items())
        click.echo(f"{screen.many(sum(found.left_out.values()), 'task')} not published: {told}")


def _began(found: Funnel) -> str:
    """Who began the run, with what, and what it took; empty for a run of an older release."""
    facts = found.facts
    if not facts.get("began_at"):
        return ""
    known = [name for name in ("smith", "prefect", "python") if facts.get(name)]
    releases = ", ".join(f"{name} {facts[name]}" for name in known)
    parts = [f"began {facts['began_at']} by {facts.get('started_by', '')} with {releases}"]
    parts += [f"{found.seconds:,.0f} s of work"]
    parts += [f"${found.cost_usd:,.4f} for models"] if found.cost_usd else []
    parts += [f"{screen.many(found.tried_again, 'stage')} tried again"] if found.tried_again else []
    parts += [facts["flow_run_url"]] if facts.get("flow_run_url") else []
    return "; ".join(parts)
