"""What a pool holds twice: the same programs, and bugs that are nearly the same."""

from collections.abc import Iterable, Mapping, Sequence

from smith_lib.curate.left import Left
from smith_lib.curate.likeness import FLOOR, USUAL, Nearest
from smith_lib.curate.traits import Trait


def without_twins(rows: Iterable[Trait], left: Left) -> list[Trait]:
    """The rows by id, without those whose buggy files are those of one before."""
    first: dict[bytes, str] = {}
    kept = []
    for row in sorted(rows, key=lambda i: i.instance_id):
        same = first.setdefault(row.program, row.instance_id)
        if same == row.instance_id:
            kept.append(row)
        else:
            left.out(row, "twin", f"the same program as {same}")
    return kept


def without_near(
    rows: Sequence[Trait], scores: Mapping[str, float], threshold: float, left: Left
) -> tuple[list[Trait], dict[str, float]]:
    """The rows by id, without near-duplicates of better ones; and how near those that stay are to others.

    Rows of the band come before subtle ones, better ones before worse.
    """
    order = sorted(rows, key=lambda r: (r.subset == "subtle", -scores[r.instance_id], r.instance_id))
    found = Nearest([row.features for row in order], threshold or USUAL)
    near: dict[str, float] = {}
    kept = []
    for at, row in enumerate(order):
        likeness, place = found.to(at)
        other = order[place].instance_id
        if threshold and likeness >= threshold:
            left.out(row, "near-duplicate", f"{likeness:.0%} like {other}")
            continue
        found.keep(at)
        kept.append(row)
        if likeness >= FLOOR:
            near[row.instance_id] = max(likeness, near.get(row.instance_id, 0.0))
            near[other] = max(likeness, near.get(other, 0.0))
    return sorted(kept, key=lambda r: r.instance_id), near
