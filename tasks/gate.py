"""The gate between stages: Great Expectations, imported where rows were made and not before."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from smith_lib.settings import Settings
from smith_lib.sources.criteria import kept_out


def gate(
    table: str, rows: Sequence[Any], settings: Settings, *, docs: Path | None = None, **given: Any
) -> Any:
    """What the table's suite found in the rows (`expectations.checkpoint.Checked`).

    Raises `GateFailed` that names row and rule where the suite refuses them.
    """
    from expectations import checkpoint  # takes seconds to import

    listed = kept_out(settings.select)

    def benchmark(repo: str) -> bool:
        return listed.holds(repo, repo.rpartition("/")[2]) is not None

    return checkpoint.gate(table, rows, docs=docs, settings=settings, kept_out=benchmark, **given)
