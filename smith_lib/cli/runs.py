"""`smith run`, its stages one by one, `publish` and `rerun-failed`: each calls a flow and tells its end."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from smith_lib.cli import failures, guard, interrupt, screen
from smith_lib.cli.ending import GATE, OK, UNFINISHED, asked
from smith_lib.cli.options import Command, json_option, with_settings
from smith_lib.cli.quick import unless_new
from smith_lib.cli.sources import as_before, gathered, some_known
from smith_lib.errors import GateFailed, InputError, RepositoriesFailed
from smith_lib.settings import Settings

if TYPE_CHECKING:
    from smith_lib.storage import Root

KINDS = """\
\b
SOURCE is one of
  pypi:NAME[==VERSION]      a source distribution
  github:OWNER/NAME[@REF]   a GitHub repository
  git+URL[@REF]             any git repository
  ./PATH                    a local checkout
  @FILE                     a file with sources, one a line"""

AGAIN = """\
Without SOURCE it goes on with the newest run under --out: its sources and its settings, with the
options given here laid over them. What is there already is not made again."""

RUN = """\
Make a dataset: select, inject, validate, package, publish.

What an earlier run left under --out is not made again: the same command after an interruption goes on
from there."""

SELECT = """\
Keep the repositories that qualify, with an environment each.

Fetches each source, checks licence and size, finds an install recipe under which its tests run, and
runs the clean suite several times."""

INJECT = """\
Make candidate bugs in the selected repositories.

Runs what is missing of the stage before."""

VALIDATE = """\
Judge the candidates by the repositories' own tests.

Runs what is missing of the stages before."""

CANDIDATES = """\
With --candidates the bugs in FILE are judged, whoever made them, by the tests of exactly one SOURCE. FILE
is .jsonl, .json or .parquet; each row has `instance_id` and `patch`, a unified diff from clean to buggy.
Nothing but the lack of an environment, of a suite that runs or of a reliable test keeps a repository
from this: licence, size, number of tests, passing share and the list of benchmark repositories do not
count. A diff that does not apply exactly, leaves the tree, touches tests or their settings, or does
anything but change text in place gets the outcome apply_failed with the reason. The verdicts are one
Parquet file under --out; with --json each is also one line of JSON on standard output, in the order
of FILE. The exit code is 0 once all are judged, whatever their outcomes."""

PACKAGE = """\
Write the bugs that count up as tasks.

