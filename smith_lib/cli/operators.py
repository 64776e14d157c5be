"""`smith operators`: the kinds of bugs, each with an example."""

from dataclasses import asdict

import click

from smith_lib.cli import screen
from smith_lib.cli.options import Command, json_option


@click.command(
    "operators",
    cls=Command,
    examples=[
        "smith operators",
        "smith operators --family semantic",
        "smith operators --category off_by_one --json",
    ],
)
@click.option("--family", help="Only this family, e.g. ast or semantic.")
@click.option("--category", help="Only this category, e.g. off_by_one.")
@json_option
def operators(family: str | None, category: str | None, as_json: bool) -> None:
    """List the bug operators, each with an example.

    Their names are what `--set 'inject.operators=["NAME"]'` takes.
    """
    from smith_lib.errors import UnknownName
    from smith_lib.inject.table import operators as table

    infos = table()
    for kind, wanted, known in (
        ("family", family, {str(i.family) for i in infos}),
        ("category", category, {str(i.category) for i in infos}),
    ):
        if wanted is not None and wanted not in known:
            raise UnknownName(kind, wanted, known)
    rows = [i for i in infos if family in (None, str(i.family)) and category in (None, str(i.category))]
    if as_json:
        screen.document([asdict(info) for info in rows])
        return
    screen.table(
        f"{len(rows)} operators",
        ("name", "family", "category", "before", "after"),
        [(i.name, i.family, i.category, i.before.strip("\n"), i.after.strip("\n")) for i in rows],
        lines=True,
    )
