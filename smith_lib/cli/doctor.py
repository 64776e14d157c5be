"""`smith doctor`: what this machine has and lacks, each with its remedy."""

from dataclasses import asdict

import click

from smith_lib.cli import screen
from smith_lib.cli.checks import Check, checks
from smith_lib.cli.ending import UNFINISHED
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.settings import Settings


@click.command("doctor", cls=Command, examples=["smith doctor", "smith doctor --out /data/smith --json"])
@with_settings()
@json_option
def doctor(settings: Settings, as_json: bool) -> None:
    """Check what this machine has and lacks.

    Looks at the sandboxes, disk, memory, Python, git, tokens (set or not, never their values), Prefect's API,
    the packages and the package index, and tells a remedy for what is missing. Exits with 1 where no sandbox
    works.
    """
    found = list(checks(settings))
    works = sandbox_works(found)
    if as_json:
        screen.document({"ok": works, "checks": [asdict(check) for check in found]})
    else:
        screen.table(
            "", ("check", "status", "found", "remedy"),
            [(c.name, screen.coloured(c.status), c.found, c.remedy) for c in found],
        )  # fmt: skip
        click.echo("ready" if works else "no sandbox works here: repositories cannot be run")
    if not works:
        click.get_current_context().exit(UNFINISHED)


def sandbox_works(found: list[Check]) -> bool:
    """Whether at least one backend answers and has its base."""
    return any(check.name.endswith(": base") and check.status == "ok" for check in found)
