"""What kind of mistake an undone fix is, told from the words of code that it takes away and brings."""

import io
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from smith_lib.inject.rewrite import Part, edited
from smith_lib.types import Category

_BOUNDS = frozenset({"<", "<=", ">", ">=", "range", "len", "+", "-"})
_AROUND = frozenset({":", "[", "]", "(", ")", ",", "="})
_CASES = frozenset(
    {"if", "elif", "else", "and", "or", "not", "in", "isinstance", "continue", "break", "any", "all",
     "hasattr", "match", "while", "strip", "lower", "upper"}
)  # fmt: skip
_HANDLING = frozenset({"try", "except", "finally", "raise", "with", "warn", "warnings", "async", "await"})
_NULL = frozenset({"None", "Optional", "setdefault"})


def category_of(parts: Sequence[Part]) -> Category:
    """The category of a bug that these parts make."""
    spans = [(part, part.edit.start, part.edit.end) for part in parts]
    return category_told(
        (part.program.text[start:end], edited(part.program, [part.edit], start, end))
        for part, start, end in spans
    )


def category_told(texts: Iterable[tuple[str, str]]) -> Category:
    """The category of a bug, from stretches of clean code and what the bug makes of each."""
    gone: Counter[str] = Counter()
    come: Counter[str] = Counter()
    for clean, buggy in texts:
        gone.update(_words(clean))
        come.update(_words(buggy))
    less, more = gone - come, come - gone
    changed = less | more
    if _NULL & changed.keys():
        return Category.NULL_HANDLING
    telling = [word for word in changed if word not in _AROUND]
    if telling and all(word in _BOUNDS or word.isdecimal() for word in telling):
        return Category.OFF_BY_ONE
    if sum(less[word] for word in _HANDLING) + sum(more[word] for word in _HANDLING) > 0:
        return Category.OTHER
    if sum(less[word] for word in _CASES) > sum(more[word] for word in _CASES):
        return Category.EDGE_CASE
    return Category.LOGIC_ERROR


def _words(text: str) -> Iterator[str]:
    """The text's tokens without layout and comments; as far as they can be told."""
    try:
        yield from _told(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return


def _told(tokens: Iterable[tokenize.TokenInfo]) -> Iterator[str]:
    kinds = (tokenize.NAME, tokenize.OP, tokenize.NUMBER, tokenize.STRING)
    return (token.string for token in tokens if token.type in kinds)
