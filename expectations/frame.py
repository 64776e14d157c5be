"""Rows as the data frame that expectations look at."""

import dataclasses
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from expectations.rules import Given

if TYPE_CHECKING:
    import pandas as pd


def columns(suite: ModuleType) -> list[str]:
    """The columns that the frame of a table must have: the row's own, then the derived ones."""
    return [*(f.name for f in dataclasses.fields(suite.ROW)), *suite.DERIVED]


def frame(suite: ModuleType, rows: Sequence[Any], given: Given) -> "pd.DataFrame":
    """A column for each field of the rows as they are (enumerations as text), then the derived columns."""
    import pandas as pd

    names = [f.name for f in dataclasses.fields(type(rows[0]) if rows else suite.ROW)]
    data: dict[str, list[Any]] = {name: [_plain(getattr(row, name)) for row in rows] for name in names}
    data |= {name: [derive(row, given) for row in rows] for name, derive in suite.DERIVED.items()}
    return pd.DataFrame(data, dtype=object)


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value
