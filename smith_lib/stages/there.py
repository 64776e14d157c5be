"""What lies finished under a root: the ledger's newest rows of every source, over all runs."""

from collections.abc import Sequence

from smith_lib import ledger
from smith_lib.errors import InputError
from smith_lib.settings import Settings
from smith_lib.storage import Root
from smith_lib.types import StageRun, StageStatus


def rows_there(settings: Settings) -> list[StageRun]:
    """The newest ledger rows of every source that came to be packaged, over all runs of the root.

    Raises `InputError` where there is none.
    """
    root = Root.at(settings.out)
    newest: dict[str, list[StageRun]] = {}
    for run_id in ledger.runs(root):
        found = by_source(ledger.stages(root, run_id))
        for source, rows in found.items():
            if ended(rows[-1], "package"):
                newest.pop(source, None)  # so that the newest come last
                newest[source] = rows
    # Two sources may be one repository, whose tasks are published once: those that were made last.
    newest = {rows[-1].source: rows for rows in {_one(rows): rows for rows in newest.values()}.values()}
    if not newest:
        raise InputError(f"nothing to publish in {settings.out!r}: no repository was packaged there yet")
    return [row for source in sorted(newest) for row in newest[source]]


def by_source(rows: Sequence[StageRun]) -> dict[str, list[StageRun]]:
    """The rows of each source, in their order."""
    found: dict[str, list[StageRun]] = {}
    for row in rows:
        found.setdefault(row.source, []).append(row)
    return found


def ended(last: StageRun, until: str) -> bool:
    """Whether a source needs nothing more: it was rejected, or it came to the last stage wanted."""
    wanted = "package" if until == "publish" else until
    done = last.status in (StageStatus.DONE, StageStatus.CACHED)
    return last.status is StageStatus.REJECTED or (done and last.stage == wanted)


def _one(rows: Sequence[StageRun]) -> str:
    """The repository's id; the source where it has none."""
    return next((row.repo_id for row in rows if row.repo_id), rows[0].source)
