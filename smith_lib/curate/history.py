"""Figures over nights: what each was like, and where tonight is unlike those before."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import median
from typing import Any

from smith_lib.errors import StorageError
from smith_lib.storage import Root

FOLDER = "history"
"""One JSON file a night that came to be published or refused, by number."""
NIGHTS = 14
"""So many nights before are compared with."""
FEWEST = 3
"""With fewer nights before, nothing is said."""
JUDGED = 20
"""An operator is compared on nights on which so many of its bugs were judged."""
SPREADS = 4.0
"""Times the usual spread that tonight may be away from the median."""
LEAST_SPREAD = 0.1
"""The usual spread is taken to be at least this share of the median: small differences are no news."""


@dataclass(frozen=True, slots=True)
class Drift:
    """A figure of tonight beside what it was on the nights before."""

    measure: str
    """`pass_rate`, `text_length`, or `yield` and an operator."""
    tonight: float
    low: float
    """The least that is as usual."""
    high: float
    """The most that is."""
    nights: int
    """How many nights it was compared with."""


def of_night(metrics: Mapping[str, Any]) -> dict[str, float]:
    """The figures that are compared, of what `metrics.json` holds."""
    found = {name: float(v) for name, v in (metrics.get("drift") or {}).items() if v is not None}
    for operator, one in (metrics.get("yields") or {}).items():
        if one["judged"] >= JUDGED:
            found[f"yield {operator}"] = round(one["valid"] / one["judged"], 6)
    return found


def drift(tonight: Mapping[str, float], before: Sequence[Mapping[str, float]]) -> list[Drift]:
    """Tonight's figures beside those of at least `FEWEST` nights before, by name.

    As usual is what lies within `SPREADS` robust standard deviations (1.4826 times the median distance from
    the median; Hampel 1974) of the median of the nights before. A yield is a share of at least `JUDGED` bugs,
    whose own chance spread counts as well.
    """
    rows = []
    for name, now in sorted(tonight.items()):
        old = [night[name] for night in before[-NIGHTS:] if name in night]
        if len(old) < FEWEST:
            continue
        middle = median(old)
        spread = max(1.4826 * median(abs(v - middle) for v in old), LEAST_SPREAD * abs(middle))
        if name.startswith("yield "):
            spread = max(spread, sqrt(max(middle * (1 - middle), 0.01) / JUDGED))
        low, high = middle - SPREADS * spread, middle + SPREADS * spread
        rows.append(Drift(name, now, round(low, 6), round(high, 6), len(old)))
    return rows


def nights(root: Root) -> list[dict[str, Any]]:
    """What is kept of each night, oldest first. Raises `StorageError` where a file is damaged."""
    found = []
    for name in sorted(name for name in root.names(FOLDER) if name.endswith(".json")):
        try:
            night = json.loads(root.read_bytes(name))
            found.append({**night, "figures": {k: float(v) for k, v in night["figures"].items()}})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            told = f"{name} is damaged: {error!r}; delete it and go on without that night"
            raise StorageError(told) from error
    return found


def remember(root: Root, figures: Mapping[str, float], version: str, at: str, broken: Sequence[str]) -> str:
    """Keep a night: its figures, the version that came of it (none if refused), the rules it broke."""
    there = [name for name in root.names(FOLDER) if name.endswith(".json")]
    number = max((int(name.rpartition("/")[2][:-5]) for name in there), default=0) + 1
    name = f"{FOLDER}/{number:05d}.json"
    night = {"at": at, "version": version, "figures": dict(figures), "broken": list(broken)}
    root.write_bytes(name, (json.dumps(night, indent=1, sort_keys=True) + "\n").encode())
    return name
