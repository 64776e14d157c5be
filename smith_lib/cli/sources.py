"""Which sources a command is about: named, in files, or those of the run before."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from smith_lib.cli.options import GIVEN, Given, fields_of, value_at
from smith_lib.errors import InputError
from smith_lib.settings import Settings, load


def listed(path: Path) -> list[str]:
    """The sources in a file: one a line, `#` begins a comment. Raises `InputError` that names the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the list of sources {str(path)!r}: {error}") from error
    # A `#` inside a word belongs to the source (a URL's fragment).
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in text.splitlines())
    found = [line for line in lines if line]
    if not found:
        raise InputError(f"the list of sources {str(path)!r} names none")
    return found


def gathered(arguments: Iterable[str], files: Iterable[Path]) -> list[str]:
    """Sources as given, `@file` and `--sources` read, each once, in order."""
    found: list[str] = []
    for argument in arguments:
        if not argument.strip():
            raise InputError("an empty source was given; `smith run --help` shows the kinds")
        found += listed(Path(argument[1:])) if argument.startswith("@") else [argument]
    for path in files:
        found += listed(path)
    return list(dict.fromkeys(found))


def as_before(settings: Settings) -> tuple[list[str], Settings]:
    """The sources and settings of the root's newest run, with what this command was given laid over them.

    A settings file replaces that run's settings. Raises `InputError` where there is no run.
    """
    from smith_lib import ledger
    from smith_lib.storage import Root

    record = ledger.record(Root.at(settings.out))
    given = click.get_current_context().meta.get(GIVEN, Given(None, {}))
    if given.file is not None:
        return list(record.sources), settings
    before = {key: value_at(record.settings, key) for key, _ in fields_of()}
    return list(record.sources), load(None, {**before, **given.changes, "out": settings.out})


def some_known(sources: Sequence[str], settings: Settings) -> None:
    """Raise `InputError` where no source is well formed, or a folder: then nothing can come of a run.

    Where some are, the others are rejected in the run, with their reasons, and the rest goes on. Nothing is
    asked over the network: a name that no index knows is told by the run.
    """
    from smith_lib.sources.table import well_formed

    first: InputError | None = None
    for source in sources:
        try:
            well_formed(source, settings.select)
        except InputError as error:
            first = first or error
        else:
            return
    if first is not None:
        raise first
