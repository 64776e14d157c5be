"""Whether code points at its own bug: in a comment, a name or a text that the clean code does not have."""

import ast
import io
import re
import tokenize
from collections import Counter

from smith_lib.inject.llm_family.heads import Definition, Unfit

TELLING = re.compile(
    r"(?i)(?<![a-z])(bug|buggy|bugs|wrong|wrongly|incorrect|incorrectly|faulty|broken|mutat\w*"
    r"|inject\w*|flawed|sabotag\w*|off[ _-]by[ _-]one|intentional\w*|deliberate\w*|fixme|subtle|subtly"
    r"|careless\w*|mistake\w*|oversight|forg[eo]t\w*|regress\w*)(?![a-z])"
)
REMARK = re.compile(r"(?i)\b(todo|xxx|hack|oops|no longer)\b")
"""What comments say beside that where a change is remarked on."""


def tells_nothing(clean: str, code: str, before: Definition, after: Definition, may_comment: bool) -> None:
    """Nothing; raises `Unfit` where the code points at the bug."""
    for comment in sorted(_comments(code) - _comments(clean)):
        if not may_comment:
            raise Unfit(f"it adds the comment {comment[:80]!r}")
        if TELLING.search(comment.replace("_", " ")) or REMARK.search(comment):
            raise Unfit(f"the comment {comment[:80]!r} remarks on the change")
    for word in sorted(_words(after) - _words(before)):
        if TELLING.search(re.sub(r"_|(?<=[a-z])(?=[A-Z])", " ", word)):
            raise Unfit(f"{word[:80]!r} points at the bug")


def _comments(code: str) -> Counter[str]:
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


def _words(code: Definition) -> set[str]:
    """All names and texts in it."""
    found: set[str] = set()
    for node in ast.walk(code):
        for field in ("id", "attr", "arg", "name", "asname", "value"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                found.add(value)
    return found
