"""What an issue says once its snippets were run: what was seen, not what a test's evidence suggests."""

import ast
import re
from collections.abc import Sequence
from dataclasses import replace

from smith_lib import syntax
from smith_lib.package.case import Case, Facts
from smith_lib.package.facts import beside, score
from smith_lib.package.phrases import ALIKE, INLINE, first, tick
from smith_lib.package.reproduce import Observed, Showing, Shown

MOST_LINES = 25
"""Lines of a text that is shown whole."""
ABOUT = 60
"""Characters that are shown around the place where two long values differ."""
SOMEWHERE = " at 0x..."
"""What a `repr` that tells little of its object says."""
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
RELATIONS = ("be true", "be false", "contain ", "not contain ")
"""What should hold, where that says more than the clean value."""


def confirmed(case: Case, found: Sequence[Facts], ran: Sequence[Showing]) -> list[Facts]:
    """The facts once their code was run: those whose code showed something tell it, others have no code.

    What the first showing is of comes first; each fact has the others with code beside it.
    """
    shown = dict(reversed(ran))
    order = {code: at for at, (code, _) in enumerate(ran)}
    left, with_code = set(shown), dict[int, Facts]()
    out: list[Facts] = []
    for fact in found:
        if fact.code in left:
            left.remove(fact.code)
            seen, at = told(fact, shown[fact.code]), order[fact.code]
            with_code[at] = replace(seen, score=score(seen) + 10 + 20 * (at == 0))
            out.append(with_code[at])
        elif fact.code:
            bare = replace(fact, code="", shown="", alone=False, is_expression=False)
            out.append(replace(bare, score=score(bare)))
        else:
            out.append(fact)
    best: dict[str, Facts] = {}
    for at in sorted(with_code):
        best.setdefault(with_code[at].code, with_code[at])
    return beside(case, [replace(f, also=tuple(o for o in best.values() if o.code != f.code)) for f in out])


def told(fact: Facts, shown: Shown) -> Facts:
    """The facts in the words of what running their code showed."""
    clean, buggy = shown.clean, shown.buggy
    fact = replace(_of_code(fact, shown.code or fact.code), reproduced=True, early=buggy.at != "last")
    if fact.early:
        fact = replace(fact, shown="", alone=False, is_expression=False)
    if buggy.error:
        error = _said(buggy)
        same = fact.kind == "raised" and fact.error.partition(":")[0] == buggy.error
        return replace(
            fact, kind="raised", got=f"raises {tick(first(error))}", error=error,
            want=_instead(clean, fact.early), traceback=fact.traceback if same else "", detail="",
        )  # fmt: skip
    told_kind = fact.kind
    fact = replace(fact, traceback="", error="")
    if clean.error:
        want = fact.want if fact.kind == "silent" and clean.error in fact.want else f"raise `{clean.error}`"
        return replace(fact, kind="silent", got="raises nothing", want=want, detail="")
    fact = replace(fact, kind="compared", detail="")
    if clean.value == buggy.value:
        return _differing(fact, "print", buggy.printed, clean.printed, (buggy.printed, clean.printed))
    got, want = _apart(buggy.value, clean.value)
    bare = {clean.value, buggy.value} == {"True", "False"}
    if told_kind in ("compared", "untrue") and fact.want.startswith(RELATIONS) and not bare:
        return replace(fact, got=f"gives {tick(got)}")
    return _differing(fact, "give", buggy.value, clean.value, (_text(buggy.value), _text(clean.value)))


def _of_code(fact: Facts, code: str) -> Facts:
    """The facts with less code, and what its last statement looks at."""
    last = syntax.parse(code).body[-1]
    action = ast.unparse(last)
    if code == fact.code or (action == fact.shown and fact.is_expression):
        return replace(fact, code=code)
    api = _called_in(code, fact.api)
    looks = isinstance(last, ast.Expr) and not action.startswith("print(")
    one_line = "\n" not in action and len(action) <= INLINE
    fact = replace(fact, api=api, signature=fact.signature * (api == fact.api))
    return replace(fact, code=code, shown=action * one_line, alone=False, is_expression=looks)


