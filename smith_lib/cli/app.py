"""The `smith` command: its subcommands by name, loaded when they are called."""

import difflib
import importlib
import os
import sys
from contextlib import suppress
from typing import Any

import click

from smith_lib import __version__
from smith_lib.cli.ending import CODES, code_of, ended, line_of, output_lost

COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("runs", "Make a dataset: select, inject, validate, package, publish."),
    "select": ("runs", "Keep the repositories that qualify, with an environment each."),
    "inject": ("runs", "Make candidate bugs in the selected repositories."),
    "validate": ("runs", "Judge the candidates by the repositories' own tests."),
    "package": ("runs", "Write the bugs that count up as tasks."),
    "curate": ("curate", "Show what a version would hold, without publishing it."),
    "publish": ("runs", "Publish a dataset version."),
    "rerun-failed": ("runs", "Run again the repositories that failed in a run."),
    "status": ("status", "Show the funnel of a run."),
    "show": ("show", "Show one task: diff, issue text, failing tests, facts."),
    "verify": ("verify", "Prove a published version: every task in a fresh sandbox."),
    "grade": ("grade", "Grade predictions: resolved, tests fixed and kept, what is wrong."),
    "difficulty": ("difficulty", "Tell how hard tasks are, by rule and by how often they were solved."),
    "report": ("report", "Show a published version as one HTML page."),
    "review": ("review", "Look through a sample of a version, and say what you think of it."),
    "serve": ("serve", "Answer for patches over HTTP: grades and rewards."),
    "export": ("export", "Write a published version in a format that trainers read."),
    "trajectories": ("trajectories", "Make chats to learn from of agents' trajectories that resolve."),
    "pool": ("pool", "Learn from projects' own histories: their fixes, judged and searchable."),
    "deploy": ("deploy", "Set up the nightly job: Prefect's server, pool, limits, deployments."),
    "worker": ("deploy", "Run what is due, until Ctrl-C."),
    "operators": ("operators", "List the bug operators; with a name, its example."),
    "settings": ("settings", "Print the effective settings as a smith.toml."),
    "doctor": ("doctor", "Check what this machine has and lacks."),
    "base-image": ("base_image", "Make the image that every environment is layered on."),
    "clean": ("clean", "Remove images, containers, caches and shards that nothing recent needs."),
}
"""Command name to its module in this package and its one line of help, which is its docstring's first."""


class Smith(click.Group):
    """A group that imports a command's module only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands' names, in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, its module imported now; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"smith_lib.cli.{COMMANDS[cmd_name][0]}")
        return next(c for c in vars(module).values() if isinstance(c, click.Command) and c.name == cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The called command; an unknown name is told with the near ones."""
        if args and not args[0].startswith("-") and args[0] not in COMMANDS:
            near = difflib.get_close_matches(args[0], COMMANDS, n=3, cutoff=0.5)
            known = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(COMMANDS)}"
            raise click.UsageError(f"unknown command {args[0]!r}; {known}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Exit codes and examples, after everything else."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), text) for code, text in CODES.items()])
        super().format_epilog(ctx, formatter)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what goes wrong becomes one line and an exit code."""
        with ended(ctx):
            return super().invoke(ctx)

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Run as a program; a reader that goes away (`smith show X | head`) is no error."""
        try:
            return super().main(*args, **kwargs)
        except BrokenPipeError:
            os._exit(0)
        except OSError as error:  # of help texts, which are written outside of any command
            if not output_lost(error):
                raise
            with suppress(OSError):
                click.echo(click.style(f"smith: {line_of(error)}", fg="red"), err=True)
            sys.exit(code_of(error))


@click.group(
    cls=Smith,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  smith doctor
  smith run pypi:h11 --limit 40 --out data
  smith status --out data

`smith COMMAND --help` tells each command's options and examples.""",
)
@click.version_option(__version__, prog_name="smith")
@click.option("--debug", is_flag=True, help="Show where an error came from.")
@click.option("-v", "--verbose", is_flag=True, help="Log what is done, to standard error.")
@click.pass_context
def smith(ctx: click.Context, debug: bool, verbose: bool) -> None:
    """Turn repositories whose tests pass into verified training tasks."""
    ctx.meta["debug"] = debug
    ctx.meta["verbose"] = verbose
