"""How good a task is, of what was measured of it."""

from smith_lib.package.issue import PLAIN, Text
from smith_lib.package.watch import Watch
from smith_lib.package.wrong_fixes import HALF
from smith_lib.types import Strategy, Tag


def quality(watch: Watch, text: Text) -> float:
    """0 to 1: the mean of the parts that are known.

    `tests`: the share of the wrong fixes that fail a test, where one that may be the same as the fix counts
    half; not known where none was tried. `issue`: 1 where the text's code was run and showed the difference,
    0.5 where it tells what was seen, 0 where it tells nothing to go by.
    """
    parts = [_issue(text)]
    if watch.tried:
        parts.append(1 - (len(watch.surviving) + len(watch.alike) / 2) / len(watch.tried))
    return round(sum(parts) / len(parts), 3)


def _issue(text: Text) -> float:
    if text.source == PLAIN:
        return 0.0
    return 1.0 if text.reproduced else 0.5


def tags(watch: Watch, text: Text, strategy: Strategy) -> tuple[Tag, ...]:
    """What is to be known of the task. (Of the changes of a person's own fix tests may see one alone.)"""
    half = any(f".{HALF}." in name for name in (*watch.surviving, *watch.alike))
    known = {
        Tag.WEAK_TESTS: bool(watch.surviving),
        Tag.PARTLY_TESTED: half and strategy is Strategy.COMBINE,
        Tag.PARTLY_TOLD: text.partly,
    }
    return tuple(tag for tag, holds in known.items() if holds)
