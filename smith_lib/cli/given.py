"""`smith validate SOURCE --candidates FILE`: calls the flow and shows the verdicts."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import click

from smith_lib.cli import failures, screen
from smith_lib.cli.runs import call, ready
from smith_lib.errors import InputError
from smith_lib.given.read import read
from smith_lib.given.verdicts import plain
from smith_lib.settings import Settings
from smith_lib.storage import Root, read_at
from smith_lib.types import Stability, Test, Verdict


def judge(sources: Sequence[str], file: Path, settings: Settings, as_json: bool) -> None:
    """Judge the bugs of a file and show their verdicts, as lines of JSON or as a table.

    Raises `InputError` where there is not one source, or the file is not as it should be.
    """
    if len(sources) != 1:
        named = f": {', '.join(sources)}" if sources else ""
        raise InputError(f"--candidates takes exactly one SOURCE; {len(sources)} given{named}")
    read(file)  # what is wrong with it is told before anything else takes time
    ready(list(sources), settings)
    places = call("validate-given", as_json, sources[0], str(file.absolute()), settings)
    root = Root.at(settings.out)
    verdicts = read_at(root, places["verdicts"], Verdict)
    if as_json:
        tests = read_at(root, places["tests"], Test)
        reliable = [test.test_id for test in tests if test.stability is Stability.RELIABLE]
        for verdict in verdicts:
            click.echo(json.dumps(plain(verdict, reliable)))
        return
    rows = [
        (v.candidate_id, screen.coloured(v.outcome), len(v.fail_to_pass), f"{v.fail_ratio:.1%}",
         f"{v.seconds:.1f}", v.reason)
        for v in verdicts
    ]  # fmt: skip
    columns = ("instance_id", "outcome", "failing", "share", "seconds", "reason")
    screen.table(places["repo_id"], columns, rows, columns[2:5])
    counts = Counter(str(v.outcome) for v in verdicts).most_common()
    click.echo(f"{screen.many(len(rows), 'verdict')}: {', '.join(f'{n} {name}' for name, n in counts)}")
    click.echo(failures.at(root, places["verdicts"]))
