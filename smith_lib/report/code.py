"""Diffs and issue texts as HTML: coloured, escaped, and of a length that a page can hold."""

import functools
from dataclasses import dataclass
from typing import Any

from smith_lib.diffs import HUNK

MOST_LINES = 400
"""Of a diff; further ones are told of, not shown."""
MOST_TEXT = 20_000
"""Characters of an issue text."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a diff as it is shown."""

    kind: str
    """`file`, `hunk`, `add`, `del` or `same`."""
    old: str
    """Its number in the old file, or an empty string."""
    new: str
    html: str
    """Its text without the sign, coloured; safe."""


def diff_lines(patch: str) -> tuple[list[Line], int]:
    """The lines of a unified diff, the code in them coloured as Python, and how many were left out."""
    lines = patch.split("\n")
    if lines and not lines[-1]:
        lines.pop()
    shown: list[Line] = []
    at = 0
    while at < len(lines) and len(shown) < MOST_LINES:
        line = lines[at]
        if found := HUNK.match(line):
            end = _end(lines, at + 1, *(int(found[n] or 1) for n in (2, 4)))
            shown.append(Line("hunk", "", "", _escaped(line)))
            shown += _hunk(lines[at + 1 : end], int(found[1]), int(found[3]))
            at = end
            continue
        if line.startswith("+++ "):
            name = lines[at - 1] if line == "+++ /dev/null" else line
            shown.append(Line("file", "", "", _escaped(name[4:].removeprefix("a/").removeprefix("b/"))))
        at += 1
    left = max(0, len(lines) - at) + max(0, len(shown) - MOST_LINES)
    return shown[:MOST_LINES], left


def _end(lines: list[str], at: int, old: int, new: int) -> int:
    """Where a hunk ends that begins at a line, by the counts in its head."""
    while at < len(lines) and (old > 0 or new > 0 or lines[at].startswith("\\")):
        sign = lines[at][:1]
        old, new = old - (sign not in ("+", "\\")), new - (sign not in ("-", "\\"))
        at += 1
    return at


def _hunk(lines: list[str], old: int, new: int) -> list[Line]:
    # Both sides are coloured whole, so that strings over several lines are seen as such.
    sides = {
        sign: iter(python("\n".join(line[1:] for line in lines if line[:1] in (" ", "", sign))).split("\n"))
        for sign in "-+"
    }
    shown = []
    for line in lines:
        if (sign := line[:1] or " ") == "\\":
            continue
        texts = {side: next(sides[side], "") for side in "-+" if sign in (" ", side)}
        kind = {"+": "add", "-": "del", " ": "same"}[sign]
        numbers = ("" if sign == "+" else str(old), "" if sign == "-" else str(new))
        shown.append(Line(kind, *numbers, texts["-" if sign == "-" else "+"]))
        old, new = old + (sign != "+"), new + (sign != "-")
    return shown


@functools.cache
def _tools() -> tuple[Any, Any, Any]:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return highlight, PythonLexer(stripnl=False, ensurenl=False), HtmlFormatter(nowrap=True)


def python(text: str) -> str:
    """The text as Python in colours, as many lines as it had; escaped."""
    highlight, lexer, formatter = _tools()
    # Carriage returns and form feeds would make lines of their own.
    plain = "".join(" " if letter in "\r\f\v\x1c\x1d\x1e\x85\u2028\u2029" else letter for letter in text)
    return str(highlight(plain, lexer, formatter))


def _escaped(text: str) -> str:
    from html import escape

    return escape(text)


@functools.cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    def coloured(text: str, language: str, _attributes: str) -> str:
        known = not language or language.lower() in ("py", "python", "pycon", "python3")
        return python(text) if known else _escaped(text)

    # HTML stays text, and nothing is fetched or led to: texts come from repositories.
    parser = MarkdownIt("commonmark", {"html": False, "highlight": coloured}).enable("table")
    return parser.disable(["image", "link", "autolink", "reference"])


def prose(text: str) -> str:
    """An issue text as HTML: its Markdown laid out, its code coloured; safe."""
    more = f"\n\n(and {len(text) - MOST_TEXT:,} more characters)" if len(text) > MOST_TEXT else ""
    return str(_markdown().render(text[:MOST_TEXT] + more))


def line(text: str) -> str:
    """One line of Markdown, such as an issue's title, as HTML; safe."""
    return str(_markdown().renderInline(text[:MOST_TEXT]))
