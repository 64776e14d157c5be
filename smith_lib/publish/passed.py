"""What passed the gate last: `published/passed.json`. The same again needs no choice, no gate and no version.

Versions are never changed, so that what later runs find out about one is kept beside them.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from smith_lib.storage import Root

log = logging.getLogger(__name__)

FILE = "published/passed.json"


@dataclass(frozen=True, slots=True)
class Passed:
    """The newest version, and what it was made from and checked by."""

    version: str
    rows: int
    checked: str
    """The digest of all that the gate went by beside the rows."""
    made_from: str = ""
    """The digest of the shards and settings that it was chosen from."""
    left_out: Mapping[str, int] = field(default_factory=dict)
    """How many instances were left out, by reason."""


def note(root: Root, passed: Passed) -> None:
    """Keep it, in the place of what was kept before."""
    root.write_bytes(FILE, (json.dumps(asdict(passed), indent=1) + "\n").encode())


def passed(root: Root) -> Passed | None:
    """What was kept; None where nothing is, or it cannot be read, which only costs another look."""
    if not root.exists(FILE):
        return None
    try:
        held: dict[str, Any] = json.loads(root.read_bytes(FILE))
        return Passed(**held)
    except (ValueError, TypeError, RecursionError) as error:
        log.warning("%s is damaged (%s); the gate looks again", FILE, error)
        return None
