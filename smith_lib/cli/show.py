"""`smith show`: one task, or what became of a candidate."""

from dataclasses import asdict
from typing import Any

import click
from rich.text import Text

from smith_lib.cli import screen
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.cli.records import Unpublished, find, sizes, version_named
from smith_lib.publish.reading import published
from smith_lib.settings import Settings
from smith_lib.storage import Root
from smith_lib.types import Candidate, Instance

FACTS = (
    "repo", "source", "base_commit", "subset", "strategy", "operator", "category", "complexity", "difficulty",
    "fix_lines", "files_changed", "functions", "fail_ratio", "license", "python", "image", "test_command",
    "problem_statement_source", "reproduced", "given_away", "difficulty_points", "covering_tests",
    "wrong_fixes", "wrong_fixes_surviving", "wrong_fixes_alike", "quality", "tags", "model", "cost_usd",
)  # fmt: skip


@click.command(
    "show",
    cls=Command,
    examples=[
        "smith show --out data",
        "smith show pypi__h11.1a2b3c4d --out data",
        "smith show INSTANCE_ID --out data --json | jq .patch",
    ],
)
@click.argument("instance_id", required=False, metavar="[INSTANCE_ID]")
@click.option("--tests", default=20, show_default=True, type=click.IntRange(0), help="Failing tests to list.")
@with_settings("--out")
@json_option
def show(instance_id: str | None, tests: int, settings: Settings, as_json: bool) -> None:
    """Show one task: diff, issue text, failing tests, facts.

    Without an id it lists the tasks of the newest published version. The beginning or the end of an id is
    enough where only one has it. A candidate that did not become a task is shown with its outcome and the
    reason.
    """
    root = Root.at(settings.out)
    if instance_id is None:
        _list(root, as_json)
        return
    found = find(root, instance_id)
    if as_json:
        screen.document(asdict(found))
    elif isinstance(found, Unpublished):
        _candidate(found, tests)
    else:
        _instance(found, tests)


def _list(root: Root, as_json: bool) -> None:
    version = version_named(root, "latest")
    columns = ("id", "subset", "category", "complexity", "failing", "issue")
    rows = [
        (row.instance_id, row.subset, row.category, row.complexity, len(row.FAIL_TO_PASS),
         row.problem_statement.strip().partition("\n")[0])
        for row in sorted(published(root, version), key=lambda row: (row.subset, row.instance_id))
    ]  # fmt: skip
    if as_json:
        screen.document([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        held = sizes(root, version) or screen.many(len(rows), "task")
        screen.table(f"version {version}: {held}", columns, rows, ("failing",))


def diff(patch: str) -> Text:
    """A unified diff in colours."""
    text = Text()
    for line in patch.split("\n"):
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        if line.startswith(("diff ", "--- ", "+++ ")):
            style = "bold"
        text.append(line + "\n", style)
    return text


def _heading(title: str) -> None:
    screen.console().print(Text(f"\n{title}", style="bold magenta"))


def _facts(title: str, facts: list[tuple[str, Any]]) -> None:
    console = screen.console()
    console.print(Text(title, style="bold"), soft_wrap=True)
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        some = value if isinstance(value, tuple) else (value,)
        shown = ", ".join(f"{one:.4g}" if isinstance(one, float) else str(one) for one in some)
        console.print(Text.assemble((f"  {name:<{width}}  ", "dim"), shown), soft_wrap=True)


def _tests(title: str, ids: tuple[str, ...], most: int, style: str) -> None:
    console = screen.console()
    _heading(f"{title} ({len(ids)})")
    for test_id in ids[:most]:
        console.print(Text(f"  {test_id}", style=style), soft_wrap=True)
    if len(ids) > most:
        console.print(Text(f"  and {len(ids) - most} more", style="dim"))


def _instance(row: Instance, tests: int) -> None:
    console = screen.console()
    _facts(
        row.instance_id, [(name, value) for name in FACTS if (value := getattr(row, name)) not in ("", ())]
    )
    _heading("Issue")
    console.print(Text(row.problem_statement.rstrip("\n")), soft_wrap=True)
    _heading("Bug (clean to buggy)")
    console.print(diff(row.bug_patch), soft_wrap=True, end="")
    _tests("Fails on buggy, passes on clean", row.FAIL_TO_PASS, tests, "red")
    console.print(Text(f"\n{len(row.PASS_TO_PASS)} tests pass on both", style="green"))


def _candidate(found: Unpublished, tests: int) -> None:
    candidate, verdict = found.candidate, found.verdict
    outcome = f"{verdict.outcome}: {verdict.reason}" if verdict else "not judged yet"
    names = [f for f in Candidate.__dataclass_fields__ if f in FACTS or f in ("repo_id", "seed", "files")]
    facts = [("outcome", outcome), *((name, getattr(candidate, name)) for name in names)]
    _facts(candidate.candidate_id, [(n, v) for n, v in facts if v not in ("", ())])
    _heading("Bug (clean to buggy)")
    screen.console().print(diff(candidate.bug_patch), soft_wrap=True, end="")
    if verdict and verdict.fail_to_pass:
        _tests("Fails on buggy, passes on clean", verdict.fail_to_pass, tests, "red")
