"""`smith deploy` and `smith worker`: all that a night needs on one machine, and what runs it."""

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from smith_lib.cli import flows, screen
from smith_lib.cli.options import Command, json_option, read_value, value_at, with_settings
from smith_lib.cli.runs import sources_option
from smith_lib.cli.sources import gathered, some_known
from smith_lib.errors import InputError
from smith_lib.settings import SearchSettings, Settings

PATHS = ("out", "cache", "select.contamination_file")
"""Settings that name a place on this machine, which must mean the same in a worker's folder."""
NONE = "none"


@click.command(
    "deploy",
    cls=Command,
    examples=[
        "smith deploy pypi:h11 pypi:tinydb --out /data/smith",
        "smith deploy @sources.txt --cron '30 2 * * *' --timezone Europe/Berlin --settings smith.toml",
        "smith deploy --search min_stars=500 --search limit=50 --search 'licenses=[\"mit\"]'",
        "smith deploy --cron none --engine-limit 4 --json",
    ],
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@sources_option
@click.option(
    "--search", "searched", multiple=True, metavar="KEY=VALUE",
    help="Repositories that every night looks for on GitHub, beside SOURCE: min_stars, language, licenses, "
    "pushed_after, limit. Repeatable; what is left out is at its default.",
)  # fmt: skip
@click.option(
    "--cron", metavar="CRON",
    help="When the night begins: five fields, or the word `none`. Where left out, 01:00 every day.",
)  # fmt: skip
@click.option("--timezone", default="UTC", show_default=True, help="The time zone of --cron.")
@click.option(
    "--engine-limit", type=click.IntRange(1), default=8, show_default=True,
    help="Repositories that use sandboxes at the same time, over all runs and workers.",
)  # fmt: skip
@click.option(
    "--github-limit", type=click.IntRange(1), default=2, show_default=True,
    help="Searches on GitHub at the same time.",
)  # fmt: skip
@click.option(
    "--model-limit", type=click.IntRange(1), default=2, show_default=True,
    help="Repositories that ask a model at the same time.",
)  # fmt: skip
@click.option(
    "--lost-after", type=click.IntRange(60, 86_400), default=180, show_default=True,
    help="Seconds after which a flow run of which nothing is heard counts as crashed: its worker is gone.",
)  # fmt: skip
@with_settings()
@json_option
def deploy(
    sources: tuple[str, ...], files: tuple[Path, ...], searched: tuple[str, ...], cron: str | None,
    timezone: str, engine_limit: int, github_limit: int, model_limit: int, lost_after: int,
    settings: Settings, as_json: bool,
) -> None:  # fmt: skip
    """Set up the nightly job: Prefect's server, pool, limits, deployments.

    Uses the Prefect server of PREFECT_API_URL where one answers, and else starts one on this machine, in the
    background (`prefect server stop` ends it). SOURCE, the options and the settings become the parameters of
    the deployment `nightly`, the settings those of the others too; what is left out is at its default, as if
    for the first time. An @FILE is read again every night, and --search looks again: only new
    commits cost anything. The same command twice changes nothing.

    Then `smith worker` runs what is due.
    """
    parameters = parameters_of(sources, files, settings, search_of(searched))
    limits = {"engine": engine_limit, "github": github_limit, "model": model_limit}
    flows.prepare(verbose=False)
    wanted = "" if cron == NONE else cron
    done = flows.operation("deploy")(parameters, wanted, timezone, limits, lost_after)
    if as_json:
        screen.document(done)
    else:
        _show(done)


def search_of(searched: tuple[str, ...]) -> dict[str, Any] | None:
    """What is looked for on GitHub, as it was given; None where nothing is.

    Raises `InputError` that names the key and what was allowed.
    """
    if not searched:
        return None
    given = {}
    for text in searched:
        key, equals, value = (part.strip() for part in text.partition("="))
        if not equals or key not in SearchSettings.model_fields:
            known = ", ".join(SearchSettings.model_fields)
            raise InputError(f"--search {text!r}: KEY=VALUE wanted, KEY one of {known}")
        read = read_value(value)
        given[key] = value if isinstance(read, date) else read
    try:
        return SearchSettings.model_validate(given).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        told = "; ".join(f"{e['loc'][0]} = {e['input']!r}: {e['msg']}" for e in error.errors())
        raise InputError(f"bad --search: {told}") from error


def parameters_of(
    sources: tuple[str, ...], files: tuple[Path, ...], settings: Settings,
    search: Mapping[str, Any] | None = None,
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """The parameters of each deployment. Raises `InputError` where a list or every source cannot be."""
    from smith_lib.sources.table import anchored

    if wanted := gathered(sources, files):
        some_known(wanted, settings)
    listed = [f"@{Path(one[1:]).absolute()}" if one.startswith("@") else anchored(one) for one in sources]
    listed += [f"@{path.absolute()}" for path in files]
    given = _given(settings)
    nightly: dict[str, Any] = {"settings": given}
    if listed or search:
        nightly["sources"] = list(dict.fromkeys(listed))
    if search:
        nightly["search"] = dict(search)
    others = {name: {"settings": given} for name in ("run", "publish")}
    grade = {"dataset": given["out"], "settings": given}
    return {"nightly": nightly, "rerun-failed": {"out": given["out"]}, "grade": grade, **others}


def _given(settings: Settings) -> dict[str, Any]:
    """The settings that were asked for, nested, with whole paths; what was left out follows the release."""
    asked = settings.model_dump(mode="json", exclude_unset=True)
    for key in PATHS:
        value = value_at(settings, key)
        if value is None or "://" in value:
            continue
        *groups, last = key.split(".")
        place = asked
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = os.path.abspath(Path(value).expanduser())  # noqa: PTH100  (follows no link)
    return {**asked, "out": asked.get("out", settings.out)}


def _show(done: Mapping[str, Any]) -> None:
    how = "started in the background; `prefect server stop` ends it" if done["started"] else "was there"
    click.echo(f"server       {done['api'].removesuffix('/api')} ({how})")
    click.echo(f"work pool    {done['pool']}")
    click.echo("limits       " + ", ".join(f"{tag} {limit}" for tag, limit in done["limits"].items()))
    for one in done["deployments"]:
        at = f", at {' and '.join(one['schedules'])}" if one["schedules"] else ""
        listed = one["parameters"].get("sources")
        what = f": {', '.join(listed[:5])}{' ...' if len(listed) > 5 else ''}" if listed else ""
        if search := one["parameters"].get("search"):
            what += f", searching GitHub by {', '.join(f'{key}={value}' for key, value in search.items())}"
        click.echo(f"deployment   {one['name']}{at}{what}")
    if os.environ.get("PREFECT_API_URL", "").rstrip("/") != done["api"]:
        click.echo(f"`smith run` reports there too after: export PREFECT_API_URL={done['api']}")
    click.echo("next: `smith worker` runs what is due; now: `prefect deployment run nightly/nightly`")


@click.command("worker", cls=Command, examples=["smith worker", "smith worker --limit 2 --name left"])
@click.option(
    "--limit", type=click.IntRange(1), default=1, show_default=True, help="Flow runs at the same time."
)
@click.option("--name", metavar="NAME", help="The worker's name in Prefect's UI.")
def worker(limit: int, name: str | None) -> None:
    """Run what is due, until Ctrl-C.

    Takes up the flow runs of the work pool that `smith deploy` made, each in a process of its own, from the
    Prefect server of PREFECT_API_URL or of this machine. As many workers, on as many machines, as you like.
    """
    os.environ.setdefault("PREFECT_LOGGING_ROOT_LEVEL", "WARNING")  # else every request is a line
    flows.prepare(verbose=True)
    flows.operation("worker")(limit, name)
    raise InputError("the worker could not be started")
