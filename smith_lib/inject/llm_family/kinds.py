"""The kinds of bugs that a model may be asked for, each with its category."""

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
SIZES: dict[Complexity, str] = {
    Complexity.SIMPLE: "Change one to five lines.",
    Complexity.MEDIUM: "Rework a piece of the function so that six to fifteen lines change.",
    Complexity.COMPLEX: "Restructure a large piece of the function so that sixteen lines or more change.",
}
