"""Patterns for names, and routes made of them."""


def matches(pattern, name):
    """Whether a name matches: `*` for any run, `?` for one character, `[a-z]` and `[!a-z]` for classes."""
    i = j = 0
    star = mark = None
    while j < len(name):
        step = _one(pattern, i, name[j])
        if step:
            i += step
            j += 1
        elif i < len(pattern) and pattern[i] == "*":
            star, mark = i, j
            i += 1
        elif star is not None:
            mark += 1
            i, j = star + 1, mark
        else:
            return False
    while i < len(pattern) and pattern[i] == "*":
        i += 1
    return i == len(pattern)


def _one(pattern, at, char):
    """How much of the pattern matches one character; 0 where none does."""
    if at >= len(pattern) or pattern[at] == "*":
        return 0
    if pattern[at] == "?":
        return 1
    if pattern[at] == "[":
        end = pattern.find("]", at + 2)
        if end > 0:
            inner = pattern[at + 1:end]
            negated = inner.startswith("!")
            if negated:
                inner = inner[1:]
            return end - at + 1 if _in_class(inner, char) != negated else 0
    return 1 if pattern[at] == char else 0


def _in_class(inner, char):
    at = 0
    while at < len(inner):
        if at + 2 < len(inner) and inner[at + 1] == "-":
            if inner[at] <= char <= inner[at + 2]:
                return True
            at += 3
        else:
            if inner[at] == char:
                return True
            at += 1
    return False


def expand(text):
    """`a{b,c}d` as `abd` and `acd`; braces may be nested."""
    start = text.find("{")
    if start < 0:
        return [text]
    depth = 0
    parts = []
    begin = start + 1
    for at in range(start, len(text)):
        char = text[at]
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                parts.append(text[begin:at])
                rest = expand(text[at + 1:])
                return [
                    text[:start] + middle + end
                    for part in parts
                    for middle in expand(part)
                    for end in rest
                ]
        elif char == "," and depth == 1:
            parts.append(text[begin:at])
            begin = at + 1
    raise ValueError(f"{text!r} has a brace that is not closed")


class Router:
    """Paths with `{name}` parts to whatever handles them."""

    def __init__(self):
        self._routes = []

    def add(self, pattern, handler):
        """Add a route; `{name:int}` takes numbers only."""
        parts = [self._part(part) for part in pattern.strip("/").split("/")]
        names = [name for kind, name in parts if kind != "text"]
        if len(set(names)) != len(names):
            raise ValueError(f"{pattern!r} names a part twice")
        self._routes.append((parts, handler))

    @staticmethod
    def _part(part):
        if part.startswith("{") and part.endswith("}"):
            name, _, kind = part[1:-1].partition(":")
            if kind not in ("", "int"):
                raise ValueError(f"unknown kind {kind!r}")
            return kind or "any", name
        return "text", part

    def find(self, path):
        """(handler, values) of the first route that fits, or None."""
        pieces = path.strip("/").split("/")
        for parts, handler in self._routes:
            values = self._fit(parts, pieces)
            if values is not None:
                return handler, values
        return None

    @staticmethod
    def _fit(parts, pieces):
        if len(parts) != len(pieces):
            return None
        values = {}
        for (kind, name), piece in zip(parts, pieces):
            if kind == "text":
                if name != piece:
                    return None
            elif kind == "int":
                if not piece.isdigit():
                    return None
                values[name] = int(piece)
            elif piece:
                values[name] = piece
            else:
                return None
        return values


def query(text):
    """Names to lists of values from `a=1&b=2&a=3`."""
    out = {}
    for pair in text.lstrip("?").split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        out.setdefault(name, []).append(value)
    return out


def version_key(text):
    """What versions sort by: numbers as numbers, pre-releases before their release."""
    main, _, pre = text.lstrip("v").partition("-")
    numbers = [int(part) for part in main.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    return numbers, pre == "", pre


def satisfies(version, rule):
    """Whether a version meets rules such as `>=1.2,<2`."""
    have = version_key(version)
    for part in rule.split(","):
        part = part.strip()
        for sign in ("<=", ">=", "==", "!=", "<", ">"):
            if part.startswith(sign):
                want = version_key(part[len(sign):].strip())
                break
        else:
            raise ValueError(f"{part!r} is no rule")
        if not {
            "<=": have <= want,
            ">=": have >= want,
            "==": have == want,
            "!=": have != want,
            "<": have < want,
            ">": have > want,
        }[sign]:
            return False
    return True
