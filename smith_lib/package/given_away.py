"""How much of the fix an issue text gives away to whoever reads it."""

import keyword
import re
from collections.abc import Mapping

from smith_lib import diffs

_NAME = re.compile(r"[^\W\d]\w+")
_FRAME = re.compile(r'^\s*File "([^"]+)", line (\d+)')
_COMMON = frozenset(keyword.kwlist) | {
    "self", "cls", "int", "str", "len", "list", "dict", "set", "tuple", "bool", "float", "bytes",
    "isinstance",
}  # fmt: skip
"""Words that tell of no place."""


def given_away(
    text: str, functions: tuple[str, ...], clean: Mapping[str, str], buggy: Mapping[str, str]
) -> float:
    """A share, 0 to 1: the mean of three things that help to find the fix.

    Whether the text names a function that the fix changes, which share of the names on the fix's lines,
    before and after, it has, and whether a traceback in it ends at one of these lines.
    """
    words = set(_NAME.findall(text))
    names = {function.rpartition("::")[2].rpartition(".")[2] for function in functions} - {"<module>"}
    told = [
        float(not words.isdisjoint(names)),
        _share(_names(clean, buggy), words),
        float(_ends_at_the_fix(text, clean, buggy)),
    ]
    return round(sum(told) / len(told), 3)


def _share(names: set[str], words: set[str]) -> float:
    return len(names & words) / len(names) if names else 0.0


def _names(clean: Mapping[str, str], buggy: Mapping[str, str]) -> set[str]:
    """The names on lines that differ."""
    found: set[str] = set()
    for path, text in buggy.items():
        old, new = diffs.lines_of(clean[path]), diffs.lines_of(text)
        for i, a, j, b in diffs.runs(old, new):
            for line in (*old[i:a], *new[j:b]):
                found.update(_NAME.findall(line))
    return found - _COMMON


def _ends_at_the_fix(text: str, clean: Mapping[str, str], buggy: Mapping[str, str]) -> bool:
    """Whether the innermost frame of a traceback in the text is a changed line of the buggy code."""
    lines = text.splitlines()
    frames = [(at, frame) for at, line in enumerate(lines) if (frame := _FRAME.match(line))]
    for n, (at, frame) in enumerate(frames):
        after = frames[n + 1][0] if n + 1 < len(frames) else len(lines)
        if any(line[:1].strip() for line in lines[at + 1 : after]):  # the exception, which ends the traceback
            for path in buggy:
                if path == frame[1] or path.endswith(f"/{frame[1]}") or frame[1].endswith(f"/{path}"):
                    number = int(frame[2])
                    runs = diffs.runs(diffs.lines_of(clean[path]), diffs.lines_of(buggy[path]))
                    if any(j < number <= max(b, j + 1) for _, _, j, b in runs):
                        return True
    return False
