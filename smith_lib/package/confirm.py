"""What an issue says once its snippets were run: what was seen, not what a test's evidence suggests."""

import re
from collections.abc import Sequence
from dataclasses import replace

from smith_lib.package.facts import Case, Facts, beside, score
from smith_lib.package.phrases import ALIKE, INLINE, first, tick
from smith_lib.package.reproduce import Observed, Shown

ABOUT = 60
"""Characters that are shown around the place where two long values differ."""
RELATIONS = ("be true", "be false", "contain ", "not contain ")
"""What should hold, where that says more than the clean value."""


def confirmed(case: Case, found: Sequence[Facts], code: str, shown: Shown | None) -> list[Facts]:
    """The facts once their code was run: that with this code tells what it showed, others have no code."""
    out: list[Facts] = []
    for fact in found:
        if shown is not None and fact.code == code and not any(f.reproduced for f in out):
            seen = told(fact, shown)
            out.append(replace(seen, score=score(seen) + 10))
        elif fact.code:
            bare = replace(fact, code="", shown="", alone=False, is_expression=False)
            out.append(replace(bare, score=score(bare)))
        else:
            out.append(fact)
    return beside(case, out)


def told(fact: Facts, shown: Shown) -> Facts:
    """The facts in the words of what running their code showed."""
    clean, buggy = shown.clean, shown.buggy
    fact = replace(fact, reproduced=True, early=buggy.at != "last")
    if fact.early:
        fact = replace(fact, shown="", alone=False, is_expression=False)
    if buggy.error:
        error = _said(buggy)
        same = fact.kind == "raised" and fact.error.partition(":")[0] == buggy.error
        return replace(
            fact, kind="raised", got=f"raises {tick(first(error))}", error=error,
            want=_instead(clean, fact.early), traceback=fact.traceback if same else "", detail="",
        )  # fmt: skip
    fact = replace(fact, traceback="", error="")
    if clean.error:
        want = fact.want if fact.kind == "silent" and clean.error in fact.want else f"raise `{clean.error}`"
        return replace(fact, kind="silent", got="raises nothing", want=want, detail="")
    detail = fact.detail if fact.kind == "compared" else ""
    if clean.value != buggy.value:
        is_told = fact.kind in ("compared", "untrue") and fact.want.startswith(RELATIONS)
        got, want = _apart(buggy.value, clean.value)
        want = fact.want if is_told else f"give {tick(want)}"
        return replace(fact, kind="compared", got=f"gives {tick(got)}", want=want, detail=detail)
    got, want = _apart(buggy.printed, clean.printed)
    got, want = _prints(got, "prints"), _prints(want, "print")
    return replace(fact, kind="compared", got=got, want=want, detail=detail)


def worth(fact: Facts) -> bool:
    """Whether a text of these facts helps: it names an input, or where it fails, and what should differ."""
    if fact.kind == "raised":
        return bool(fact.error and (fact.code or fact.shown or fact.traceback))
    if fact.kind == "silent":
        return bool(fact.code or fact.shown)
    got, want = _value(fact.got), _value(fact.want)
    if fact.got.startswith(ALIKE) and not fact.code:
        return False
    if not want or got == want or re.search(r"\bsomething (other than|that is not)\b", fact.want):
        return False
    if fact.code:
        return True
    return bool(got and (fact.shown or (fact.api and len(got) + len(want) > ABOUT // 2)))


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
    if clean.value not in ("", "None") and len(clean.value) <= INLINE and "\n" not in clean.value:
        return f"give {tick(clean.value)}"
    return "work without an exception"


def _prints(text: str, verb: str) -> str:
    return f"{verb} {tick(text)}" if text else f"{verb} nothing"


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
