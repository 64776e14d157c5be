"""The texts of files as they once were."""

import logging
from collections.abc import Sequence

from smith_lib.errors import SourceError
from smith_lib.inject.mirror_family.history import History, asked

log = logging.getLogger(__name__)


def blobs(history: History, ids: Sequence[str], most: int) -> dict[str, str]:
    """The texts of those blobs that are there, have at most `most` bytes and are UTF-8 without NUL."""
    wanted = sorted(set(ids))
    sizes = _batch(history, "--batch-check", wanted).decode("ascii", "replace").splitlines()
    small = [line.split()[0] for line in sizes if _is_small(line.split(), most)]
    out = _batch(history, "--batch", small)
    found: dict[str, str] = {}
    at = 0
    for sha in small:
        end = out.find(b"\n", at)
        head = out[at:end].split()
        if end < 0 or len(head) != 3 or head[0].decode() != sha:
            raise SourceError(f"{history.origin}: git told nothing of the object {sha}")
        data = out[end + 1 : end + 1 + int(head[2])]
        at = end + 2 + len(data)
        if b"\0" not in data:
            try:
                found[sha] = data.decode()
            except UnicodeDecodeError:
                log.debug("%s: the object %s is not UTF-8", history.origin, sha)
    return found


def _is_small(told: Sequence[str], most: int) -> bool:
    return len(told) == 3 and told[1] == "blob" and int(told[2]) <= most


def _batch(history: History, how: str, ids: Sequence[str]) -> bytes:
    if not ids:
        return b""
    return asked(history, ["cat-file", how], "".join(f"{sha}\n" for sha in ids).encode())
