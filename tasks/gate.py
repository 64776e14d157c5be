"""The gate between stages: Great Expectations, imported where rows were made and not before."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from smith_lib.curate.history import Drift
from smith_lib.curate.splits import TRAIN, project
from smith_lib.settings import Settings
from smith_lib.sources.criteria import kept_out
from smith_lib.stages.publish import Proposal


def gate(
    table: str, rows: Sequence[Any], settings: Settings, *, docs: Path | None = None, **given: Any
) -> Any:
    """What the table's suite found in the rows (`expectations.checkpoint.Checked`).

    Raises `GateFailed` that names row and rule where the suite refuses them.
    """
    from expectations import checkpoint  # takes seconds to import

    return checkpoint.gate(table, rows, docs=docs, settings=settings, kept_out=_listed(settings), **given)


def gate_version(
    proposal: Proposal, nights: Sequence[Drift], settings: Settings, *, docs: Path | None = None
) -> Any:
    """What the suites found in a version that is to be, part by part, and in tonight's figures.

    Raises `GateFailed` as `gate` does.
    """
    from expectations import checkpoint

    choice = proposal.choice
    size = len(choice.main) + len(choice.subtle)
    inside: defaultdict[str, set[str]] = defaultdict(set)
    for name, rows in choice.files():
        for row in rows:
            inside[project(row.repo)].add(name.removeprefix("subtle").removeprefix("_") or TRAIN)
    checked = checkpoint.check_parts(
        {"published": proposal.parts(), "drift": [nights]},
        {"published": (size, len(choice.main)), "drift": (len(nights), 0)},
        docs=docs, settings=settings, kept_out=_listed(settings),
        repos=proposal.repos, candidates=proposal.judged, splits=inside, likeness=choice.likeness,
    )  # fmt: skip
    return checkpoint.passed(checked)


def _listed(settings: Settings) -> Callable[[str], bool]:
    """Whether a repository must stay out of training data."""
    listed = kept_out(settings.select)
    return lambda repo: listed.holds(repo, repo.rpartition("/")[2]) is not None