Runs what is missing of the stages before."""


def ready(sources: list[str], settings: Settings, until: str = "") -> dict[str, Any] | None:
    """The summary of a run as far as `until` where nothing of it is new.

    Else, and where `until` is empty, None once it is sure that a sandbox can run here.

    Raises `InputError` where no source is of a known kind or what the settings name is not to be had, and
    `SandboxUnavailable`.
    """
    from smith_lib.sandbox.backends import open_sandbox
    from smith_lib.sources.criteria import kept_out
    from smith_lib.sources.table import cache_folder
    from smith_lib.storage import Root

    some_known(sources, settings)
    kept_out(settings.select)
    root = Root.at(settings.out)
    if until != "select":
        _injectable(settings, root, bool(until))
    kind, cache = settings.sandbox.kind, cache_folder(settings)
    sandbox = open_sandbox(kind, settings.environments, settings.sandbox, cache, settings.workers)
    try:
        summary = unless_new(sources, settings, until, sandbox) if until else None
        if summary is None:
            sandbox.base()
        return summary
    finally:
        sandbox.close()


def _injectable(settings: Settings, root: "Root", injects: bool) -> None:
    """Nothing. Raises `InputError` where the settings name what there is not, or, of a run that injects, ask
    for bugs that cannot be made."""
    from smith_lib.inject.short_of import drawn_by
    from smith_lib.inject.yields import known

    wanted, named = settings.inject, set[str]()
    if wanted.operators:
        from smith_lib.inject.table import families  # brings libcst

        named = families(wanted.operators)
    if not injects:
        return
    if named and named.isdisjoint(wanted.strategies):
        raise InputError(
            f"inject.operators names only operators of the family {', '.join(sorted(named))}, which"
            f" inject.strategies ({', '.join(wanted.strategies)}) leaves out"
        )
    if set(wanted.strategies) == {"llm"} and not settings.llm.model:
        raise InputError("inject.strategies names llm alone, but llm.model is not set, "
                         "e.g. --set llm.model=openai/gpt-4o-mini")  # fmt: skip
    known(wanted.yields, root)
    drawn_by(wanted.short_of, root)


def run_until(sources: list[str], settings: Settings, as_json: bool, until: str = "publish") -> None:
    """Call the flow `run`, where it has anything to do, and tell how it ended."""
    publishes = until == "publish"
    if (summary := ready(sources, settings, until)) is None:
        finish("run", settings.out, as_json, publishes, sources, settings, until=until)
    else:
        told(summary, settings.out, as_json, publishes, OK)


def finish(name: str, out: str, as_json: bool, publishes: bool, *args: Any, **kwargs: Any) -> None:
    """Call a flow, show its summary and exit with its code.

    0 where all is well, 3 where the gate refused, else 1 where repositories failed or nothing was published.
    """
    from smith_lib.storage import Root

    Root.at(out)  # an impossible one is told before Prefect starts
    try:
        summary = call(name, as_json, *args, **kwargs)
        code = UNFINISHED if summary.get("failed") or (publishes and not summary.get("version")) else OK
    except InputError as error:
        # What the flow entered in the ledger before it raised tells more than the error.
        if (found := refused(out, error)) is None:
            raise
        summary, code = found, GATE if isinstance(error, GateFailed) else UNFINISHED
    told(summary, out, as_json, publishes, code)


def told(summary: Mapping[str, Any], out: str, as_json: bool, publishes: bool, code: int) -> None:
    """Show the summary and exit with that code."""
    if as_json:
        screen.document(summary)
    else:
        _show(summary, publishes, out)
    click.get_current_context().exit(code)


def refused(out: str, error: InputError) -> dict[str, Any] | None:
    """The summary of the newest run where it ended with that error; else None."""
    from smith_lib import ledger
    from smith_lib.storage import Root

    root = Root.at(out)
    if not ledger.runs(root):
        return None
    summary = ledger.record(root).summary
    return summary if summary and summary.get("refused") == str(error) else None


def call(name: str, as_json: bool, *args: Any, **kwargs: Any) -> dict[str, Any]:
    """The summary that a flow returns, its progress shown meanwhile."""
    from smith_lib.cli import flows
    from smith_lib.cli.bars import shown

    if not as_json:
        click.echo("starting Prefect ...", err=True)
    flows.prepare(asked(click.get_current_context(), "verbose"))
    interrupt.install()
    guard.install()
    with shown(quiet=as_json):
        try:
            summary = flows.flow(name)(*args, **kwargs)
        except RepositoriesFailed as error:
            summary = error.summary
    return dict(summary or {})


def _show(summary: Mapping[str, Any], publishes: bool, out: str) -> None:
    from smith_lib.storage import Root

    root, run_id = Root.at(out), str(summary.get("run_id") or "")
    if repos := summary.get("repos") or []:
        keys = ("source", "repo_id", "outcome", "stage", "status", "reason")
        rows = [[screen.coloured(str(repo.get(key) or "")) for key in keys] for repo in repos]
        screen.table(f"run {run_id}", ("source", "repository", *keys[2:]), rows)
    for told in _selected(root, run_id):
        click.echo(told)
    if failed := int(summary.get("failed") or 0):
        click.echo(f"{screen.many(failed, 'repository', 'repositories')} failed", err=True)
        for line in failures.lines(root, failures.failed(root, run_id), run_id, out):
            click.echo(line, err=True)
    if version := summary.get("version"):
        _show_version(root, str(version), summary, out)
    elif publishes:
        why = str(summary.get("refused") or "no run came that far").removeprefix("nothing to publish: ")
        click.echo(click.style(f"smith: nothing published: {why}", fg="red"), err=True)


def _selected(root: "Root", run_id: str) -> list[str]:
    """A line for each repository: what a kept one holds, or why it was not kept and which log tells more."""
    from smith_lib import ledger
    from smith_lib.cli.funnel import funnel

    if run_id not in ledger.runs(root):
        return []
    lines = funnel(root, run_id).repositories
    return [x.why or f"{x.source}: {x.size}" for x in lines if x.why or x.outcome == "kept"]


def _show_version(root: "Root", version: str, summary: Mapping[str, Any], out: str) -> None:
    from smith_lib.cli.records import an_id, sizes

    what = "published" if summary.get("new", True) else "unchanged"
    held = sizes(root, version)
    click.echo(f"{what} {version}{': ' + held if held else ''} at {summary.get('path', '')}")
    if example := an_id(root, version):
        click.echo(f"look at one: {shlex.join(['smith', 'show', example, '--out', out])}")


sources_option = click.option(
    "--sources",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Sources from a file, one a line; `#` begins a comment. The same as @FILE.",
)


def _until(name: str, until: str, about: str, examples: list[str]) -> click.Command:
    """A command that runs the flow `run` up to a stage."""
    resumes = name != "run"
    parts = [about, AGAIN, KINDS] if resumes else [about, KINDS]

    @click.command(name, cls=Command, examples=examples, help="\n\n".join(parts))
    @click.argument("sources", nargs=-1, metavar="[SOURCE]..." if resumes else "SOURCE...")
    @sources_option
    @with_settings()
    @json_option
    def command(sources: tuple[str, ...], files: tuple[Path, ...], settings: Settings, as_json: bool) -> None:
        wanted = gathered(sources, files)
        if not wanted and not resumes:
            raise click.UsageError(
                "no SOURCE given, e.g. pypi:h11, github:owner/name, git+https://..., ./path"
            )
        go_on(wanted, settings, as_json, until)

    return command


def go_on(sources: list[str], settings: Settings, as_json: bool, until: str) -> None:
    """Call the flow `run` over these sources, or where there are none over those of the newest run."""
    if not sources:
        sources, settings = as_before(settings)
    run_until(sources, settings, as_json, until)


run = _until(
    "run",
    "publish",
    RUN,
    [
        "smith run pypi:h11 --limit 40 --seed 7 --out data",
        "smith run ./my-checkout github:owner/name@main --workers 4",
        "smith run @sources.txt --settings smith.toml --set inject.max_per_function=3 --json",
    ],
)

select = _until(
    "select",
    "select",
    SELECT,
    ["smith select pypi:h11 pypi:tinydb --out data", "smith select @sources.txt --set select.min_tests=20"],
)

inject = _until(
    "inject",
    "inject",
    INJECT,
    ["smith inject --out data", "smith inject pypi:h11 --limit 100 --set 'inject.strategies=[\"ast\"]'"],
)


@click.command(
    "validate",
    cls=Command,
    examples=[
        "smith validate --out data --workers 4",
        "smith validate pypi:h11 --sandbox namespaces",
        "smith validate pypi:h11==0.16.0 --candidates bugs.jsonl --out data --json > verdicts.jsonl",
    ],
    help="\n\n".join([VALIDATE, AGAIN, CANDIDATES, KINDS]),
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@sources_option
@click.option(
    "--candidates",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Judge the bugs in this file (.jsonl, .json, .parquet) instead of making some.",
)
@with_settings()
@json_option
def validate(
    sources: tuple[str, ...],
    files: tuple[Path, ...],
    candidates: Path | None,
    settings: Settings,
    as_json: bool,
) -> None:
    """Judge candidates: Smith's own, or those of a file."""
    wanted = gathered(sources, files)
    if candidates is None:
        go_on(wanted, settings, as_json, "validate")
    else:
        from smith_lib.cli.given import judge

        judge(wanted, candidates, settings, as_json)


