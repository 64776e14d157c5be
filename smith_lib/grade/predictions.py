"""Predictions, as SWE-bench has them: a model's patch for each task, in a file or by a special word."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from smith_lib.errors import InputError
from smith_lib.types import Instance

ID, MODEL, PATCH = "instance_id", "model_name_or_path", "model_patch"
SPECIAL = ("gold", "nothing")
"""Words that stand for a file: the tasks' own fixes, and a patch that fixes nothing."""
NOTHING = "diff --git a/{0} b/{0}\nnew file mode 100644\n--- /dev/null\n+++ b/{0}\n@@ -0,0 +1 @@\n+nothing\n"
SUFFIXES = (".jsonl", ".ndjson", ".json")


@dataclass(frozen=True, slots=True)
class Prediction:
    """A model's patch for one task."""

    instance_id: str
    model: str
    patch: str
    """A unified diff, whatever it is; bytes that are no UTF-8 are lone surrogates in it."""


def predictions(asked: str, instances: Sequence[Instance]) -> list[Prediction]:
    """What `asked` names: a file's predictions, or the special ones, a row for each instance.

    Raises `InputError` where the file cannot be read as predictions.
    """
    if asked == "gold":
        return [Prediction(row.instance_id, "gold", row.patch) for row in instances]
    if asked == "nothing":
        patch = NOTHING.format("NOTHING.txt")
        return [Prediction(row.instance_id, "nothing", patch) for row in instances]
    return read(Path(asked))


def read(path: Path) -> list[Prediction]:
    """The file's predictions in their order: JSON lines, a JSON list, or an object by instance id.

    Raises `InputError` that names the file, and the row where there is one, for what cannot be read, is no
    JSON, or lacks `instance_id` or `model_patch`. What is wrong with a patch is found when it is graded.
    """
    if path.suffix.lower() not in SUFFIXES:
        known = ", ".join([*SUFFIXES, *SPECIAL])
        raise InputError(f"{path}: predictions are a file of {known}; its suffix is {path.suffix!r}")
    try:
        text = path.read_bytes().decode("utf-8-sig", "surrogateescape")
    except OSError as error:
        raise InputError(f"{path}: predictions cannot be read: {error.strerror}") from error
    rows = _document(text, path) if path.suffix.lower() == ".json" else _lines(text, path)
    found = [_prediction(number, row, path) for number, row in rows]
    if not found:
        raise InputError(f"{path}: holds no prediction")
    return found


def _prediction(number: int, row: Any, path: Path) -> Prediction:
    if not isinstance(row, Mapping):
        raise InputError(f"{path}: row {number} is no object but {type(row).__name__}")
    for column in (ID, PATCH):
        if column not in row:
            has = ", ".join(map(str, row)) or "nothing"
            raise InputError(f"{path}: row {number} lacks {column!r}; it has {has}")
    if not isinstance(row[ID], str):
        raise InputError(f"{path}: row {number}: {ID!r} is {type(row[ID]).__name__}, not text")
    patch = row[PATCH]
    if patch is not None and not isinstance(patch, str):
        raise InputError(f"{path}: row {number}: {PATCH!r} is {type(patch).__name__}, not text")
    model = row.get(MODEL) or ""
    if not isinstance(model, str):
        raise InputError(f"{path}: row {number}: {MODEL!r} is {type(model).__name__}, not text")
    for column, text in ((ID, row[ID]), (MODEL, model)):
        if any("\ud800" <= letter <= "\udfff" for letter in text):
            raise InputError(f"{path}: row {number}: {column!r} holds half a character (a surrogate)")
    return Prediction(row[ID], model, patch or "")


def _lines(text: str, path: Path) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError) as error:
                raise InputError(f"{path}: row {number} is no JSON: {error}") from error


def _document(text: str, path: Path) -> Iterator[tuple[int, Any]]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        if text.lstrip().startswith("{") and "\n{" in text:  # JSON lines under this name
            yield from _lines(text, path)
            return
        raise InputError(f"{path}: is no JSON: {error}") from error
    if isinstance(found, Mapping) and ID not in found:
        rows = (
            {ID: key, **row} if isinstance(row, Mapping) else {ID: key, PATCH: row}
            for key, row in found.items()
        )
        yield from enumerate(rows, 1)
    elif isinstance(found, list):
        yield from enumerate(found, 1)
    else:
        yield 1, found
