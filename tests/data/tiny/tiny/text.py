"""Words, lines and slugs."""

import re
import unicodedata

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?", re.UNICODE)
_ROMAN = [
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"),
    (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
    (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
]


def words(text):
    """The words of a text, in order."""
    if text is None:
        return []
    return _WORD.findall(text)


def slug(text, limit=60):
    """A lower-case name for URLs, at most `limit` characters, cut between words."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    parts = [part.lower() for part in words(plain) if part.isascii()]
    out = ""
    for part in parts:
        longer = f"{out}-{part}" if out else part
        if len(longer) > limit:
            break
        out = longer
    if not out and parts:
        out = parts[0][:limit]
    return out


def wrap(text, width):
    """Lines of at most `width` characters; a longer word gets a line of its own."""
    if width < 1:
        raise ValueError(f"width must be at least 1, not {width}")
    lines = []
    current = ""
    for word in text.split():
        if not current:
            current = word
        elif len(current) + 1 + len(word) <= width:
            current += " " + word
        else:
            lines.append(current)
            current = word
    if current:
        lines.append(current)
    return lines


def shorten(text, limit, mark="..."):
    """The text, or its beginning and a mark, within `limit` characters."""
    if limit < len(mark):
        raise ValueError("limit is shorter than the mark")
    if len(text) <= limit:
        return text
    cut = text[: limit - len(mark)]
    space = cut.rfind(" ")
    if space > 0:
        cut = cut[:space]
    return cut.rstrip() + mark


def indent(text, by=4, first=True):
    """Every non-blank line moved right; the first one only on request."""
    pad = " " * by
    lines = text.split("\n")
    out = []
    for number, line in enumerate(lines):
        if line.strip() and (first or number > 0):
            out.append(pad + line)
        else:
            out.append(line)
    return "\n".join(out)


def dedent(text):
    """The text without the indentation that all its non-blank lines share."""
    margin = None
    for line in text.splitlines():
        stripped = line.lstrip(" ")
        if not stripped:
            continue
        here = len(line) - len(stripped)
        if margin is None or here < margin:
            margin = here
    if not margin:
        return text
    return "\n".join(line[margin:] if line.strip() else "" for line in text.split("\n"))


def distance(left, right):
    """The edit distance of two strings: insertions, deletions, replacements."""
    if len(left) < len(right):
        left, right = right, left
    previous = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        row = [i]
        for j, b in enumerate(right, start=1):
            cost = 0 if a == b else 1
            row.append(min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + cost))
        previous = row
    return previous[-1]


def closest(name, known, most=3):
    """The known names nearest to a misspelt one, nearest first."""
    scored = []
    for candidate in known:
        d = distance(name.lower(), candidate.lower())
        if d <= max(len(name), len(candidate)) // 2:
            scored.append((d, candidate))
    scored.sort()
    return [candidate for _, candidate in scored[:most]]


def roman(number):
    """A number from 1 to 3999 in Roman numerals."""
    if not 1 <= number <= 3999:
        raise ValueError(f"{number} has no Roman numeral")
    out = []
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        out.append(letters * count)
    return "".join(out)


def from_roman(letters):
    """The number that Roman numerals stand for."""
    left = letters.upper()
    total = 0
    for value, token in _ROMAN:
        while left.startswith(token):
            total += value
            left = left[len(token):]
    if left or not letters or roman(total) != letters.upper():
        raise ValueError(f"{letters!r} is no Roman numeral")
    return total


def count_words(text, least=1):
    """Word to how often it occurs, ignoring case; rarer than `least` left out."""
    counts = {}
    for word in words(text):
        key = word.casefold()
        counts[key] = counts.get(key, 0) + 1
    return {word: n for word, n in counts.items() if n >= least}


def title(text, small=("a", "an", "and", "of", "the", "in", "on", "or")):
    """Title case: small words stay small but at either end."""
    parts = text.split()
    last = len(parts) - 1
    out = []
    for at, part in enumerate(parts):
        if 0 < at < last and part.lower() in small:
            out.append(part.lower())
        else:
            out.append(part[:1].upper() + part[1:].lower())
    return " ".join(out)