package = _until(
    "package",
    "package",
    PACKAGE,
    ["smith package --out data", "smith package pypi:h11 --out data --json"],
)


@click.command(
    "publish",
    cls=Command,
    examples=["smith publish --out data", "smith publish pypi:h11 --out data --json"],
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@sources_option
@with_settings()
@json_option
def publish(sources: tuple[str, ...], files: tuple[Path, ...], settings: Settings, as_json: bool) -> None:
    """Publish a dataset version.

    Without SOURCE: of the tasks that are there under --out. With SOURCE: the same as `smith run`. Great
    Expectations decides: where it refuses the rows nothing is published, the last good version stays, and
    the exit code is 3.
    """
    wanted = gathered(sources, files)
    if wanted:
        run_until(wanted, settings, as_json)
    else:
        finish("publish", settings.out, as_json, True, settings)


@click.command(
    "rerun-failed",
    cls=Command,
    examples=["smith rerun-failed --out data", "smith rerun-failed RUN --out data --json"],
)
@click.argument("run_id", required=False, metavar="[RUN]")
@with_settings("--out")
@json_option
def rerun_failed(run_id: str | None, settings: Settings, as_json: bool) -> None:
    """Run again the repositories that failed in a run.

    RUN is a run's id, the newest where none is named (`smith status` shows it). Only what failed is done
    again, from the stage that failed, under that run's settings.
    """
    from smith_lib import ledger
    from smith_lib.storage import Root

    until = ledger.record(Root.at(settings.out), run_id).until
    finish("rerun-failed", settings.out, as_json, until == "publish", run_id, settings.out)
