"""Verdicts kept by content, so that nothing is judged twice and a run that is cut off loses seconds."""

import hashlib
import threading
import time
from dataclasses import replace

from smith_lib.errors import DamagedShard
from smith_lib.storage import Root, read_at
from smith_lib.storage.shards import to_parquet, to_table
from smith_lib.types import Candidate, Verdict

FOLDER = "judged"
EVERY = 5.0
"""Seconds between two writes."""


class Kept:
    """The verdicts of one clean tree in one environment by one judge, in parts that are only ever added."""

    def __init__(self, root: Root, name: str) -> None:
        """Read what is there; a part that is damaged counts as not there."""
        self._root, self._place = root, f"{FOLDER}/{name}"
        self._lock = threading.Lock()
        self._known: dict[str, Verdict] = {}
        self._new: dict[str, Verdict] = {}
        self._since = time.monotonic()
        self._parts = 0
        for path in sorted(root.names(self._place)):  # later ones replace earlier ones
            self._parts += 1
            try:
                self._known |= {row.candidate_id: row for row in read_at(root, path, Verdict)}
            except DamagedShard:
                continue

    def get(self, candidate: Candidate) -> Verdict | None:
        """The verdict on the same bug, whatever it was called."""
        found = self._known.get(_key(candidate))
        return None if found is None else replace(found, candidate_id=candidate.candidate_id)

    def put(self, candidate: Candidate, verdict: Verdict) -> None:
        """Keep it; written now and then."""
        with self._lock:
            self._new[_key(candidate)] = replace(verdict, candidate_id=_key(candidate))
            due = time.monotonic() - self._since > EVERY
        if due:
            self.flush()

    def flush(self) -> None:
        """Write what is new."""
        with self._lock:
            new, self._new = self._new, {}
            self._since = time.monotonic()
            if not new:
                return
            self._known |= new
            data = to_parquet(to_table(Verdict, [new[key] for key in sorted(new)]))
            self._parts += 1
            name = f"{self._parts:06d}-{hashlib.sha256(data).hexdigest()[:12]}"
            self._root.write_bytes(f"{self._place}/{name}.parquet", data)


def _key(candidate: Candidate) -> str:
    return hashlib.sha256(candidate.bug_patch.encode("utf-8", "surrogateescape")).hexdigest()
