"""The scores of a version's rows: a table beside the rows, a line a task."""

from smith_lib.curate.choose import Choice
from smith_lib.curate.quality import NAMES, Parts, score

SCORES = "scores.parquet"
_UNKNOWN = Parts(None, None, None, None, None)


def scores(choice: Choice) -> bytes:
    """Parquet bytes: id, subset, split, score, what it is the mean of, and the likeness to the nearest task.

    The parts are null where they are not known; docs/metrics.md defines them.
    """
    import pyarrow as pa

    from smith_lib.storage.shards import to_parquet

    rows = []
    for row in (*choice.main, *choice.subtle):
        parts = choice.parts.get(row.instance_id, _UNKNOWN)
        rows.append(
            {
                "instance_id": row.instance_id,
                "subset": str(row.subset),
                "split": choice.split_of(row),
                "score": score(parts),
                **{name: getattr(parts, name) for name in NAMES},
                "likeness": choice.likeness.get(row.instance_id, 0.0),
            }
        )
    texts = [(name, pa.string()) for name in ("instance_id", "subset", "split")]
    numbers = [(name, pa.float64()) for name in ("score", *NAMES, "likeness")]
    schema = pa.schema([pa.field(name, kind) for name, kind in (*texts, *numbers)])
    return bytes(to_parquet(pa.Table.from_pylist(rows, schema=schema)))
