"""What helps a repository that failed: whether the same again may end otherwise, and what to type."""

import shlex
from collections.abc import Sequence

from smith_lib import errors
from smith_lib.types import StageRun

NAMED = 3
"""How many failures a sentence names."""
LONGEST = 160
"""Characters of a reason that a sentence quotes."""


def may_go_again(row: StageRun) -> bool:
    """Whether the same again may end otherwise: broken machinery, or an error nobody expected."""
    kind = getattr(errors, row.reason.partition(":")[0], None)
    return row.curable or not (isinstance(kind, type) and issubclass(kind, errors.InputError))


def again(run_id: str, out: str) -> str:
    """The command that takes up what failed in a run."""
    return shlex.join(["smith", "rerun-failed", *([run_id] if run_id else []), "--out", out])


def remedy(row: StageRun, out: str) -> str:
    """What to do about a failed stage."""
    command = again(row.run_id, out)
    return command if may_go_again(row) else f"correct that, then: {command}"


def sentence(failed: Sequence[StageRun], sources: int, run_id: str, out: str) -> str:
    """How many of a run's sources failed, the first of them with their reasons, and what takes them up."""
    named = "; ".join(f"{row.source} ({row.stage}: {_quoted(row.reason)})" for row in failed[:NAMED])
    more = f"; and {len(failed) - NAMED} more" if len(failed) > NAMED else ""
    many = "repository" if sources == 1 else "repositories"
    then = f"{'' if any(map(may_go_again, failed)) else 'correct that, then '}`{again(run_id, out)}`"
    return f"{len(failed)} of {sources} {many} failed: {named}{more}; {then} takes them up"


def _quoted(reason: str) -> str:
    line = " ".join(reason.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}..."
