"""Where things are shown: consoles, tables and the one JSON document."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

WIDE = 200
"""Columns where the output is no terminal, so that nothing is cut off in a file."""


def console(stderr: bool = False) -> "Console":
    """A rich console on standard output or error; plain where that is no terminal."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, width=None if stream.isatty() else WIDE, highlight=False)


STYLES = {
    "green": ("kept", "ok", "done", "cached", "valid", "published"),
    "yellow": ("subtle", "skipped", "waiting", "warn", "unset", "not_covered", "no_failure", "duplicate",
        "part_not_valid"),
    "red": ("failed", "flaky", "timeout", "apply_failed", "mismatch", "missing"),
}


def many(n: int, one: str, more: str = "") -> str:
    """A count with its noun: `1 file`, `2 files`."""
    return f"{n:,} {one if n == 1 else more or one + 's'}"


def coloured(word: str) -> "Text":
    """A word of status in its colour; anything else as it is."""
    from rich.text import Text

    return Text(word, style=next((style for style, words in STYLES.items() if word in words), ""))


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    right: Sequence[str] = (),
    lines: bool = False,
) -> None:
    """Print a table; the columns named in `right` are numbers, `lines` are drawn between rows."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = Table(
        title=Text(title) if title else None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD,
        pad_edge=False, show_lines=lines,
    )  # fmt: skip
    for column in columns:
        shown.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        shown.add_row(*(cell if isinstance(cell, Text) else Text(str(cell)) for cell in row))
    screen = console()
    if screen.is_terminal:
        screen.print(shown)
        return
    with screen.capture() as drawn:
        screen.print(shown)
    for line in drawn.get().splitlines():  # cells are padded to the table's width
        click.echo(line.rstrip())


def document(value: Any) -> None:
    """Write the one JSON document of `--json`."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))
