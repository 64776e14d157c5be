"""`smith report`: a published version as one HTML page."""

from pathlib import Path

import click

from smith_lib.cli import interrupt, screen
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.errors import InputError
from smith_lib.publish.reading import version_at
from smith_lib.publish.version import versions
from smith_lib.settings import Settings
from smith_lib.storage import Root


@click.command(
    "report",
    cls=Command,
    examples=[
        "smith report --out data",
        "smith report v0001-1a2b3c4d --out data --to report.html",
        "smith report data/published/v0001-1a2b3c4d --samples 30 --seed 2",
        "smith report data --json | jq -r .report",
    ],
)
@click.argument("version", default="latest")
@click.option(
    "--to", type=click.Path(path_type=Path), metavar="FILE",
    help="Where the page goes.  [default: reports/VERSION.html beside published/]",
)  # fmt: skip
@click.option(
    "--samples", type=click.IntRange(0, 200), default=12, show_default=True,
    help="How many tasks are shown whole, drawn by --seed.",
)  # fmt: skip
@with_settings("--out", "--seed")
@json_option
def report(version: str, to: Path | None, samples: int, settings: Settings, as_json: bool) -> None:
    """Show a published version as one HTML page.

    VERSION is a version's name under --out, its folder, or a data folder whose newest version is meant; where
    it is not given, the newest under --out. The page holds all that it needs: it loads nothing, and can be
    sent as a file. It shows the funnel, yields with intervals, shares against their targets, sizes,
    repositories, time and cost, samples, and what changed since the version before.
    """
    from smith_lib.report.page import report as page

    interrupt.install()
    if to is not None and to.is_dir():
        raise InputError(f"--to {str(to)!r} is a folder; a file was wanted, e.g. {str(to / 'report.html')!r}")
    root, name = version_at(version, settings.out)
    known = versions(root) if name else []
    before = known[known.index(name) - 1] if name in known[1:] else None
    text = page(root, name, before, samples, settings.seed).encode()
    if to is None:
        shown = name or root.url.rstrip("/").rpartition("/")[2]
        target, file = root, f"reports/{shown}.html"
    else:
        target, file = Root.at(to.resolve().parent), to.name
    target.write_bytes(file, text)
    place = str(target.local / file) if target.local else f"{target.url.rstrip('/')}/{file}"
    if as_json:
        told = {"version": name, "before": before, "report": place, "bytes": len(text)}
        screen.document(told)
    else:
        click.echo(f"{place} ({len(text) / 1e6:.1f} MB): open it in a browser")
