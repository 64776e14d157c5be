"""`smith operators`: the kinds of bugs, and an example of each."""

from dataclasses import asdict

import click

from smith_lib.cli import screen
from smith_lib.cli.options import Command, json_option

MIXED = "of its parts"
"""What stands for the category of operators that have none of their own."""


@click.command(
    "operators",
    cls=Command,
    examples=[
        "smith operators",
        "smith operators drop_slice",
        "smith operators --family combine",
        "smith operators --category off_by_one --examples",
        "smith operators --json",
    ],
)
@click.argument("name", required=False, metavar="[NAME]")
@click.option("--family", help="Only this family: ast, semantic, combine, mirror or llm.")
@click.option("--category", help="Only this category, e.g. off_by_one.")
@click.option("--examples", is_flag=True, help="Show code before and after.")
@json_option
def operators(
    name: str | None, family: str | None, category: str | None, examples: bool, as_json: bool
) -> None:
    """List the bug operators; with a name, its example.

    Their names are what `--set 'inject.operators=["NAME"]'` takes. `combine_*` are made of the others;
    `mirror_*` are fixes out of a git history, undone. `mirror_ported` and `llm_*` are written by a model and
    need the setting `llm.model`.
    """
    from smith_lib.errors import UnknownName

    rows = _rows()
    asked = (("operator", "name", name), ("family", "family", family), ("category", "category", category))
    for kind, key, wanted in asked:
        known = {row[key] for row in rows} - {MIXED, "any"}
        if wanted is not None and wanted not in known:
            raise UnknownName(kind, wanted, known)
    rows = [row for row in rows if all(wanted in (None, row[key]) for _, key, wanted in asked)]
    if as_json:
        screen.document(rows)
        return
    columns: tuple[str, ...] = ("name", "family", "category", "summary")
    if name or examples:
        columns = (*columns[:3], "before", "after") if not name else (*columns, "before", "after")
    cells = [[row[column].strip("\n") for column in columns] for row in rows]
    screen.table(screen.many(len(rows), "operator"), columns, cells, lines=examples)


def _rows() -> list[dict[str, str]]:
    from smith_lib.inject import combine
    from smith_lib.inject.llm_family import family as llm
    from smith_lib.inject.mirror_family import undo
    from smith_lib.inject.table import operators as table

    rows = [{key: str(value) for key, value in asdict(info).items()} for info in table()]
    none = {"before": "", "after": ""}
    for name, summary in combine.NAMES.items():
        rows.append({"name": name, "family": "combine", "category": MIXED, "summary": summary, **none})
    for name, summary in undo.NAMES.items():
        rows.append({"name": name, "family": "mirror", "category": "any", "summary": summary, **none})
    for name, summary in llm.NAMES.items():
        rows.append({"name": name, "family": "llm", "category": "any", "summary": summary, **none})
    return rows
