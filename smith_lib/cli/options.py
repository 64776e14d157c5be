"""Options that come from the settings: types, bounds, defaults and help texts are read off the fields."""

import difflib
import functools
import tomllib
import typing
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from smith_lib.errors import InputError
from smith_lib.settings import Settings, load

F = TypeVar("F", bound=Callable[..., Any])
GIVEN = "smith.given"
"""Where a command's context keeps what was `Given`."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the command line said of the settings."""

    file: Path | None
    changes: dict[str, Any]
    """By dotted key."""


def fields_of(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """Every setting under its dotted key, single ones before groups."""
    groups = []
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            groups.append((f"{prefix}{name}.", field.annotation))
        else:
            yield prefix + name, field
    for inner, annotation in groups:
        yield from fields_of(annotation, inner)


def value_at(settings: BaseModel, key: str) -> Any:
    """The value of a setting by its dotted key."""
    at: Any = settings
    for name in key.split("."):
        at = getattr(at, name)
    return at


def flags() -> dict[str, tuple[str, FieldInfo]]:
    """The settings that are options of their own: flag to dotted key and field."""
    found = {}
    for key, field in fields_of():
        extra = field.json_schema_extra
        if isinstance(extra, dict) and "flag" in extra:
            found[str(extra["flag"])] = (key, field)
    return found


def _bounds(field: FieldInfo) -> tuple[Any, Any]:
    low = next((m.ge for m in field.metadata if hasattr(m, "ge")), None)
    high = next((m.le for m in field.metadata if hasattr(m, "le")), None)
    return low, high


def _click_type(field: FieldInfo) -> Any:
    annotation = field.annotation
    if typing.get_origin(annotation) is typing.Literal:
        return click.Choice(typing.get_args(annotation))
    low, high = _bounds(field)
    if annotation is int:
        return click.IntRange(low, high) if (low, high) != (None, None) else click.INT
    if annotation is float:
        return click.FloatRange(low, high) if (low, high) != (None, None) else click.FLOAT
    return click.STRING


def _option(flag: str, field: FieldInfo) -> Callable[[F], F]:
    return click.option(
        flag,
        type=_click_type(field),
        default=field.get_default(call_default_factory=True),
        help=" ".join((field.description or "").split()),
        show_default=True,
    )


def with_settings(*only: str) -> Callable[[F], F]:
    """Give a command the options of these flags (all where none is named), `--settings` and `--set`; it
    gets `settings`, a `Settings` with the file's values under the flags' and `--set`'s.
    """

    def decorate(function: F) -> F:
        chosen = {flag: entry for flag, entry in flags().items() if not only or flag in only}
        names = {flag.lstrip("-").replace("-", "_"): key for flag, (key, _) in chosen.items()}

        @functools.wraps(function)
        def command(*args: Any, settings_file: Path | None, set_: tuple[str, ...], **kwargs: Any) -> Any:
            context = click.get_current_context()
            given = {name: kwargs.pop(name) for name in names}
            changes = dict(assignment(text) for text in set_)
            for name, value in given.items():
                if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
                    changes[names[name]] = value
            context.meta[GIVEN] = Given(settings_file, changes)
            return function(*args, settings=load(settings_file, changes), **kwargs)

        decorated: Any = click.option(
            "--set",
            "set_",
            multiple=True,
            metavar="KEY=VALUE",
            help="Any other setting by its dotted key, its value as TOML. Repeatable; "
            "`smith settings` lists all.",
        )(command)
        decorated = click.option(
            "--settings",
            "settings_file",
            type=click.Path(path_type=Path),
            metavar="FILE",
            help="A smith.toml; options and --set win over it.",
        )(decorated)
        for flag, (_, field) in reversed(chosen.items()):
            decorated = _option(flag, field)(decorated)
        return typing.cast(F, decorated)

    return decorate


def assignment(text: str) -> tuple[str, Any]:
    """Key and value of `KEY=VALUE`; a value that is no TOML is taken as a string.

    Raises `InputError` where there is no `=` or no such setting.
    """
    key, equals, value = text.partition("=")
    key = key.strip()
    if not equals:
        raise InputError(f"--set {text!r}: KEY=VALUE wanted, e.g. inject.max_per_function=3")
    known = [name for name, _ in fields_of()]
    if key not in known:
        near = difflib.get_close_matches(key, known, n=3, cutoff=0.5)
        tail = key.rpartition(".")[2]
        near += [name for name in known if name.rpartition(".")[2] == tail and name not in near]
        hint = f"near: {', '.join(near)}; " if near else ""
        raise InputError(f"unknown setting {key!r}; {hint}`smith settings` lists all")
    try:
        return key, read_value(value.strip())
    except (ValueError, RecursionError) as error:
        raise InputError(f"--set {key}: the value cannot be read: {error}") from error


def read_value(text: str) -> Any:
    """The TOML value that the text is; the text itself where it is none."""
    try:
        parsed = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return parsed["value"] if len(parsed) == 1 else text


class Command(click.Command):
    """A command that also takes `--debug` and `-v` after its name, and shows its examples as written."""

    def __init__(self, *args: Any, examples: Sequence[str] = (), **kwargs: Any) -> None:
        """Keep the examples and add the options that every command has."""
        super().__init__(*args, **kwargs)
        self.examples = tuple(examples)
        for flag, text in (("debug", "Show where an error came from."), ("verbose", "Log what is done.")):
            names = [f"--{flag}"] + (["-v"] if flag == "verbose" else [])
            option = click.Option(names, is_flag=True, expose_value=False, help=text, callback=_noted)
            self.params.append(option)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The examples."""
        if self.examples:
            with formatter.section("Examples"):
                formatter.write("".join(f"  {example}\n" for example in self.examples))


def _noted(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.meta[str(param.name)] = True


def json_option(function: F) -> F:
    """Give a command `--json`: it gets `as_json`, and standard output then holds one document only."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        is_eager=True,
        callback=_json_noted,
        help="Write one JSON document to standard output and nothing else.",
    )(function)


def _json_noted(ctx: click.Context, _param: click.Parameter, value: bool) -> bool:
    ctx.meta["json"] = value
    return value
