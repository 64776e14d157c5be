"""What happened and what should have, in words."""

import ast

from smith_lib import syntax
from smith_lib.package.evidence import Seen
from smith_lib.package.snippet import Snippet

INLINE = 160
ALIKE = "gives a value that differs from what it should"


def tick(value: str) -> str:
    """The value as Markdown code on one line."""
    flat = " ".join(value.split()) if "\n" in value else value
    flat = flat if len(flat) <= INLINE * 2 else flat[: INLINE * 2 - 3] + "..."
    fence = "``" if "`" in flat else "`"
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{fence}{pad}{flat}{pad}{fence}"


def error(seen: Seen) -> str:
    return f"{seen.exception}: {seen.message}" if seen.message else seen.exception


def first(text: str) -> str:
    return next((line.strip() for line in text.split("\n") if line.strip()), "")


def bare(seen: Seen) -> tuple[str, str]:
    if seen.kind == "silent":
        return "raises nothing", f"raise {tick(seen.exception)}"
    if seen.kind == "compared" and seen.operator in ("==", "is"):
        return f"ends up with {tick(seen.left)}", f"end up with {tick(seen.right)}"
    return "gives a wrong result", "give the right one"


def detail(seen: Seen) -> str:
    """Where the two values differ, as Markdown; said only where they are too long to be shown whole."""
    whole = "..." not in seen.left + seen.right and len(seen.left) + len(seen.right) <= INLINE
    if whole or seen.operator != "==" or not seen.detail:
        return ""
    return f"Where they differ:\n\n```\n{seen.detail}\n```"


def behaviour(seen: Seen, cut: Snippet) -> tuple[str, str]:
    """What happens and what should, as verb phrases about the snippet's last statement."""
    want = _wanted(seen, cut)
    if seen.kind == "raised":
        return f"raises {tick(first(error(seen)))}", want
    if seen.kind == "silent" or (cut.relation == "raises" and seen.kind in ("untrue", "unknown")):
        return "raises nothing", want if cut.relation == "raises" else f"raise {tick(seen.exception)}"
    if seen.kind == "compared":
        actual, expected = (seen.right, seen.left) if cut.swapped else (seen.left, seen.right)
        if cut.relation == "raises":
            return (
                f"raises an exception that says {tick(seen.left)}",
                f"say something that matches {tick(seen.right)}",
            )
        if cut.relation == "true":
            return f"is false: {tick(f'{seen.left} {seen.operator} {seen.right}')} does not hold", "be true"
        if cut.relation == "runs":
            if seen.operator not in ("==", "is"):
                return (
                    f"ends up where {tick(f'{seen.left} {seen.operator} {seen.right}')} does not hold",
                    want,
                )
            return f"ends up with {tick(actual)}", f"end up with {tick(expected)}"
        if actual == expected:
            return (
                f"{ALIKE} (both begin and end like {tick(actual)})",
                want,
            )
        return f"gives {tick(actual)}", want
    if seen.kind == "untrue":
        if cut.relation in ("true", "false") and seen.left:
            return f"gives {tick(seen.left.splitlines()[0])}", want
        return ("gives the wrong answer" if cut.is_expression else "goes wrong"), want
    if seen.message and seen.exception:
        return f"goes wrong ({tick(first(seen.message))})", want
    return "no longer gives the right result", want


def _wanted(seen: Seen, cut: Snippet) -> str:
    expected = (seen.left if cut.swapped else seen.right) if seen.kind == "compared" else ""
    source = cut.other if _literal(cut.other) else ""
    cropped = "..." in expected and cut.other and "..." not in cut.other and len(cut.other) <= INLINE
    value = cut.other if cropped else source or expected
    if cut.relation == "raises":
        return (
            f"raise {tick(cut.other)}"
            if _literal(cut.other) or cut.other.replace(".", "").isidentifier()
            else "raise an exception"
        )
    if cut.relation == "true":
        return "be true"
    if cut.relation == "false":
        return "be false"
    if cut.relation == "runs":
        return "work without an exception" if seen.kind in ("raised", "unknown") else "work"
    value = value or cut.other
    if not value:
        return "work without an exception" if seen.kind == "raised" else "give the right result"
    if cut.relation in ("==", "is"):
        return f"give {tick(value)}"
    if cut.relation == "contains":
        return f"contain {tick(value)}"
    if cut.relation == "lacks":
        return f"not contain {tick(value)}"
    if cut.relation == "in":
        return f"give something in {tick(value)}"
    if cut.relation == "not in":
        return f"give something that is not in {tick(value)}"
    if cut.relation in ("!=", "is not"):
        return f"give something other than {tick(value)}"
    return f"give something {cut.relation} {tick(value)}"


def _literal(source: str) -> bool:
    if not source or len(source) > INLINE:
        return False
    try:
        ast.literal_eval(syntax.expression(source))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return False
    return True
