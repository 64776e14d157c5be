"""Predictions graded, each once, and what came of them."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from smith_lib.errors import StorageError
from smith_lib.grade.grader import Asked, Grader
from smith_lib.grade.grades import refused, unknown
from smith_lib.grade.predictions import Prediction
from smith_lib.storage import Root, digest
from smith_lib.storage.schema import from_plain
from smith_lib.types import Grade, GradeOutcome, Instance, PatchProblem

VERSION = 6
"""Of how patches are graded: what another version has graded is graded again."""
KEPT = "kept"


class Kept:
    """Grades by content, so that what is graded is not graded again; a JSON line each, one file a grade."""

    def __init__(self, root: Root) -> None:
        """Below `kept/` of that root."""
        self._root = root

    def get(self, key: str) -> Grade | None:
        """The grade under that key; None where there is none, or it was not written whole."""
        try:
            found: Grade = from_plain(Grade, json.loads(bytes(self._root.read_bytes(self._place(key)))))
        except (StorageError, ValueError, TypeError, KeyError):
            return None
        return found

    def put(self, key: str, grade: Grade) -> None:
        """Keep it."""
        self._root.write_bytes(self._place(key), json.dumps(asdict(grade)).encode())

    def _place(self, key: str) -> str:
        return f"{KEPT}/{key[:2]}/{key}.json"


def key_of(row: Instance, patch: str) -> str:
    """64 hexadecimal digits of everything that a grade depends on."""
    seen = hashlib.sha256(patch.encode("utf-8", "surrogatepass")).hexdigest()
    return digest(
        VERSION, row.instance_id, row.image_digest, row.test_command, seen, row.FAIL_TO_PASS,
        row.PASS_TO_PASS, [asdict(file) for file in row.buggy_code], [f.path for f in row.oracle_code],
    )  # fmt: skip


def grades(
    predictions: Sequence[Prediction], instances: Mapping[str, Instance], grader: Grader, kept: Kept | None
) -> list[Grade]:
    """A grade for each prediction, in their order. Raises `EngineError` where the sandbox itself broke."""
    found: dict[int, Grade] = {}
    seen: set[tuple[str, str]] = set()
    left: list[tuple[int, Asked]] = []
    for at, made in enumerate(predictions):
        row = instances.get(made.instance_id)
        if row is None:
            found[at] = unknown(made.instance_id, made.model)
        elif (made.instance_id, made.model) in seen:
            why = "an earlier row has the same instance and model, and is the one graded"
            found[at] = refused(row, made.model, GradeOutcome.REFUSED, PatchProblem.DOUBLED, why)
        elif kept is not None and (before := kept.get(key_of(row, made.patch))) is not None:
            found[at] = replace(before, model=made.model)
        else:
            left.append((at, (row, made.model, made.patch)))
        seen.add((made.instance_id, made.model))

    def keep(number: int, grade: Grade) -> None:
        row, _, patch = left[number][1]
        if kept is not None and grade.outcome is not GradeOutcome.UNGRADED:
            kept.put(key_of(row, patch), grade)

    made_now = grader.grade([asked for _, asked in left], keep)
    found |= {at: grade for (at, _), grade in zip(left, made_now, strict=True)}
    return [found[at] for at in range(len(predictions))]


def summary(found: Sequence[Grade], instances: Mapping[str, Instance]) -> dict[str, Any]:
    """The figures over all predictions; shares are of the predictions, `null` where there are none."""
    resolved = [grade for grade in found if grade.resolved]
    answered = {grade.instance_id for grade in found} & set(instances)
    ran = [grade for grade in found if grade.applies]
    return {
        "instances": len(instances),
        "predictions": len(found),
        "without_prediction": len(instances) - len(answered),
        "resolved": len(resolved),
        "resolved_share": len(resolved) / len(found) if found else None,
        "resolved_instances": len({grade.instance_id for grade in resolved}),
        "outcomes": dict(Counter(str(grade.outcome) for grade in found).most_common()),
        "problems": dict(Counter(str(grade.problem) for grade in found if grade.problem).most_common()),
        "tiers": dict(Counter(str(grade.tier) for grade in ran).most_common()),
        "mean_reward": sum(grade.reward for grade in found) / len(found) if found else None,
        "mean_seconds": sum(grade.seconds for grade in ran) / len(ran) if ran else None,
        "resolved_ids": sorted({grade.instance_id for grade in resolved}),
    }