def _called_in(code: str, api: str) -> str:
    """As much of a dotted name as ends in a name that the code uses, or empty; private names stay."""
    used = set(re.findall(r"\w+", code))
    parts = api.split(".")
    while len(parts) > 1 and parts[-1] not in used and not parts[-1].startswith("_"):
        parts.pop()
    return ".".join(parts) if len(parts) > 1 else ""


def _differing(fact: Facts, verb: str, got: str, want: str, texts: tuple[str, str]) -> Facts:
    """The facts with what comes and what should, as blocks where these are texts of several lines."""
    plain = tuple(ESCAPES.sub("", text) for text in texts)
    if plain != texts and plain[0] != plain[1]:
        texts, fact = (plain[0], plain[1]), replace(fact, detail="(Escape codes for colours are left out.)")
    if max(text.count("\n") for text in texts) >= MOST_LINES:
        texts = _around(texts[0].split("\n"), texts[1].split("\n"))
    if _can_be_shown(*texts):
        fact = replace(fact, got_text=texts[0].rstrip("\n"), want_text=texts[1].rstrip("\n"))
        return replace(fact, got=f"{verb}s the wrong text", want=f"{verb} another text")
    got, want = _apart(got, want)
    return replace(fact, got=_says(got, verb + "s"), want=_says(want, verb), detail="")


def _around(one: list[str], other: list[str]) -> tuple[str, str]:
    """The lines about the first that differs."""
    pairs = enumerate(zip(one, other, strict=False))
    at = next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
    start = max(0, at - 3)

    def piece(lines: list[str]) -> str:
        end = start + MOST_LINES // 2
        return "\n".join([*["..."] * (start > 0), *lines[start:end], *["..."] * (end < len(lines))])

    return piece(one), piece(other)


def _says(value: str, verb: str) -> str:
    return f"{verb} {tick(value.replace(SOMEWHERE, ''))}" if value else f"{verb} nothing"


def _text(value: str) -> str:
    """The text that a `repr` is of; empty where it is of something else."""
    try:
        text = ast.literal_eval(syntax.expression(value)) if value[:1] in ("'", '"') else ""
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return ""
    return text if isinstance(text, str) else ""


def _can_be_shown(one: str, other: str) -> bool:
    """Whether both are texts, one of several lines, that can be shown whole and differ to the eye."""
    lines = [[line.rstrip() for line in text.rstrip("\n").split("\n")] for text in (one, other)]
    plain = all(
        text and text[0] != "\n" and text.replace("\n", "").isprintable() and "```" not in text
        for text in (one, other)
    )
    return plain and lines[0] != lines[1] and 1 < max(map(len, lines)) <= MOST_LINES


def worth(fact: Facts) -> bool:
    """Whether a text of these facts helps: it names an input and what should differ."""
    if not fact.code and not fact.shown:
        return False
    if fact.kind == "raised":
        return bool(fact.error)
    if fact.kind == "silent" or fact.want_text:
        return True
    got, want = _value(fact.got), _value(fact.want)
    if fact.got.startswith(ALIKE) and not fact.code:
        return False
    if not want or got == want or re.search(r"\bsomething (other than|that is not)\b", fact.want):
        return False
    return bool(fact.code or got)


def _value(phrase: str) -> str:
    """The value that a phrase names, or what it says of it; empty where it says nothing."""
    found = re.search(r"`.*`", phrase)
    return found[0] if found else phrase if phrase in RELATIONS or phrase.endswith("s nothing") else ""


def _said(seen: Observed) -> str:
    return f"{seen.error}: {seen.message}" if seen.message else seen.error


def _instead(clean: Observed, early: bool) -> str:
    if clean.error:
        return f"raise {tick(first(_said(clean)))}"
    if early:
        return "work without an exception"
    telling = clean.value not in ("", "None") and SOMEWHERE not in clean.value
    if telling and len(clean.value) <= INLINE and "\n" not in clean.value:
        return f"give {tick(clean.value)}"
    return "work without an exception"


def _apart(one: str, other: str) -> tuple[str, str]:
    """Both values, or the pieces of them where they first differ."""
    if max(len(one), len(other)) <= INLINE:
        return one, other
    pairs = enumerate(zip(one, other, strict=False))
    at = next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
    start = max(0, at - ABOUT // 2)

    def piece(text: str) -> str:
        end = at + ABOUT
        return "..." * (start > 0) + text[start:end] + "..." * (end < len(text))

    return piece(one), piece(other)
