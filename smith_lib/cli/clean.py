"""`smith clean`: what nothing recent needs, shown first and removed when told so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from smith_lib.cleaning import KINDS, Thing, beyond, in_cache, in_engine, in_root, recent
from smith_lib.cli import screen
from smith_lib.cli.ending import UNFINISHED
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.errors import EngineError, SmithError
from smith_lib.settings import Settings

if TYPE_CHECKING:
    from smith_lib.storage import Root


@dataclass(frozen=True, slots=True)
class Found:
    """What may go, and what could not be looked at."""

    things: list[Thing]
    problems: list[str]


@click.command(
    "clean",
    cls=Command,
    examples=[
        "smith clean --out data",
        "smith clean --out data --days 7 --yes",
        "smith clean --only images --only cache --keep-gb 50 --yes",
    ],
)
@click.option("--days", type=click.FloatRange(0), default=30.0, show_default=True,
              help="What was made or used in so many days stays.")  # fmt: skip
@click.option("--keep-gb", type=click.FloatRange(0),
              help="Of what is older only the oldest goes, until the rest takes so many GB.")  # fmt: skip
@click.option("--only", multiple=True, type=click.Choice(KINDS), help="Only this kind. Repeatable.")
@click.option("--yes", is_flag=True, help="Remove it; without this it is only shown.")
@with_settings("--settings", "--out", "--cache")
@json_option
def clean(
    days: float, keep_gb: float | None, only: tuple[str, ...], yes: bool, settings: Settings, as_json: bool
) -> None:
    """Remove images, containers, caches and shards that nothing recent needs.

    Published versions, the ledger (`runs/`), what the newest run of each repository made, and the image that
    environments are layered on always stay.
    Images are those of all of Smith's roots on this engine. What is removed is made again when a run needs
    it. Without --yes nothing is removed. Exits with 1 where something could not be looked at or removed.
    """
    found = _found(settings, days, only or KINDS)
    things = found.things if keep_gb is None else beyond(found.things, int(keep_gb * 1e9))
    gone: list[Thing] = []
    problems = list(found.problems)
    for thing in things if yes else ():
        try:
            thing.remove()
            gone.append(thing)
        except SmithError as error:
            problems.append(str(error))
    if as_json:
        told = [{"kind": t.kind, "name": t.name, "bytes": t.size, "days": round(t.days, 2), "why": t.why,
                 "removed": t in gone} for t in things]  # fmt: skip
        screen.document({"things": told, "problems": problems})
    else:
        _show(things, gone, problems, yes)
    if problems:
        click.get_current_context().exit(UNFINISHED)


def _found(settings: Settings, days: float, kinds: tuple[str, ...]) -> Found:
    from smith_lib.sources.table import cache_folder
    from smith_lib.storage import Root

    things: list[Thing] = []
    problems: list[str] = []
    root = Root.at(settings.out)
    if {"containers", "images"} & set(kinds):
        try:
            held = _engine(root, days, settings.environments.base_image)
            things += [thing for thing in held if thing.kind in kinds]
        except EngineError as error:
            problems.append(str(error))
    if "cache" in kinds:
        things += in_cache(cache_folder(settings), days)
    if "shards" in kinds:
        things += in_root(root, days)
    return Found(things, problems)


def _engine(root: Root, days: float, base: str) -> list[Thing]:
    """What the engine holds; nothing where none answers."""
    import docker
    from docker.errors import DockerException

    from smith_lib.sandbox.docker import FIRST_ANSWER
    from smith_lib.sandbox.docker_images import tools_name

    try:
        client = docker.from_env(timeout=FIRST_ANSWER)
    except DockerException:
        return []
    try:
        return in_engine(client.api, days, recent(root, days), needed=[tools_name(base)])
    finally:
        client.close()


def _show(things: list[Thing], gone: list[Thing], problems: list[str], yes: bool) -> None:
    if things:
        rows = [(t.kind, t.name, f"{t.size / 1e6:,.1f}", f"{t.days:,.1f}", t.why) for t in things]
        screen.table("", ("kind", "name", "MB", "days", "why"), rows, right=("MB", "days"))
    for problem in problems:
        click.echo(f"problem: {problem}", err=True)
    size = sum(thing.size for thing in (gone if yes else things)) / 1e9
    if not things:
        click.echo("nothing to remove")
    elif yes:
        click.echo(f"removed {len(gone)} of {len(things)}: {size:.2f} GB")
    else:
        click.echo(f"{len(things)} would be removed: {size:.2f} GB; --yes removes them")
