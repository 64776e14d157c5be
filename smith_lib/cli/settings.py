"""`smith settings`: the effective settings as a smith.toml, each with its docstring as a comment."""

import json
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import click
from pydantic import BaseModel

from smith_lib.cli import screen
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.settings import Settings


def toml(value: Any) -> str:
    """A value as TOML. Raises `TypeError` for what TOML cannot hold."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case Mapping():
            return "{" + ", ".join(f"{toml(str(k))} = {toml(v)}" for k, v in value.items()) + "}"
        case Sequence():
            return "[" + ", ".join(map(toml, value)) + "]"
    raise TypeError(f"TOML cannot hold {value!r}")


def text(settings: BaseModel, prefix: str = "") -> str:
    """The settings as a TOML file; what is not set is a comment."""
    lines: list[str] = []
    groups: list[str] = []
    for name, field in type(settings).model_fields.items():
        value = getattr(settings, name)
        if isinstance(value, BaseModel):
            about = " ".join((type(value).__doc__ or "").split())
            groups.append(f"\n# {about}\n[{prefix}{name}]\n{text(value, f'{prefix}{name}.')}")
            continue
        lines += textwrap.wrap(
            " ".join((field.description or "").split()), 100, initial_indent="# ", subsequent_indent="# "
        )
        lines.append(f"# {name} =" if value is None else f"{name} = {toml(value)}")
    return "\n".join(lines) + "\n" + "".join(groups)


@click.command(
    "settings",
    cls=Command,
    examples=[
        "smith settings > smith.toml",
        "smith settings --settings smith.toml --set inject.limit=50",
        "smith settings --json",
    ],
)
@with_settings()
@json_option
def settings(settings: Settings, as_json: bool) -> None:
    """Print the effective settings as a smith.toml.

    Every setting with its value and what it means: the defaults, under what --settings, the options and
    --set change. The output is a file that --settings takes.
    """
    if as_json:
        screen.document(settings.model_dump(mode="json"))
    else:
        click.echo(text(settings), nl=False)
