"""What is left out of a choice, and why."""

from collections import Counter

from smith_lib.curate.traits import Trait


class Left:
    """Instances that were left out, each with the reason and its kind."""

    def __init__(self) -> None:
        """Begin with none."""
        self.reasons: dict[str, str] = {}
        self.kinds: Counter[str] = Counter()

    def out(self, row: Trait, kind: str, reason: str) -> None:
        """Leave one out."""
        self.reasons[row.instance_id] = reason
        self.kinds[kind] += 1
