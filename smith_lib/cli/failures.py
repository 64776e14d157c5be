"""What a person is told of repositories that failed: why, where the traceback lies, and what to do."""

from collections.abc import Iterator, Sequence

import click

from smith_lib import ledger
from smith_lib.cli.ending import asked
from smith_lib.remedies import again, may_go_again
from smith_lib.storage import Root
from smith_lib.types import StageRun, StageStatus


def failed(root: Root, run_id: str) -> list[StageRun]:
    """The rows of a run's failed stages; none where the root does not know the run."""
    if run_id not in ledger.runs(root):
        return []
    unread: list[str] = []  # what is damaged is told elsewhere
    return [row for row in ledger.stages(root, run_id, unread) if row.status is StageStatus.FAILED]


def log_of(root: Root, row: StageRun) -> str:
    """Where the traceback of a failed stage lies, for a person; empty where there is none."""
    name = ledger.error_log(row)
    return at(root, name) if root.exists(name) else ""


def at(root: Root, name: str) -> str:
    """A file under the root as a path or URL."""
    return str(root.local / name) if root.local else f"{root.url.rstrip('/')}/{name}"


def lines(root: Root, rows: Sequence[StageRun], run_id: str, out: str) -> Iterator[str]:
    """What is told of failed stages, the whole of the tracebacks too where `--debug` asks for it."""
    debug = asked(click.get_current_context(), "debug")
    for row in rows:
        log = log_of(root, row)
        remedy = "" if may_go_again(row) else "; correct that and run again"
        place = f" (where: {log})" if log else ""
        yield f"{row.source}: failed at {row.stage}: {row.reason}{remedy}{place}"
        if debug and log:
            yield root.read_bytes(ledger.error_log(row)).decode(errors="replace").rstrip("\n")
    if any(map(may_go_again, rows)):
        yield f"`{again(run_id, out)}` tries again from the stage that failed"
