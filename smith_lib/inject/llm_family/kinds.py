"""The kinds of bugs, and of capabilities, that a model may be asked for, each with its category."""

from dataclasses import dataclass

from smith_lib.types import Category, Complexity


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of bug."""

    category: Category
    asked: str
    """What is asked for, as the prompt words it."""


KINDS: tuple[Kind, ...] = (
    Kind(Category.LOGIC_ERROR, "a condition that decides wrongly in some of its cases, but not in all"),
    Kind(Category.LOGIC_ERROR, "a calculation or combination of values that is right for common inputs only"),
    Kind(Category.LOGIC_ERROR, "two steps in an order that matters, the wrong way round"),
    Kind(Category.LOGIC_ERROR, "a value, attribute or argument used where another, similar one belongs"),
    Kind(Category.LOGIC_ERROR, "state that is updated too early, too late, only partly or not on every path"),
    Kind(Category.EDGE_CASE, "a special case (empty, single, repeated, negative, nested) no longer treated"),
    Kind(Category.EDGE_CASE, "an input check or a normalising step that lets some unusual inputs through"),
    Kind(Category.EDGE_CASE, "an early exit taken in one case too many or one case too few"),
    Kind(Category.OFF_BY_ONE, "a range, slice, index or counter that is off by one at one of its ends"),
    Kind(Category.OFF_BY_ONE, "a comparison with a bound that includes what it should not, or the reverse"),
    Kind(Category.NULL_HANDLING, "a value that may be None or missing, used without the check it needs"),
    Kind(Category.NULL_HANDLING, "an empty or zero value treated like None, or None like an empty value"),
    Kind(Category.OTHER, "an exception of the wrong kind, swallowed, or raised where it should be handled"),
    Kind(Category.OTHER, "a conversion, a copy or a clean-up step that no longer happens as callers rely on"),
)
"""Bugs to put into working code."""
CAPABILITIES: tuple[Kind, ...] = (
    Kind(Category.LOGIC_ERROR, "an option that changes the order or the direction in which it works"),
    Kind(Category.LOGIC_ERROR, "a second form of one of its inputs, such as several values instead of one"),
    Kind(Category.LOGIC_ERROR, "a more tolerant way of comparing or matching, such as ignoring case"),
    Kind(Category.LOGIC_ERROR, "an option to add to what was there before instead of replacing it"),
    Kind(Category.EDGE_CASE, "an option to skip what it cannot treat instead of failing"),
    Kind(Category.EDGE_CASE, "a fast path for the most common kind of input"),
    Kind(Category.EDGE_CASE, "an option to tidy its input or its result, such as stripping or deduplicating"),
    Kind(Category.OFF_BY_ONE, "a limit on how much it treats or returns"),
    Kind(Category.OFF_BY_ONE, "an option to begin or to end somewhere else than it does now"),
    Kind(Category.NULL_HANDLING, "None for one of its parameters, meaning a sensible default"),
    Kind(Category.NULL_HANDLING, "a fallback value for when there is nothing to return"),
    Kind(Category.OTHER, "results that are remembered, so that repeated work is saved"),
    Kind(Category.OTHER, "a callback that is told of progress or of each step"),
)
"""What may be added to working code."""
ANEW = Kind(Category.LOGIC_ERROR, "the whole piece from its outline")
"""What is asked of who writes a piece anew; nobody asks for a bug, so that its kind is not known."""
SIZES: dict[Complexity, str] = {
    Complexity.SIMPLE: "Change one to five lines.",
    Complexity.MEDIUM: "Rework a part of it so that six to fifteen lines change.",
    Complexity.COMPLEX: "Restructure a large part of it so that sixteen lines or more change.",
}
