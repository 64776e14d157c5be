"""An export's folder: complete, or not there."""

import json
import shutil
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smith_lib.errors import InputError, StorageError
from smith_lib.export.formats import FORMATS
from smith_lib.paths import folder_to_be
from smith_lib.publish.reading import some_of
from smith_lib.types import Instance

MARK = "export.json"
"""What the folder holds: only one that has it is ever replaced."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A task that is not in the export."""

    instance_id: str
    reason: str


def chosen(rows: Sequence[Instance], most: int | None, seed: int) -> list[Instance]:
    """At most so many of the rows, chosen by the seed, in their order."""
    return some_of(rows, most, f"export:{seed}")


def fit(rows: Sequence[Instance], kind: str) -> tuple[list[Instance], list[LeftOut]]:
    """The rows that the format can tell, and the others with the reason."""
    fitting, left_out = [], []
    for row in rows:
        try:
            FORMATS[kind].check(row)
            fitting.append(row)
        except InputError as error:
            left_out.append(LeftOut(row.instance_id, str(error)))
    return fitting, left_out


def write(
    out: str, rows: Sequence[Instance], left_out: Sequence[LeftOut], kind: str, name: str, split: str,
    more: Mapping[str, Any],
) -> Path:  # fmt: skip
    """The folder with the rows in that format, put together under a temporary name and renamed.

    An export that was there is replaced. `more` is what its `export.json` tells besides. Raises `InputError`
    where something else is there, or there are no rows, and `StorageError`.
    """
    target = folder_to_be(out, "an export's folder")
    if not rows:
        why = left_out[0].reason if left_out else "there is none"
        raise InputError(f"no task of {name} can be told as {kind}: {why}")
    told: dict[str, Any] = {
        "format": kind, "version": name, "split": split, "tasks": len(rows),
        "left_out": {one.instance_id: one.reason for one in left_out}, **more,
    }  # fmt: skip
    return put(str(target), (*FORMATS[kind].files(rows, name, split), (MARK, document(told))))


def put(out: str, files: Iterable[tuple[str, bytes]]) -> Path:
    """The folder with these files, `export.json` among them, put together under a temporary name and renamed.

    An export that was there is replaced. Raises `InputError` where something else is there, `StorageError`.
    """
    target = folder_to_be(out, "an export's folder")
    if target.is_dir() and any(target.iterdir()) and not (target / MARK).is_file():
        raise InputError(f"cannot export to {out!r}: it holds something else; name a new folder")
    part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    old = part.with_suffix(".old")
    try:
        for path, data in files:
            place = part / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
            if path.endswith(".sh"):
                place.chmod(0o755)
        if target.is_dir():
            target.rename(old)
        part.rename(target)
    except OSError as error:
        raise StorageError(f"cannot write {str(target)!r}: {error}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return target


def document(value: Any) -> bytes:
    """JSON of it, with a line's end."""
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")
