"""What is left out of a choice, and why."""

from collections import Counter

from smith_lib.curate.traits import Trait

WHY = {
    "silent": "the issue text names neither an input nor what differs",
    "partly told": "the issue text shows one of the changes and not another",
    "partly tested": "the tests pass with one of the changes left as it was",
    "twin": "the same program as another",
    "near-duplicate": "much like another",
    "place": "the function or file has as many as it may",
    "repository or operator": "enough of the repository or operator",
    "blatant": "enough that fail every test that comes by",
    "balance": "enough of the complexity and category",
    "budget": "others add more within the budget",
}
"""Why instances are left out, by kind, in words that fit one and many."""


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
